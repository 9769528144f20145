"""A run's figures in its page: each with a text that stands in for it, and with its numbers in a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from fnnctl.records.history import SearchHistory
from fnnctl.records.timeline import Timeline
from fnnctl.report.figures.drawing import possible_figures
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, identifier, joined, table
from fnnctl.report.html.page import Part
from fnnctl.report.searched_settings import importances
from fnnctl.report.sections import FIGURES
from fnnctl.report.summary import Summary
from fnnctl.report.topics.files import FIRST_FILES, LAST_FILES
from fnnctl.report.topics.workers import workers_text
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.text import capitalized, counted

MOST_ROWS: Final = 60
MOST_COLUMNS: Final = 40
DIGITS: Final = 4
LONGEST: Final = len("-0.1234")
"""Longer numbers are shortened. A shorter one may be the name of a class, such as `1.10`."""
CURVES, OF_CLASS, MOST_CURVES = "kind", "class", 12
"""Files of curves begin with their kind. Of more curves, only the averages over the classes are shown."""


def thinned_table(run: RunFolder, name: str, *, most: int = MOST_ROWS) -> Markup:
    """The table of one of the run's CSV files: at most `most` rows, evenly chosen; empty without rows.

    The file is read twice and never held as a whole.
    """
    rows = run.read_rows(name)
    if rows is None:
        return EMPTY
    header, count, averages = next(rows), 0, 0
    has_curves = header[0] == CURVES
    curves: set[tuple[str, ...]] = set()
    for row in rows:
        count += 1
        if has_curves:
            averages += row[0] != OF_CLASS
            curves.add(tuple(row[:2]))
    rows = run.read_rows(name)
    if rows is None or not count:
        return EMPTY
    next(rows)
    only_averages = len(curves) > MOST_CURVES
    if only_averages:
        rows = (row for row in rows if row[0] != OF_CLASS)
    chosen = list(_chosen(rows, averages if only_averages else count, most))
    return numbers_table(header, chosen, source=name, count=count)


def numbers_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, source: str, count: int | None = None
) -> Markup:
    """Rows of a file behind a line that opens them.

    `count` is the number of rows in the file if these are only some of them. Numbers are shortened.
    """
    total = len(rows) if count is None else count
    some = counted(total, "row") if len(rows) == total else f"{len(rows):,} of {counted(total, 'row')}"
    more = len(header) - MOST_COLUMNS
    columns = f", {MOST_COLUMNS} of {len(header):,} columns" if more > 0 else ""
    shown = [list(map(_short, row[:MOST_COLUMNS])) for row in rows]
    header = header[:MOST_COLUMNS]
    texts = [place for place in range(len(header)) if any(_is_text(row[place]) for row in shown)]
    summary = element(
        "summary", joined((content("Numbers"), element("small", content(f" {some}{columns} of {source}"))))
    )
    return element("details", summary, table(header, shown, texts=texts, label=f"Numbers of {source}"))


def _chosen(rows: Iterator[list[str]], count: int, most: int) -> Iterator[list[str]]:
    """At most `most` of the rows, evenly spaced, with the first and the last."""
    most = min(most, count)
    wanted = {round(place * (count - 1) / max(1, most - 1)) for place in range(most)}
    return (row for number, row in enumerate(rows) if number in wanted)


def _short(text: str) -> str:
    """A long number with few digits; another text unchanged."""
    if not text:
        return NOTHING
    if len(text) <= LONGEST:
        return text.removesuffix(".0")
    try:
        value = float(text)
    except ValueError:
        return text
    return text if "." not in text and "e" not in text.lower() else f"{value:.{DIGITS}g}"


def _is_text(text: str) -> bool:
    if text == NOTHING:
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


WIDE: Final = 560
"""Wider figures, in points, have a row of their own."""
_SUMMED_UP: Final[Mapping[str, Sequence[str]]] = {
    names.CONFUSION_MATRIX_FIGURE: ("accuracy", "balanced accuracy"),
    names.ROC_CURVE_FIGURE: ("ROC AUC", "macro ROC AUC"),
    names.PR_CURVE_FIGURE: ("average precision", "macro average precision"),
    names.CALIBRATION_FIGURE: ("class calibration error", "calibration error"),
    names.THRESHOLD_FIGURE: ("threshold",),
    names.PREDICTED_ACTUAL_FIGURE: ("R²", "RMSE"),
    names.RESIDUALS_FIGURE: ("RMSE", "MAE"),
}
"""The metrics, by their labels in reports, that sum a figure up."""
_VIEW_BOX: Final = re.compile(r'viewBox="\S+ \S+ (\S+) ')


FULL_WIDTH: Final = frozenset({names.PARALLEL_FIGURE, names.TIMELINE_FIGURE})
"""Figures with much beside one another, which are as wide as the page."""
_PLACES: Final = {
    names.CONFIRMED_FIGURE: "Is the winner better than the others?",
    names.SEARCH_HISTORY_FIGURE: "The search",
    names.RUNGS_FIGURE: "Brackets and rungs",
    names.PARALLEL_FIGURE: "The settings of all trials",
    names.IMPORTANCE_FIGURE: "Importance of the settings",
    names.ARCHITECTURE_FIGURE: "The best architecture",
    names.REWARDS_FIGURE: "The best architecture",
    names.TIMELINE_FIGURE: "Workers",
}


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A figure of a page."""

    file: str
    """The name of its PNG in the run's folder."""
    caption: str
    svg: str
    """See `plots.svg.inline_svg`."""
    description: str = ""
    """What it shows, in numbers, for those who do not see it; the caption is read to them as well."""
    numbers: Markup = EMPTY
    """The numbers that are drawn, such as a `thinned_table`."""
    place: str = FIGURES
    """The heading of the page below which it stands."""


def figure_part(figure: PageFigure, prefix: str) -> Part:
    """The figure, its caption and its numbers; `prefix` is the start of its identifier in the page."""
    name = f"{prefix}-{identifier(figure.file.removesuffix('.png'))}"
    opening, _, rest = figure.svg.partition(">")
    described = element("desc", escape(figure.description)) if figure.description else EMPTY
    svg = Markup(
        f'{opening} role="img" aria-label="{escape(figure.caption)}">'
        f"{element('title', escape(figure.caption))}{described}{rest}"
    )
    caption = element("figcaption", content(figure.caption))
    look = "wide" if figure.file in FULL_WIDTH or _width(figure.svg) > WIDE else None
    return Part(element("figure", caption, svg, figure.numbers, id=name, class_=look), figure.file)


def _width(svg: str) -> float:
    found = _VIEW_BOX.search(svg)
    return float(found[1]) if found else 0.0


def run_figures(run: RunFolder, summary: Summary, prefix: str) -> list[PageFigure]:
    """The figures that the run has numbers for."""
    wanted = possible_figures(run, summary)
    if summary.search is not None and importances(summary.search) is None:
        wanted.discard(names.IMPORTANCE_FIGURE)
    if not wanted:
        return []
    # Importing matplotlib takes half a second.
    from fnnctl.plots.svg import inline_svg  # noqa: PLC0415
    from fnnctl.report.figures.drawing import figure_functions  # noqa: PLC0415

    captions, sources = _captions(summary), _sources(summary)
    figures = [
        PageFigure(
            name,
            captions[name],
            inline_svg(
                figure,
                f"{prefix}-{identifier(name.removesuffix('.png'))}",
                **({"scale": 1.0} if name in FULL_WIDTH else {}),
            ),
            _description(summary, name),
            numbers=_numbers(run, sources.get(name)),
            place=_PLACES.get(name, FIGURES),
        )
        for name, draw in figure_functions(run, summary, wanted).items()
        if (figure := draw()) is not None
    ]
    return [with_numbers(figure, summary) for figure in figures]


def _description(summary: Summary, name: str) -> str:
    """The numbers that sum the figure up."""
    training = summary.manifest.training
    if name == names.LEARNING_CURVE_FIGURE and training is not None:
        best = f"; the best was {training.best_epoch:,}" if training.best_epoch else ""
        return f"{counted(training.epochs, 'epoch')}{best}."
    metrics = summary.part_metrics("test") or {}
    labels = dict(summary.task_report.shown(metrics))
    found = ((label, metrics.get(labels.get(label, ""))) for label in _SUMMED_UP.get(name, ()))
    return "; ".join(f"{label} {number(value)}" for label, value in found if value is not None)


def _captions(summary: Summary) -> dict[str, str]:
    of_task = [(figure.name, figure.what) for figure in summary.task_report.figures]
    return {name: capitalized(what) for name, what in (*FIRST_FILES, *of_task, *LAST_FILES)}


def _sources(summary: Summary) -> Mapping[str, str]:
    """The CSV file with the numbers of each figure."""
    return {
        **{figure.name: figure.source for figure in summary.task_report.figures},
        names.LEARNING_CURVE_FIGURE: names.HISTORY,
        names.DATA_SIZE_FIGURE: names.DATA_SIZE,
        names.FEATURE_IMPORTANCE_FIGURE: names.FEATURE_IMPORTANCE,
    }


def _numbers(run: RunFolder, source: str | None) -> Markup:
    return thinned_table(run, source) if source is not None else EMPTY


MOST_NAMED = 3

T = TypeVar("T")


def with_numbers(figure: PageFigure, summary: Summary) -> PageFigure:
    """The figure of a search with the numbers that are drawn, and with its description."""
    search = summary.search
    if search is None:
        return figure
    match figure.file:
        case names.SEARCH_HISTORY_FIGURE:
            return replace(figure, numbers=_history(search), description=_progress(search))
        case names.PARALLEL_FIGURE:
            numbers = thinned_table(RunFolder(summary.path), names.LEADERBOARD)
            return replace(figure, numbers=numbers, description=_best_of(search))
        case names.RUNGS_FIGURE:
            return replace(figure, description=_reached(search))
        case names.IMPORTANCE_FIGURE:
            return replace(figure, description=_most_important(search))
        case names.TIMELINE_FIGURE if summary.timeline:
            words = f"{workers_text(summary.timeline)}."
            return replace(figure, numbers=_stacks(summary.timeline), description=words)
    return figure


def _history(search: SearchHistory) -> Markup:
    """The results in the order in which they were recorded, with the best so far."""
    rows, spent, best = [], 0, float("inf")
    for result in search.results:
        spent += result.epochs
        best = min(best, search.loss_of(result))
        objective = result.status.value if result.objective is None else number(result.objective)
        known = number(search.from_loss(best) if best < float("inf") else None)
        rows.append([f"{spent}", f"{result.trial}", f"{result.budget}", objective, known])
    header = ("epochs of all trials", "trial", "its epochs", search.metric, "best so far")
    return numbers_table(header, _spread_rows(rows), source=names.JOURNAL, count=len(rows)) if rows else EMPTY


def _stacks(timeline: Timeline) -> Markup:
    """What was trained when, in the order of time."""
    done = ((stack, worker.name) for worker in timeline.workers for stack in worker.stacks)
    rows = [
        [
            f"{stack.start:.3f}",
            f"{stack.stop:.3f}",
            name,
            "confirmation" if stack.budget is None else f"{stack.budget}",
            f"{stack.networks}",
        ]
        for stack, name in sorted(done, key=lambda each: (each[0].start, each[1]))
    ]
    header = ("start in seconds", "end in seconds", "worker", "up to epoch", "networks")
    return numbers_table(header, _spread_rows(rows), source=names.TIMELINE, count=len(rows))


def _spread_rows(rows: Sequence[T]) -> list[T]:
    """At most `MOST_ROWS` of the rows, evenly chosen, with the first and the last."""
    most = min(MOST_ROWS, len(rows))
    places = dict.fromkeys(round(k * (len(rows) - 1) / max(1, most - 1)) for k in range(most))
    return [rows[place] for place in places]


def _progress(search: SearchHistory) -> str:
    finite = [result for result in search.results if result.objective is not None]
    if not finite:
        return ""
    best = min(finite, key=search.loss_of)
    return (
        f"{search.metric} was {number(finite[0].objective)} in the first result and "
        f"{number(best.objective)} in the best of {counted(len(search.results), 'result')}."
    )


def _best_of(search: SearchHistory) -> str:
    best = search.best
    if best is None:
        return ""
    settings = ", ".join(f"{path} {value}" for path, value in best.assignment.items())
    return f"The best of {counted(len(search.standings.latest), 'trial')} has {settings}."


def _reached(search: SearchHistory) -> str:
    found: dict[int, list[str]] = {}
    for rung in search.rungs:
        words = f"{counted(len(rung.results), 'trial')} after {counted(rung.epochs, 'epoch')}"
        found.setdefault(rung.bracket, []).append(words)
    return "; ".join(f"bracket {bracket}: {', '.join(words)}" for bracket, words in found.items())


def _most_important(search: SearchHistory) -> str:
    found = importances(search)
    shares = {name: each.share for name, each in found[1].items() if each} if found else {}
    first = sorted(shares, key=lambda name: -shares[name])[:MOST_NAMED]
    return ", ".join(f"{name}: {shares[name]:.0%}" for name in first)

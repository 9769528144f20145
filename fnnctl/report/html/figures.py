"""A run's figures in its page: each with a text that stands in for it, and with its numbers in a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fnnctl.report.content import FIRST_FILES, LAST_FILES
from fnnctl.report.figures.drawing import possible_figures
from fnnctl.report.html.blocks import Part
from fnnctl.report.html.markup import EMPTY, Markup, content, element, escape, identifier
from fnnctl.report.html.numbers import thinned_table
from fnnctl.report.sections import number
from fnnctl.report.summary import Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted

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


def run_figures(run: RunFolder, summary: Summary, prefix: str) -> dict[str, PageFigure]:
    """The figures that the run has numbers for, by the names of their files in the folder."""
    wanted = possible_figures(run, summary)
    if not wanted:
        return {}
    # Importing matplotlib takes half a second.
    from fnnctl.plots.svg import inline_svg  # noqa: PLC0415
    from fnnctl.report.figures.drawn import figure_functions  # noqa: PLC0415

    captions, sources = _captions(summary), _sources(summary)
    return {
        name: PageFigure(
            name,
            captions[name],
            inline_svg(
                figure,
                f"{prefix}-{identifier(name.removesuffix('.png'))}",
                **({"scale": 1.0} if name in FULL_WIDTH else {}),
            ),
            _description(summary, name),
            numbers=_numbers(run, sources.get(name)),
        )
        for name, draw in figure_functions(run, summary, wanted).items()
        if (figure := draw()) is not None
    }


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
    return {name: what[0].upper() + what[1:] for name, what in (*FIRST_FILES, *of_task, *LAST_FILES)}


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

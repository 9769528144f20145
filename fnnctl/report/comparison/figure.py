"""The figure of a comparison: the scores of the runs, and the differences of the pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.report.blocks import Figure
from fnnctl.report.comparison.comparison import RunComparison
from fnnctl.report.comparison.differences import has_points
from fnnctl.report.comparison.pairs import LETTERS, Pair
from fnnctl.report.comparison.target_comparison import TargetComparison
from fnnctl.text import counted

FILE: Final = "comparison.png"


def comparison_figure_block(comparison: RunComparison, in_words: str) -> Figure:
    """The figure; `in_words` is what it shows."""
    caption = f"{comparison.metric} with 95 % intervals, and the differences of the pairs"
    return Figure(caption, FILE, lambda: _draw(comparison, caption), lambda: in_words)


def target_figures(comparison: TargetComparison, in_words: str) -> Iterator[Figure]:
    """A figure per metric: the runs' scores, or their means over several targets, and all differences."""
    means = {each.metric: each for _, each in comparison.means}
    by_metric: dict[str, list[tuple[str, RunComparison]]] = {}
    for name, each in comparison.targets:
        by_metric.setdefault(each.metric.rpartition(".")[2], []).append((name, each))
    for metric, of_targets in by_metric.items():
        label = label_of(metric)
        caption = f"{label} of {counted(len(of_targets), 'target')} with 95 % intervals, and the differences"
        draw = partial(_draw_targets, means.get(metric, of_targets[0][1]), of_targets, caption)
        file = FILE if len(by_metric) == 1 else FILE.replace(".", f"_{metric}.")
        yield Figure(caption, file, draw, lambda: in_words)


def _draw_targets(scored: RunComparison, of_targets: Sequence[tuple[str, RunComparison]], title: str) -> Any:
    """The scores, and the differences of each target after those of the mean."""
    named = [] if scored is of_targets[0][1] else [("mean", scored)]
    rows = [
        (f"{name}  {pair}" if len(scored.pairs) > 1 else name, pair)
        for name, each in (*named, *of_targets)
        for pair in each.pairs
    ]
    label = label_of(scored.metric.rpartition(".")[2])
    metric = f"mean {label}" if named else f"{label} of {of_targets[0][0]}"
    return _draw_rows(scored, rows, metric=metric, title=title)


def _draw(comparison: RunComparison, title: str) -> Any:
    rows = [(str(pair), pair) for pair in comparison.pairs]
    return _draw_rows(comparison, rows, metric=comparison.metric, title=title)


def _draw_rows(
    comparison: RunComparison, rows: Sequence[tuple[str, Pair]], *, metric: str, title: str
) -> Any:
    # Importing matplotlib takes half a second.
    from fnnctl.plots.comparison import PlottedScore, comparison_figure  # noqa: PLC0415

    points = has_points(comparison.metric)
    factor = 100.0 if points else 1.0
    scores = [
        PlottedScore(f"{LETTERS[index]}  {run.manifest.name}", run.value, _ends(run.interval))
        for index in comparison.ranked
        for run in [comparison.runs[index]]
    ]
    differences = [
        PlottedScore(
            name,
            factor * pair.test.difference.value,
            _ends(pair.test.difference.ci95, factor),
            pair.verdict == "tie",
        )
        for name, pair in rows
    ]
    unit = "points" if points else ""
    return comparison_figure(scores, differences, metric=metric, unit=unit, title=title)


def _ends(interval: list[float] | None, factor: float = 1.0) -> tuple[float, float] | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])

"""The figure of a comparison: the scores of the runs, and the differences of the pairs."""

from __future__ import annotations

from typing import Any, Final

from fnnctl.report.blocks import Figure
from fnnctl.report.comparison.comparison import RunComparison
from fnnctl.report.comparison.differences import has_points
from fnnctl.report.comparison.pairs import LETTERS

FILE: Final = "comparison.png"


def comparison_figure_block(comparison: RunComparison, in_words: str) -> Figure:
    """The figure; `in_words` is what it shows."""
    caption = f"{comparison.metric} with 95 % intervals, and the differences of the pairs"
    return Figure(caption, FILE, lambda: _draw(comparison, caption), lambda: in_words)


def _draw(comparison: RunComparison, title: str) -> Any:
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
            str(pair),
            factor * pair.test.difference.value,
            _ends(pair.test.difference.ci95, factor),
            pair.verdict == "tie",
        )
        for pair in comparison.pairs
    ]
    unit = "points" if points else ""
    return comparison_figure(scores, differences, metric=comparison.metric, unit=unit, title=title)


def _ends(interval: list[float] | None, factor: float = 1.0) -> tuple[float, float] | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])

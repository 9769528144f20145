"""A comparison in every format. The HTML page is one file: the verdict, a figure, then the tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from fnnctl.report.comparison.comparison import LETTERS, RunComparison
from fnnctl.report.comparison.differences import has_points
from fnnctl.report.comparison.sections import (
    comparison_json,
    comparison_sections,
    headline,
    title,
    verdict_sentences,
)
from fnnctl.report.html.figures import PageFigure, figure_part
from fnnctl.report.html.page import Block
from fnnctl.report.html.sections import section_block
from fnnctl.report.plain_report import PlainReport

FIGURE: Final = "comparison.png"
AFTER: Final = "Differences"
"""The figure follows this table, which has its numbers."""


def comparison_report(comparison: RunComparison) -> PlainReport:
    """The report; its page has no links to files, so it can be sent."""
    heading = title(comparison)
    return PlainReport(
        heading,
        headline(comparison),
        lambda _: comparison_sections(comparison),
        partial(comparison_json, comparison),
        partial(_blocks, comparison),
        page_title=f"{heading}: comparison",
        footer="Made by fnnctl; this page needs no network connection.",
    )


def _blocks(comparison: RunComparison) -> Iterator[Block]:
    for section in comparison_sections(comparison):
        look = {"Verdict": "summary", "Warnings": "warning"}.get(section.title, "block")
        yield section_block(section, look=look)
        if section.title == AFTER:
            yield Block("Figure", (figure_part(_figure(comparison), "comparison"),), "figures")


def _figure(comparison: RunComparison) -> PageFigure:
    # Importing matplotlib takes half a second.
    from fnnctl.plots.comparison import PlottedScore, comparison_figure  # noqa: PLC0415
    from fnnctl.plots.svg import inline_svg  # noqa: PLC0415

    points = has_points(comparison.metric)
    factor = 100.0 if points else 1.0
    scores = [
        PlottedScore(f"{LETTERS[index]}  {run.manifest.name}", run.value, _ends(run.interval))
        for index in comparison.ranked
        for run in [comparison.runs[index]]
    ]
    differences = [
        PlottedScore(
            f"{LETTERS[pair.first]} − {LETTERS[pair.second]}",
            factor * pair.test.difference.value,
            _ends(pair.test.difference.ci95, factor),
            pair.verdict == "tie",
        )
        for pair in comparison.pairs
    ]
    caption = f"{comparison.metric} with 95 % intervals, and the differences of the pairs"
    figure = comparison_figure(
        scores, differences, metric=comparison.metric, unit="points" if points else "", title=caption
    )
    description = " ".join(verdict_sentences(comparison))
    return PageFigure(FIGURE, caption, inline_svg(figure, "comparison"), description)


def _ends(interval: list[float] | None, factor: float = 1.0) -> tuple[float, float] | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])

"""A comparison in every format. The HTML page is one file: the verdict, a figure, then the tables."""

from __future__ import annotations

from typing import Final

from rich.console import RenderableType

from fnnctl.report.comparison.comparison import LETTERS, RunComparison
from fnnctl.report.comparison.differences import has_points
from fnnctl.report.comparison.sections import (
    comparison_json,
    comparison_sections,
    headline,
    title,
    verdict_sentences,
)
from fnnctl.report.formats.markdown import escape, markdown_section
from fnnctl.report.formats.registry import HTML, JSON
from fnnctl.report.formats.terminal import document
from fnnctl.report.html.figures import PageFigure, figure_part
from fnnctl.report.html.markup import content, element
from fnnctl.report.html.page import Article, Block, page
from fnnctl.report.html.sections import section_block
from fnnctl.store.documents import to_json

FIGURE: Final = "comparison.png"
AFTER: Final = "Differences"
"""The figure follows this table, which has its numbers."""


def html_comparison(comparison: RunComparison) -> str:
    """The page; it has no links to files, so it can be sent."""
    blocks: list[Block] = []
    for section in comparison_sections(comparison):
        look = {"Verdict": "summary", "Warnings": "warning"}.get(section.title, "block")
        blocks.append(section_block(section, look=look))
        if section.title == AFTER:
            blocks.append(Block("Figure", (figure_part(_figure(comparison), "comparison"),), "figures"))
    heading = title(comparison)
    article = Article(heading, element("p", content(headline(comparison))), tuple(blocks))
    footer = "Made by fnnctl; this page needs no network connection."
    return page(f"{heading}: comparison", [article], footer=footer)


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


def terminal_comparison(comparison: RunComparison, *, width: int | None = None) -> RenderableType:
    """For a terminal of this width."""
    return document(title(comparison), headline(comparison), comparison_sections(comparison), width)


def text_comparison(comparison: RunComparison, format_: str) -> str:
    """As JSON, HTML or Markdown."""
    if format_ == JSON:
        return to_json(comparison_json(comparison))
    if format_ == HTML:
        return html_comparison(comparison)
    blocks = [f"# {escape(title(comparison))}", escape(headline(comparison))]
    blocks += [block for section in comparison_sections(comparison) for block in markdown_section(section)]
    return "\n\n".join(blocks) + "\n"

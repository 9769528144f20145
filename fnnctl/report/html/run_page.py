"""The blocks of one run in reading order: the answer, what shows it, and where it comes from.

The kinds of runs differ in what they have numbers for, so a block that would be empty is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fnnctl.report.content import Contents, contents, headline
from fnnctl.report.html.blocks import Article, Block, Part
from fnnctl.report.html.figures import PageFigure, figure_part, run_figures
from fnnctl.report.html.markup import Markup, content, element, escape, joined
from fnnctl.report.html.sections import section_block, section_body
from fnnctl.report.sections import Section
from fnnctl.report.summary import Summary
from fnnctl.store.folder import RunFolder

STATUS_LOOKS: Mapping[str, str] = {"completed": "good", "running": "open", "interrupted": "open"}
FAILED_LOOK = "bad"


def run_article(summary: Summary, prefix: str, *, first: Iterable[Block] = ()) -> Article:
    """The article on a run, which begins with the blocks `first`; `prefix` is unique among the articles."""
    run = RunFolder(summary.path)
    found = contents(summary)
    figures = run_figures(run, summary, prefix)
    blocks = [*first, *_notices(found), *_body(found, figures, prefix)]
    return Article(summary.manifest.name, lead(summary), tuple(blocks))


def lead(summary: Summary) -> Markup:
    """The run's status, times and folder."""
    status = summary.shown_status
    mark = element("span", escape(status), class_=f"status {STATUS_LOOKS.get(status, FAILED_LOOK)}")
    kind = summary.manifest.kind.replace("_", " ")
    line = element("p", mark, content(f" {kind}, {headline(summary)}"))
    return joined([line, element("p", element("code", escape(str(summary.path))))])


def figures_block(title: str, figures: Iterable[PageFigure], prefix: str) -> Block:
    """Figures side by side."""
    return Block(title, tuple(figure_part(figure, prefix) for figure in figures), "figures")


def _notices(found: Contents) -> Iterator[Block]:
    """What must not be overlooked."""
    yield from (section_block(section, look="failure") for section in found.failure)
    yield from (section_block(section, look="warning") for section in found.warnings)


def _body(found: Contents, figures: Mapping[str, PageFigure], prefix: str) -> Iterator[Block]:
    yield from map(section_block, found.search)
    if figures:
        yield figures_block("Figures", figures.values(), prefix)
    for sections in (
        found.scores,
        found.importance,
        found.training,
        found.data,
        found.provenance,
        found.files,
    ):
        yield from map(section_block, sections)


def grouped(title: str, sections: Iterable[Section]) -> Block:
    """Several sections below one heading, each under its own smaller one."""
    parts = [
        Part(joined([element("h4", content(section.title)), section_body(section)])) for section in sections
    ]
    return Block(title, tuple(parts))

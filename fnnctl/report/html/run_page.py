"""The blocks of one run in reading order: the answer, what shows it, and where it comes from.

The kinds of runs differ in what they have numbers for, so a block that would be empty is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from fnnctl.report.answer.values import Answer
from fnnctl.report.content import Contents, contents, headline
from fnnctl.report.html.answer import answer_blocks, command_block
from fnnctl.report.html.figures import PageFigure, figure_part, run_figures
from fnnctl.report.html.markup import Markup, content, element, escape, joined
from fnnctl.report.html.model_card import model_card
from fnnctl.report.html.page import Article, Block
from fnnctl.report.html.search.blocks import search_blocks, winner_blocks
from fnnctl.report.html.sections import grouped, section_block
from fnnctl.report.sections import Section
from fnnctl.report.summary import Summary
from fnnctl.report.topics.examples import worst_examples
from fnnctl.store.folder import RunFolder

STATUS_LOOKS: Mapping[str, str] = {"completed": "good", "running": "open", "interrupted": "open"}
FAILED_LOOK = "bad"


def run_article(summary: Summary, said: Answer, prefix: str, *, first: Iterable[Block] = ()) -> Article:
    """The article on a run; the blocks `first` follow what is `said`, its answer.

    `prefix` is unique among the articles.
    """
    found = contents(summary)
    figures = run_figures(RunFolder(summary.path), summary, prefix)
    opening, *others = answer_blocks(said, worst_examples(summary))
    blocks = [
        opening,
        *first,
        *winner_blocks(summary),
        *others,
        *search_blocks(summary, figures, prefix),
        *_evidence(found, {} if summary.search else figures, prefix),
        *command_block(said),
        *_origin(found, model_card(summary, said)),
    ]
    return Article(summary.manifest.name, lead(summary), tuple(blocks))


def lead(summary: Summary) -> Markup:
    """The run's status, times and folder."""
    status = summary.shown_status
    mark = element("span", escape(status), class_=f"status {STATUS_LOOKS.get(status, FAILED_LOOK)}")
    kind = summary.manifest.kind.replace("_", "-")
    line = element("p", mark, content(f" {kind}, {headline(summary)}"))
    return joined([line, element("p", element("code", escape(str(summary.path))))])


def figures_block(title: str, figures: Iterable[PageFigure], prefix: str) -> Block:
    """Figures side by side."""
    return Block(title, tuple(figure_part(figure, prefix) for figure in figures), "figures")


def _evidence(found: Contents, figures: Mapping[str, PageFigure], prefix: str) -> Iterator[Block]:
    if figures:
        yield figures_block("Figures", figures.values(), prefix)
    yield from _grouped("Scores", found.scores)
    yield from _grouped("Importance", found.importance)
    yield from _grouped("Data and training", (*found.data, *found.training))


def _origin(found: Contents, card: Block) -> Iterator[Block]:
    yield from _grouped("Provenance", found.provenance)
    yield card
    yield from _grouped("Files", found.files)


def _grouped(title: str, sections: Sequence[Section]) -> Iterator[Block]:
    if len(sections) == 1:
        yield replace(section_block(sections[0]), title=title)
    elif sections:
        yield grouped(title, sections, look="columns")

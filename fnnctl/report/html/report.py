"""The report on runs as one HTML file: an article per run and, before several, one that compares them.

The kinds of runs differ in what they have numbers for, so a block that would be empty is absent.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from fnnctl.report.document import Document, merge_sections
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.html.figures import PageFigure, figure_part, run_figures
from fnnctl.report.html.markup import Markup, content, element, escape, join_markup, table
from fnnctl.report.html.page import FIRST_LOOKS, Article, Block, Part, block, page
from fnnctl.report.html.sections import heading_block, section_block
from fnnctl.report.sections import FIGURES, SUMMARY
from fnnctl.report.side_by_side import runs_tables
from fnnctl.report.summary import Summary
from fnnctl.report.topics.registry import CONTENTS, page_document
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted

STATUS_LOOKS: Final[Mapping[str, str]] = {"completed": "good", "running": "open", "interrupted": "open"}
FAILED_LOOK: Final = "bad"


def html_report(summaries: Sequence[Summary], results: Sequence[GateResult], relative_to: Path) -> str:
    """The page on the runs, with the gates' results. It has no links to files, so it can be sent."""
    gates = [_gates(results)] if results else []
    documents = [page_document(summary) for summary in summaries]
    several = len(documents) > 1
    articles = [side_by_side(documents, gates)] if several else []
    for position, (summary, document) in enumerate(zip(summaries, documents, strict=True), start=1):
        prefix = f"run{position}"
        figures = run_figures(RunFolder(summary.path), summary, prefix)
        articles.append(run_article(document, figures, prefix, gates=() if several else gates))
    title = ", ".join(dict.fromkeys(document.name for document in documents))
    return page(title if several else f"{title}: report", articles, footer=_footer(summaries))


def html_answer(summary: Summary) -> str:
    """What the page on a run is read for, as a frame for a notebook, whose style sheet it leaves alone."""
    article = run_article(page_document(summary), [], "run")
    answer = tuple(block for block in article.blocks if block.look in FIRST_LOOKS)
    text = page(article.title, [replace(article, blocks=answer)])
    return f'<iframe srcdoc="{html.escape(text)}" style="width: 100%; height: 24rem; border: 0"></iframe>'


def run_article(
    document: Document, figures: Sequence[PageFigure], prefix: str, *, gates: Iterable[Block] = ()
) -> Article:
    """The article on a run; the gates' results follow its summary.

    `prefix` is unique among the articles. A figure without a heading of its own is below that of all figures.
    """
    parts: dict[str, list[Part]] = {}
    for figure in figures:
        heading = figure.place if figure.place in CONTENTS else FIGURES
        parts.setdefault(heading, []).append(figure_part(figure, prefix))
    blocks: list[Block] = []
    for heading, look in CONTENTS.items():
        sections = merge_sections(section for section in document.sections if section.heading == heading)
        if sections or heading in parts:
            blocks.append(heading_block(heading, look, sections, parts.get(heading, ())))
        if heading == SUMMARY:
            blocks += gates
    return Article(document.name, _lead(document), tuple(blocks))


def _lead(document: Document) -> Markup:
    """The run's status, times and folder."""
    status = document.status
    mark = element("span", escape(status), class_=f"status {STATUS_LOOKS.get(status, FAILED_LOOK)}")
    line = element("p", mark, content(f" {document.kind.replace('_', '-')}, {document.when}"))
    if document.is_in_memory:
        return line
    return join_markup([line, element("p", element("code", escape(str(document.path))))])


def _gates(results: Sequence[GateResult]) -> Block:
    passed = sum(result.passed for result in results)
    gates = section_block(gate_table(results), look="passed" if passed == len(results) else "failure")
    return replace(gates, title=f"Gates: {passed:,} of {len(results):,} passed")


def _footer(summaries: Sequence[Summary]) -> str:
    versions = dict.fromkeys(
        f"fnnctl {summary.manifest.fnnctl}" for summary in summaries if summary.manifest.fnnctl
    )
    return f"Made from runs of {', '.join(versions) or 'fnnctl'}. This page needs no network connection."


def side_by_side(documents: Sequence[Document], gates: Sequence[Block]) -> Article:
    """The first article of a page on several runs: one row per run; the gates' results come before.

    An ambiguous name is followed by the run's folder.
    """
    counts = Counter(document.name for document in documents)
    named = [
        replace(document, name=f"{document.name} ({document.path.name})")
        if counts[document.name] > 1
        else document
        for document in documents
    ]
    tables = [
        table(section.header[1:], [row[1:] for row in section.rows], texts=section.texts[:-1], label="Scores")
        for section in runs_tables(named)
    ]
    lead = element("p", content(f"{counted(len(documents), 'run')}, in the order of the command."))
    return Article("All runs", lead, (*gates, block("Scores side by side", *tables)))

"""Documents as one HTML file: an article for each and, before several, one with their scores side by side."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from fnnctl.report.document import Document, Section, block_section
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.html.blocks import page_section
from fnnctl.report.html.markup import Markup, content, element, escape, join_markup
from fnnctl.report.html.page import FIRST_LOOKS, Article, page
from fnnctl.report.side_by_side import runs_tables
from fnnctl.text import counted

STATUS_LOOKS: Final[Mapping[str, str]] = {"completed": "good", "running": "open", "interrupted": "open"}
FAILED_LOOK: Final = "bad"


def html_report(documents: Sequence[Document], results: Sequence[GateResult] = ()) -> str:
    """The page with the gates' results. It has no links to files, so it can be sent."""
    gates = [_gates(results)] if results else []
    several = len(documents) > 1
    articles = [article(side_by_side(documents, gates), "runs")] if several else []
    for position, document in enumerate(documents, start=1):
        shown = document if several else _with_gates(document, gates)
        articles.append(article(shown, f"run{position}"))
    title = ", ".join(dict.fromkeys(document.title for document in documents))
    return page(title if several else f"{title}: report", articles, footer=_footer(documents))


def html_answer(document: Document) -> str:
    """What the page on a run is read for, as a frame for a notebook, whose style sheet it leaves alone."""
    answer = tuple(section for section in document.sections if section.look in FIRST_LOOKS)
    text = page(document.title, [article(replace(document, sections=answer), "run")])
    return f'<iframe srcdoc="{html.escape(text)}" style="width: 100%; height: 24rem; border: 0"></iframe>'


def article(document: Document, prefix: str) -> Article:
    """The article on a document; `prefix` is unique among the articles."""
    sections = (page_section(section, prefix) for section in document.sections)
    return Article(document.title, _lead(document), tuple(section for section in sections if section.parts))


def _lead(document: Document) -> Markup:
    """Of a run, its status, times and folder."""
    run = document.run
    if run is None:
        return element("p", content(document.lead))
    mark = element("span", escape(run.status), class_=f"status {STATUS_LOOKS.get(run.status, FAILED_LOOK)}")
    line = element("p", mark, content(f" {run.kind.replace('_', '-')}, {document.lead}"))
    if run.is_in_memory:
        return line
    return join_markup([line, element("p", element("code", escape(str(run.path))))])


def _gates(results: Sequence[GateResult]) -> Section:
    passed = sum(result.passed for result in results)
    table = replace(gate_table(results), title=f"Gates: {passed:,} of {len(results):,} passed")
    return block_section(table, "passed" if passed == len(results) else "failure")


def _with_gates(document: Document, gates: Sequence[Section]) -> Document:
    """The document with the gates' results after its summary."""
    looks = [section.look for section in document.sections]
    place = looks.index("summary") + 1 if "summary" in looks else 0
    return replace(document, sections=(*document.sections[:place], *gates, *document.sections[place:]))


def _footer(documents: Sequence[Document]) -> str:
    versions = dict.fromkeys(document.run.fnnctl for document in documents if document.run)
    programs = ", ".join(f"fnnctl {version}" for version in versions if version) or "fnnctl"
    return f"Made {'from runs of' if versions else 'by'} {programs}. This page needs no network connection."


def side_by_side(documents: Sequence[Document], gates: Sequence[Section]) -> Document:
    """What a page on several runs begins with: the gates' results, and one row per run.

    An ambiguous name is followed by the run's folder.
    """
    counts = Counter(document.title for document in documents)
    named = [
        replace(document, title=f"{document.title} ({document.run.path.name})")
        if document.run and counts[document.title] > 1
        else document
        for document in documents
    ]
    heading = "Scores side by side"
    tables = (
        replace(
            table,
            title=heading,
            header=table.header[1:],
            rows=tuple(row[1:] for row in table.rows),
            texts=table.texts[:-1],
        )
        for table in runs_tables(named)
    )
    lead = f"{counted(len(documents), 'run')}, in the order of the command."
    return Document("All runs", lead, (*gates, Section(heading, tuple(tables))))

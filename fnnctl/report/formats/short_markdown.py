"""The short report as GitHub Markdown, for the page of a CI job: one heading, and about 30 lines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from fnnctl.report import sections as kinds
from fnnctl.report.document import Document
from fnnctl.report.formats.fitting import fit_columns, fit_name, fit_sentence
from fnnctl.report.formats.markdown import escape, item, link, table
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.sections import REQUESTED, Section, TableSection
from fnnctl.report.side_by_side import runs_tables, warned_runs
from fnnctl.text import capitalized, counted

NAME_WIDTH: Final = 60
SENTENCE_WIDTH: Final = 200
MAX_ROWS: Final = 6
"""The most rows of a table that nobody has asked for."""


def short_markdown_report(
    documents: Sequence[Document], results: Sequence[GateResult], relative_to: Path
) -> str:
    """A short report on one run or, in one table, on several; links are relative to `relative_to`."""
    one = len(documents) == 1
    blocks = _run(documents[0], results, relative_to) if one else _runs(documents, results, relative_to)
    return "\n\n".join(blocks) + "\n"


def _run(document: Document, results: Sequence[GateResult], relative_to: Path) -> Iterator[str]:
    """The sections by priority, the gates' results after the scores, and the requested sections last."""
    yield f"# {escape(fit_name(document.name, NAME_WIDTH))}: {document.status}{_verdict(results)}"
    gates = [*_gates(results)]
    for section in document.highlights:
        yield from _blocks(section)
        if isinstance(section, kinds.Scores):
            yield from gates
            gates = []
    yield from gates
    for section in document.requested:
        yield from _blocks(section)
    yield f"{escape(capitalized(document.when))}, in {_folder(document, relative_to)}"


def _blocks(section: Section) -> Iterator[str]:
    match section:
        case kinds.Failure():
            yield escape(fit_sentence(" ".join(section.rows), SENTENCE_WIDTH))
        case kinds.Scores():
            yield _table(section.table)
        case TableSection():
            if section.priority == REQUESTED:
                yield f"**{escape(section.title)}**"
                yield _table(section)
            else:
                yield from _short_table(section.short or section)
        case kinds.Notes() if section.priority != REQUESTED:
            yield " ".join(map(escape, section.rows))
        case kinds.Warnings():
            yield "\n".join(item(f"warning: {warning}") for warning in section.rows)
        case kinds.DefinitionList() | kinds.FileList() | kinds.Command() | kinds.Excerpt() | kinds.Notes():
            pass  # a reader of the page has the run's folder, and no terminal


def _short_table(table: TableSection) -> Iterator[str]:
    rows = table.rows[-MAX_ROWS:] if table.keeps_end else table.rows[:MAX_ROWS]
    yield _table(replace(table, rows=rows))
    if table.notes:
        yield " ".join(map(escape, table.notes))


def _runs(documents: Sequence[Document], results: Sequence[GateResult], relative_to: Path) -> Iterator[str]:
    yield f"# {counted(len(documents), 'run')}{_verdict(results)}"
    yield from map(_table, runs_tables(documents))
    yield from _gates(results)
    yield from warned_runs(documents)
    folders = (_folder(document, relative_to) for document in documents)
    yield "\n".join(f"{number}. {folder}" for number, folder in enumerate(folders, start=1))


def _verdict(results: Sequence[GateResult]) -> str:
    """For the heading: how many gates were missed; empty without gates."""
    if not results:
        return ""
    missed = sum(not result.passed for result in results)
    return f", {missed:,} of {counted(len(results), 'gate')} missed" if missed else ", all gates passed"


def _gates(results: Sequence[GateResult]) -> Iterator[str]:
    if results:
        section = gate_table(results)
        yield _table(section)
        yield from map(escape, section.notes)


def _folder(document: Document, relative_to: Path) -> str:
    if document.is_in_memory:
        return "memory"
    return link(str(document.path), Path(os.path.relpath(document.path, relative_to)))


def _table(section: TableSection) -> str:
    """The table, with names short enough for a page."""
    rows = fit_columns(section.rows, dict.fromkeys(section.texts, NAME_WIDTH))
    return table(section.header, rows, texts=section.texts)

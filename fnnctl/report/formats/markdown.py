"""The report as GitHub Markdown, with links to the figures.

Text from data and configs is escaped, so that it is not read as markup, HTML, a formula, or a new table cell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from fnnctl.report import blocks as kinds
from fnnctl.report.blocks import Block, Table, command_lines
from fnnctl.report.document import Document, ReportedRun
from fnnctl.report.formats.fitting import fit_columns, fit_name, fit_sentence
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.side_by_side import runs_tables, warned_runs
from fnnctl.report.words import QUOTED_COMMAND
from fnnctl.text import capitalized, counted, plain_text

_ADDRESS: Final = re.compile(r"(https?|ftp|www)(://|\.)", re.IGNORECASE)
"""The beginning of an address, which GitHub would make a link."""
NAME_WIDTH: Final = 60
SENTENCE_WIDTH: Final = 200
MAX_ROWS: Final = 6
"""The limits of a short report; the most rows of a table that nobody has asked for."""


def markdown_report(
    documents: Sequence[Document], results: Sequence[GateResult] = (), relative_to: Path = Path()
) -> str:
    """The documents, followed by the gates' results; links are relative to `relative_to`."""
    blocks = [block for document in documents for block in _document(document, relative_to)]
    if results:
        blocks += markdown_block(gate_table(results))
    return "\n\n".join(blocks) + "\n"


def short_markdown_report(
    documents: Sequence[Document], results: Sequence[GateResult] = (), relative_to: Path = Path()
) -> str:
    """The page of a CI job: one heading, and about 30 lines on one run or, in one table, on several."""
    one = len(documents) == 1
    blocks = _short(documents[0], results, relative_to) if one else _runs(documents, results, relative_to)
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """The text on one line, escaped so that Markdown and HTML show it unchanged; quoted commands are code."""
    parts = QUOTED_COMMAND.split(plain_text(text))
    return "".join(f"`{part}`" if index % 2 else _escape(part) for index, part in enumerate(parts))


def _escape(text: str) -> str:
    without_html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_{}\[\]#$~|!])", r"\\\1", without_html)
    return _ADDRESS.sub(r"\1\\\2", escaped)


def _document(document: Document, relative_to: Path) -> Iterator[str]:
    yield f"# {escape(document.title)}"
    folder = Path()
    if document.run is None:
        yield escape(document.lead)
    else:
        folder = Path(os.path.relpath(document.run.path, relative_to))
        yield f"**{document.run.status}**, {document.lead}, in {_place(document.run, relative_to)}"
    for block in document.blocks:
        yield from markdown_block(block, folder)


def _place(run: ReportedRun, relative_to: Path) -> str:
    """A link to the run's folder, if it has one."""
    if run.is_in_memory:
        return "memory"
    return link(str(run.path), Path(os.path.relpath(run.path, relative_to)))


def markdown_block(block: Block, folder: Path = Path()) -> Iterator[str]:
    """The parts of a block, whose files are in `folder`; nothing for a figure."""
    if isinstance(block, kinds.Figure):
        return
    yield f"## {escape(block.title)}"
    match block:
        case Table():
            yield from markdown_table(block)
        case kinds.Facts():
            yield table(("", ""), block.rows, texts=(0, 1))
        case kinds.Scores():
            yield from markdown_table(block.table)
        case kinds.Notes() | kinds.Warnings() | kinds.Failure():
            yield "\n".join(map(item, block.rows))
        case kinds.Command():
            yield _code(command_lines(block), "sh")
        case kinds.Excerpt():
            yield _code(block.rows, "yaml")
        case kinds.Files():
            yield "\n".join(
                f"- {link(name, folder / name)}: {escape(description)}" for name, description in block.rows
            )
            for name, description in block.rows:
                if name.endswith(".png"):
                    yield "!" + link(description, folder / name)


def markdown_table(block: Table) -> Iterator[str]:
    """The table, and the sentences below it."""
    yield table(block.header, block.rows, texts=block.texts)
    yield from map(escape, block.notes)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, texts: Sequence[int]) -> str:
    """A table whose columns of `texts` are aligned to the left, and the others to the right."""
    rule = ["---" if position in texts else "---:" for position in range(len(header))]
    escaped = [[escape(cell.strip()) for cell in row] for row in (header, *rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (escaped[0], rule, *escaped[1:]))


def _code(lines: Sequence[str], language: str) -> str:
    """A code block; its fence is longer than any sequence of backticks inside."""
    plain = [plain_text(line) for line in lines]
    runs = (len(run) for line in plain for run in re.findall("`+", line))
    fence = "`" * max(3, 1 + max(runs, default=0))
    return "\n".join((f"{fence}{language}", *plain, fence))


def link(text: str, target: Path) -> str:
    """A link to a file."""
    return f"[{escape(text)}]({quote(target.as_posix())})"


def item(text: str) -> str:
    """The text as an item of a list."""
    return f"- {_not_a_list(escape(text))}"


def _not_a_list(line: str) -> str:
    """The text of a list item, escaped so that it does not start a nested list (`- `, `1. `)."""
    return re.sub(r"^(\d*)([-+.)=])", r"\1\\\2", line)


def _short(document: Document, results: Sequence[GateResult], relative_to: Path) -> Iterator[str]:
    """The gates' results follow the scores; what the user has asked for comes last."""
    run = document.run
    status = f": {run.status}" if run else ""
    yield f"# {escape(fit_name(document.title, NAME_WIDTH))}{status}{_verdict(results)}"
    gates = [*_gates(results)]
    for section in document.sections:
        for block in () if section.is_requested else section.blocks:
            yield from _short_block(block)
            if isinstance(block, kinds.Scores):
                yield from gates
                gates = []
    yield from gates
    for section in document.sections:
        for block in section.blocks if section.is_requested else ():
            if isinstance(block, Table):
                yield f"**{escape(block.title)}**"
                yield _short_table(block)
    yield escape(capitalized(document.lead)) + (f", in {_place(run, relative_to)}" if run else "")


def _short_block(block: Block) -> Iterator[str]:
    """Without facts and commands: who reads the page has the run's folder, and no terminal."""
    match block:
        case kinds.Failure():
            yield escape(fit_sentence(" ".join(block.rows), SENTENCE_WIDTH))
        case kinds.Scores():
            yield _short_table(block.table)
        case Table():
            table = block.short or block
            rows = table.rows[-MAX_ROWS:] if table.keeps_end else table.rows[:MAX_ROWS]
            yield _short_table(replace(table, rows=rows))
            if table.notes:
                yield " ".join(map(escape, table.notes))
        case kinds.Notes():
            yield " ".join(map(escape, block.rows))
        case kinds.Warnings():
            yield "\n".join(item(f"warning: {warning}") for warning in block.rows)
        case kinds.Facts() | kinds.Files() | kinds.Command() | kinds.Excerpt() | kinds.Figure():
            pass


def _runs(documents: Sequence[Document], results: Sequence[GateResult], relative_to: Path) -> Iterator[str]:
    yield f"# {counted(len(documents), 'run')}{_verdict(results)}"
    yield from map(_short_table, runs_tables(documents))
    yield from _gates(results)
    yield from warned_runs(documents)
    places = (_place(document.run, relative_to) for document in documents if document.run)
    yield "\n".join(f"{number}. {place}" for number, place in enumerate(places, start=1))


def _verdict(results: Sequence[GateResult]) -> str:
    """For the heading: how many gates were missed; empty without gates."""
    if not results:
        return ""
    missed = sum(not result.passed for result in results)
    return f", {missed:,} of {counted(len(results), 'gate')} missed" if missed else ", all gates passed"


def _gates(results: Sequence[GateResult]) -> Iterator[str]:
    if results:
        gates = gate_table(results)
        yield _short_table(gates)
        yield from map(escape, gates.notes)


def _short_table(block: Table) -> str:
    """The table, with names short enough for a page."""
    rows = fit_columns(block.rows, dict.fromkeys(block.texts, NAME_WIDTH))
    return table(block.header, rows, texts=block.texts)

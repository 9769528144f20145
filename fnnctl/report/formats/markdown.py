"""The report as GitHub Markdown, with links to the figures.

Text from data and configs is escaped, so that it is not read as markup, HTML, a formula, or a new table cell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from fnnctl.report import sections as kinds
from fnnctl.report.document import Document
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.sections import Section, TableSection, command_lines
from fnnctl.report.words import QUOTED_COMMAND
from fnnctl.text import plain_text

_ADDRESS: Final = re.compile(r"(https?|ftp|www)(://|\.)", re.IGNORECASE)
"""The beginning of an address, which GitHub would make a link."""


def markdown_report(documents: Sequence[Document], results: Sequence[GateResult], relative_to: Path) -> str:
    """A report on the runs, followed by the gates' results; links are relative to `relative_to`."""
    blocks = [block for document in documents for block in _run(document, relative_to)]
    if results:
        blocks += markdown_section(gate_table(results))
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """The text on one line, escaped so that Markdown and HTML show it unchanged; quoted commands are code."""
    parts = QUOTED_COMMAND.split(plain_text(text))
    return "".join(f"`{part}`" if index % 2 else _escape(part) for index, part in enumerate(parts))


def _escape(text: str) -> str:
    without_html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_{}\[\]#$~|!])", r"\\\1", without_html)
    return _ADDRESS.sub(r"\1\\\2", escaped)


def _run(document: Document, relative_to: Path) -> Iterable[str]:
    folder = Path(os.path.relpath(document.path, relative_to))
    yield f"# {escape(document.name)}"
    where = "memory" if document.is_in_memory else link(str(document.path), folder)
    yield f"**{document.status}**, {document.when}, in {where}"
    for section in document.sections:
        yield from markdown_section(section, folder)


def markdown_section(section: Section, folder: Path = Path()) -> Iterable[str]:
    """The blocks of a section, whose files are in `folder`."""
    yield f"## {escape(section.title)}"
    match section:
        case TableSection():
            yield from markdown_table(section)
        case kinds.DefinitionList():
            yield table(("", ""), section.rows, texts=(0, 1))
        case kinds.Scores():
            yield from markdown_table(section.table)
        case kinds.Notes() | kinds.Warnings() | kinds.Failure():
            yield "\n".join(map(item, section.rows))
        case kinds.Command():
            yield _code(command_lines(section), "sh")
        case kinds.Excerpt():
            yield _code(section.rows, "yaml")
        case kinds.FileList():
            yield "\n".join(
                f"- {link(name, folder / name)}: {escape(description)}" for name, description in section.rows
            )
            for name, description in section.rows:
                if name.endswith(".png"):
                    yield "!" + link(description, folder / name)


def markdown_table(section: TableSection) -> Iterable[str]:
    """The table, and the sentences below it."""
    yield table(section.header, section.rows, texts=section.texts)
    yield from map(escape, section.notes)


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

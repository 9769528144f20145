"""The report as rich renderables, readable at 80 columns and when piped.

Text from data and configs becomes `Text` objects without control characters, so that it cannot act as rich
markup or as terminal escape codes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from fnnctl.report import sections as kinds
from fnnctl.report.document import Document
from fnnctl.report.gates import GateResult, gate_table
from fnnctl.report.sections import Section, TableSection, command_lines
from fnnctl.text import plain_text

STATUS_STYLES = {"completed": "green", "running": "cyan", "interrupted": "yellow"}
FAILED_STYLE = "red"
INDENT = GAP = 2
NAMES_WIDTH = 48
"""The first columns of texts in a table have this width together: longer names are broken into lines, so that
the numbers stay beside them. Columns that need less than their share leave the rest to the others."""


def terminal_report(
    documents: Sequence[Document], results: Sequence[GateResult] = (), *, width: int | None = None
) -> RenderableType:
    """A report on the runs, followed by the gates' results.

    Sentences are wrapped at `width` columns. Tables may be wider, and paths and other words are never broken.
    """
    parts = [_run(document, width) for document in documents]
    if results:
        parts.append(section_text(gate_table(results), width))
    return Group(*parts)


def titled_sections(
    title: str, headline: str, sections: Iterable[Section], width: int | None
) -> RenderableType:
    """A title, a line below it, and sections, whose sentences are wrapped at `width` columns."""
    parts = (section_text(section, width) for section in sections)
    return Group(_text(title, "bold"), _text(headline, "dim"), *parts)


def _run(document: Document, width: int | None) -> RenderableType:
    status = Text(document.status, style=status_style(document.status))
    return Group(
        Text.assemble(_text(document.name, "bold"), "  ", status),
        _text(str(document.path)),
        _text(document.when, "dim"),
        *(section_text(section, width) for section in document.sections),
        "",
    )


def status_style(status: str) -> str:
    """The colour of a run's status."""
    return STATUS_STYLES.get(status, FAILED_STYLE)


def section_text(section: Section, width: int | None) -> RenderableType:
    """A section below its title, whose sentences are wrapped at `width` columns."""
    inner = None if width is None else width - INDENT
    title = (section.narrow or section).title if isinstance(section, TableSection) else section.title
    match section:
        case TableSection():
            body: RenderableType = _table_and_notes(section.narrow or section, inner)
        case kinds.Scores():
            body = _table_and_notes(section.table, inner)
        case kinds.DefinitionList() | kinds.FileList():
            body = _pairs(section.rows, inner)
        case kinds.Notes() | kinds.Warnings() | kinds.Failure():
            body = Group(*(Text(_broken(f"- {line}", inner)) for line in section.rows))
        case kinds.Command():
            return Group("", _text(title, "bold"), *map(_unbroken, command_lines(section)))
        case kinds.Excerpt():
            return Group("", _text(title, "bold"), *map(_unbroken, section.rows))
    return Group("", _text(title, "bold"), Padding(body, (0, 0, 0, INDENT), expand=False))


def _table_and_notes(table: TableSection, width: int | None) -> RenderableType:
    return Group(_table(table), *(Text(_broken(line, width)) for line in table.notes))


def _table(table: TableSection) -> RichTable:
    grid = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="")
    widest = _name_widths(table)
    for position, title in enumerate(table.header):
        is_text = position in table.texts
        grid.add_column(
            _text(title),
            justify="left" if is_text else "right",
            overflow="fold",
            no_wrap=not is_text or position in table.unbroken,
            max_width=widest.get(position),
        )
    for row in table.rows:
        grid.add_row(*map(_text, row))
    return grid


def _name_widths(table: TableSection) -> dict[int, int]:
    """The widths at which the longest names break, by column."""
    names = next(position for position, column in enumerate((*table.texts, -1)) if column != position)
    cells = (table.header, *table.rows)
    widths = [max(cell_len(plain_text(row[column])) for row in cells) for column in range(names)]
    narrow = [width for width in widths if width * names <= NAMES_WIDTH]
    broken = [column for column, width in enumerate(widths) if width * names > NAMES_WIDTH]
    broken = [column for column in broken if column not in table.unbroken]
    return {column: (NAMES_WIDTH - sum(narrow)) // len(broken) for column in broken}


def _pairs(pairs: Sequence[tuple[str, str]], width: int | None) -> RichTable:
    grid = RichTable.grid(padding=(0, GAP))
    names = max(cell_len(plain_text(name)) for name, _ in pairs)
    # Without a minimum width rich measures a column by its longest word, even if it never wraps.
    grid.add_column(no_wrap=True, min_width=names)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(_text(name, "dim"), Text(_broken(value, width and width - names - GAP)))
    return grid


def _unbroken(line: str) -> Text:
    """A line that is never wrapped or cut off, because that would break a copied command."""
    return Text(" " * INDENT + plain_text(line), no_wrap=True, overflow="ignore")


def _broken(text: str, width: int | None) -> str:
    """The text wrapped at this width; longer words are not broken."""
    text = plain_text(text)
    if width is None or cell_len(text) <= width:
        return text
    return textwrap.fill(text, max(width, 1), break_long_words=False, break_on_hyphens=False)


def _text(text: str, style: str = "") -> Text:
    return Text(plain_text(text), style=style)

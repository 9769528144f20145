"""The report as rich renderables, readable at 80 columns and when piped.

Text from data and configs becomes `Text` objects without control characters, so that it cannot act as rich
markup or as terminal escape codes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from fnnctl.report import blocks as kinds
from fnnctl.report.blocks import Block, Table, command_lines
from fnnctl.report.document import Document
from fnnctl.report.formats.fitting import fit_columns
from fnnctl.text import plain_text

if TYPE_CHECKING:
    from fnnctl.report.gates import GateResult

MIN_UNBROKEN, BESIDE_UNBROKEN = 24, 70
"""The width of texts that are not broken in a narrow terminal, and what other columns need beside them."""
STATUS_STYLES = {"completed": "green", "running": "cyan", "interrupted": "yellow"}
FAILED_STYLE = "red"
INDENT = GAP = 2
NAMES_WIDTH = 48
"""The first columns of texts in a table have this width together: longer names are broken into lines, so that
the numbers stay beside them. Columns that need less than their share leave the rest to the others."""


def terminal_report(
    documents: Sequence[Document], results: Sequence[GateResult] = (), *, width: int | None = None
) -> RenderableType:
    """The documents, followed by the gates' results.

    Sentences are wrapped at `width` columns. Tables may be wider, and paths and other words are never broken.
    """
    parts = [_document(document, width) for document in documents]
    if results:
        from fnnctl.report.gates import gate_table  # it imports NumPy, which `doctor` may find broken

        parts.append(block_text(gate_table(results), width))
    return Group(*parts)


def _document(document: Document, width: int | None) -> RenderableType:
    title, lead = _text(document.title, "bold"), _text(document.lead, "dim")
    blocks = [block_text(block, width) for block in document.blocks if not isinstance(block, kinds.Figure)]
    if (run := document.run) is None:
        return Group(title, lead, *blocks)
    status = Text(run.status, style=status_style(run.status))
    return Group(Text.assemble(title, "  ", status), _text(str(run.path)), lead, *blocks, "")


def status_style(status: str) -> str:
    """The colour of a run's status."""
    return STATUS_STYLES.get(status, FAILED_STYLE)


def block_text(block: Block, width: int | None) -> RenderableType:
    """A block below its title, whose sentences are wrapped at `width` columns; texts show no figures."""
    inner = None if width is None else width - INDENT
    words = (block.narrow or block).title if isinstance(block, Table) else block.title
    title = Text(_broken(words, width), style="bold")
    match block:
        case Table():
            body: RenderableType = _table_and_notes(block.narrow or block, inner)
        case kinds.Scores():
            body = _table_and_notes(block.table, inner)
        case kinds.Facts() | kinds.Files():
            body = _pairs(block.rows, inner)
        case kinds.Notes() | kinds.Warnings() | kinds.Failure():
            body = Group(*(Text(_broken(f"- {line}", inner, indent="  ")) for line in block.rows))
        case kinds.Command():
            return Group("", title, *map(_unbroken, command_lines(block)))
        case kinds.Excerpt():
            return Group("", title, *map(_unbroken, block.rows))
        case kinds.Figure():
            return Group()
    return Group("", title, Padding(body, (0, 0, 0, INDENT), expand=False))


def _table_and_notes(table: Table, width: int | None) -> RenderableType:
    return Group(_table(table, width), *(Text(_broken(line, width)) for line in table.notes))


def _table(table: Table, width: int | None) -> RichTable:
    room = None if width is None else max(MIN_UNBROKEN, width - BESIDE_UNBROKEN)
    rows = table.rows if room is None else fit_columns(table.rows, dict.fromkeys(table.unbroken, room))
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
    for row in rows:
        grid.add_row(*map(_text, row))
    return grid


def _name_widths(table: Table) -> dict[int, int]:
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


def _broken(text: str, width: int | None, *, indent: str = "") -> str:
    """The text wrapped at this width, further lines after an indent; longer words are not broken."""
    text = plain_text(text)
    if width is None or cell_len(text) <= width:
        return text
    return textwrap.fill(
        text, max(width, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _text(text: str, style: str = "") -> Text:
    return Text(plain_text(text), style=style)

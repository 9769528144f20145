"""The report as rich renderables: readable at 80 columns, and when piped.

Text from data and configs goes into `Text` objects with its control characters stripped, so that rich sees
no markup in it and the terminal no escape codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from fnnctl.report.content import gate_table, headline, sections
from fnnctl.report.gates import GateResult
from fnnctl.report.pieces import (
    Command,
    FactList,
    FileList,
    Notes,
    Section,
    Table,
    command_lines,
)
from fnnctl.report.summary import Summary
from fnnctl.text import plain_text

STATUS_STYLES = {"completed": "green", "running": "cyan", "interrupted": "yellow"}
FAILED_STYLE = "red"


def terminal_report(summaries: Sequence[Summary], results: Sequence[GateResult] = ()) -> RenderableType:
    """The runs one below the other, and what the gates found."""
    parts = [_run(summary) for summary in summaries]
    if results:
        parts.append(_section(gate_table(results)))
    return Group(*parts)


def _run(summary: Summary) -> RenderableType:
    status = Text(summary.shown_status, style=STATUS_STYLES.get(summary.shown_status, FAILED_STYLE))
    return Group(
        Text.assemble(_text(summary.manifest.name, "bold"), "  ", status),
        _text(str(summary.path)),
        _text(headline(summary), "dim"),
        *(_section(section) for section in sections(summary)),
        "",
    )


def _section(section: Section) -> RenderableType:
    match section:
        case Table():
            body: RenderableType = _table(section)
        case FactList() | FileList():
            body = _pairs(section.rows)
        case Notes():
            body = Group(*(_text(f"- {line}") for line in section.rows))
        case Command():
            body = Group(*map(_text, command_lines(section)))
    return Group("", _text(section.title, "bold"), Padding(body, (0, 0, 0, 2), expand=False))


def _table(table: Table) -> RichTable:
    grid = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="")
    for position, title in enumerate(table.header):
        is_name = position == 0
        grid.add_column(
            _text(title), justify="left" if is_name else "right", overflow="fold", no_wrap=not is_name
        )
    for row in table.rows:
        grid.add_row(*map(_text, row))
    return grid


def _pairs(pairs: Sequence[tuple[str, str]]) -> RichTable:
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(_text(name, "dim"), _text(value))
    return grid


def _text(text: str, style: str = "") -> Text:
    return Text(plain_text(text), style=style)

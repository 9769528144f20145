"""`fnnctl datasets`: lists the built-in data sets."""

from __future__ import annotations

from dataclasses import asdict

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table

from fnnctl.console.output import Output
from fnnctl.data.builtin import BUILTIN


def datasets(output: Output) -> None:
    """List the built-in data sets with their sizes, sources and licences."""
    if output.json:
        output.json_object({"datasets": [{"name": name, **asdict(info)} for name, info in BUILTIN.items()]})
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("name", "rows", "columns", "target"):
        table.add_column(column, justify="right" if column in {"rows", "columns"} else "left")
    table.add_column("what", overflow="fold")
    sources = Table.grid(padding=(0, 2))
    for name, info in BUILTIN.items():
        columns = info.numeric + info.categorical
        target = "a number" if info.task == "regression" else f"{len(info.classes)} classes"
        table.add_row(name, f"{info.rows:,}", f"{columns}", target, info.description)
        sources.add_row(name, f"{info.source}; {info.licence}")
    output.render(Group(table, "Sources and licences", Padding(sources, (0, 0, 0, 2))))

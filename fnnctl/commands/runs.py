"""`fnnctl runs`: lists runs with their status and test score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from fnnctl.console.output import Output
from fnnctl.errors import DataError, MachineError
from fnnctl.metrics.reported import reported_metrics
from fnnctl.records.history import read_search
from fnnctl.report.sections import NOTHING, number
from fnnctl.report.summary import headline
from fnnctl.store.catalogue import RunEntry, list_runs
from fnnctl.text import plain_text


def runs(runs_dir: Path, output: Output) -> None:
    """List the runs of a folder, the newest last."""
    entries = [*map(_with_journal, list_runs(runs_dir))]
    if output.json:
        listed = [{**entry.to_dict(), "metrics": reported_metrics(entry.metrics)} for entry in entries]
        output.json_object({"runs": listed})
        return
    if not entries:
        output.note(f"there are no runs in {runs_dir} yet; `fnnctl train` makes one")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("run", "kind", "status"):
        table.add_column(column, no_wrap=True)
    rows = [_row(entry) for entry in entries]
    # On a narrow terminal a score may take two lines; a file or a program gets one line per run.
    least = None if output.is_terminal else max(len(row[-1]) for row in rows)
    table.add_column("test score", justify="right", min_width=least)
    for row in rows:
        table.add_row(*(Text(plain_text(value)) for value in row))
    output.render(table)
    for entry in entries:
        if entry.damage:
            output.note(f"{entry.run.path.name}: {entry.damage}")


def _with_journal(entry: RunEntry) -> RunEntry:
    """The entry; if it is a search whose journal is damaged, with the damage."""
    if entry.damage or entry.manifest is None or entry.manifest.kind != "search":
        return entry
    try:
        read_search(entry.run)
    except (DataError, MachineError) as error:
        return replace(entry, damage=error.message)
    return entry


def _row(entry: RunEntry) -> tuple[str, str, str, str]:
    kind = entry.manifest.kind if entry.manifest else ""
    found = headline(entry.manifest, entry.metrics) if entry.manifest else None
    score = f"{found[0]} {number(found[1])}" if found else NOTHING
    return entry.run.path.name, kind, entry.shown_status, score

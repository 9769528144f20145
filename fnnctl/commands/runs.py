"""`fnnctl runs`: lists the runs of a folder, or some of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.console.text_table import table_lines
from fnnctl.report.listing.fields import FACTS, Field, FieldSource, ListedRun, field_of
from fnnctl.report.listing.selection import Order, RunCondition, parse_conditions, select_runs
from fnnctl.report.listing.table import COLUMNS, LEFT_OUT, one_line_each, table_columns, to_dict
from fnnctl.store.listing import RunEntry, list_runs


def choose(
    entries: Sequence[RunEntry],
    conditions: Sequence[RunCondition],
    order: Order | None = None,
    columns: Sequence[Field] = (),
) -> list[ListedRun]:
    """As `chosen`; YAML is loaded only if a field is a setting."""
    fields = [*(condition.field for condition in conditions), *columns, *([order.field] if order else [])]
    if not any(field.source is FieldSource.SETTINGS for field in fields):
        return select_runs(entries, conditions, order, columns, lambda _: None)
    from fnnctl.report.listing.settings import SettingsReader

    reader = SettingsReader(entries)
    runs = select_runs(entries, conditions, order, columns, reader.read)
    reader.store()
    return runs


def runs(
    runs_dir: Path,
    *,
    where: Sequence[str] = (),
    sort: str | None = None,
    columns: Sequence[str] | None = (),
    limit: int | None = None,
    output: Output,
) -> None:
    """List the runs that meet all conditions, the newest last.

    With a `limit`, the newest are listed; if the runs are sorted, those that come first. `columns` None means
    all facts.
    """
    conditions = parse_conditions(where)
    order = Order.parse(sort) if sort else None
    asked = [field_of(name) for name in (FACTS if columns is None else columns)]
    entries = list_runs(runs_dir)
    listed = choose(entries, conditions, order, asked)
    if limit is not None:
        listed = listed[:limit] if order else listed[-limit:]
    if output.json:
        output.json_lines(one_line_each("runs", (to_dict(run.with_metrics(), asked) for run in listed)))
        return
    if not entries:
        output.note(f"there are no runs in {runs_dir} yet; `fnnctl train` makes one")
        return
    if not listed:
        which = "the only run" if len(entries) == 1 else f"none of the {len(entries):,} runs"
        verb = "does not meet" if len(entries) == 1 else "meets"
        output.note(f"{which} in {runs_dir} {verb} the conditions")
        return
    table = table_columns(asked or [field_of(name) for name in COLUMNS], listed)
    lines = table_lines(
        {column.heading: column.cells for column in table},
        right=[column.heading for column in table if column.right],
        width=None if asked else output.terminal_width,
        left_out=LEFT_OUT,
    )
    output.lines(f"{line}\n" for line in lines)
    for run in listed:
        if run.entry.damage:
            output.note(f"{run.entry.path.name}: {run.entry.damage}")

"""`fnnctl runs`: lists the runs of a folder, or some of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fnnctl.console.output import Output
from fnnctl.console.text_table import table_lines
from fnnctl.report.listing.fields import FACTS, Field, FieldSource, ListedRun, field_of
from fnnctl.report.listing.selection import Order, RunCondition, parse_conditions, select_runs
from fnnctl.report.listing.table import LEFT_OUT, one_line_each, table_columns, to_dict, usual_columns
from fnnctl.store.listing import RunEntry, list_runs, no_runs_message
from fnnctl.store.promotions import Promotions, try_promotions


class RunList(NamedTuple):
    """Some of the runs of a folder."""

    folder: Path
    total: int
    """How many runs the folder has."""
    runs: Sequence[ListedRun]
    fields: Sequence[Field]
    """The fields that the user wants to see; none for the usual ones."""
    problems: Sequence[str]
    """What is wrong with the names of promoted runs."""


def runs(
    runs_dir: Path,
    *,
    where: Sequence[str] = (),
    sort: str | None = None,
    columns: Sequence[str] | None = (),
    limit: int | None = None,
) -> RunList:
    """The runs that meet all conditions, the newest last.

    With a `limit`, these are the newest; if the runs are sorted, those that come first. `columns` None means
    all facts.
    """
    conditions = parse_conditions(where)
    order = Order.parse(sort) if sort else None
    fields = [field_of(name) for name in (FACTS if columns is None else columns)]
    promotions, damage = try_promotions(runs_dir)
    entries = list_runs(runs_dir, promotions.by_folder())
    chosen_runs = choose(entries, conditions, order, fields)
    if limit is not None:
        chosen_runs = chosen_runs[:limit] if order else chosen_runs[-limit:]
    problems = [damage] if damage else _without_runs(promotions, entries)
    return RunList(runs_dir, len(entries), chosen_runs, fields, problems)


def _without_runs(promotions: Promotions, entries: Sequence[RunEntry]) -> list[str]:
    """A sentence per promoted name whose run is gone."""
    folders = {entry.path.name for entry in entries} if promotions.present else set()
    return [
        f"the run {promotion.run} is gone, which was promoted as '{name}'"
        for name, promotion in promotions.present.items()
        if promotion.folder not in folders
    ]


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


def show_runs(run_list: RunList, output: Output) -> None:
    """Print the list, or say why it is empty."""
    if output.json:
        entries = (to_dict(run.with_metrics(), run_list.fields) for run in run_list.runs)
        output.json_lines(one_line_each("runs", entries))
        return
    for problem in run_list.problems:
        output.note(problem)
    if not run_list.total:
        output.note(no_runs_message(run_list.folder))
        return
    if not run_list.runs:
        which = "the only run" if run_list.total == 1 else f"none of the {run_list.total:,} runs"
        verb = "does not meet" if run_list.total == 1 else "meets"
        output.note(f"{which} in {run_list.folder} {verb} the conditions")
        return
    table = table_columns(run_list.fields or usual_columns(run_list.runs), run_list.runs)
    lines = table_lines(
        {column.heading: column.cells for column in table},
        right=[column.heading for column in table if column.right],
        width=None if run_list.fields else output.terminal_width,
        left_out=LEFT_OUT,
    )
    output.lines(f"{line}\n" for line in lines)
    for run in run_list.runs:
        if damage := run.entry.damage or run.entry.labels_damage:
            output.note(f"{run.entry.path.name}: {damage}")

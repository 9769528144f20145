"""A list of runs as the cells of a table, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from fnnctl.report.listing.fields import TIMES, WORDS, Field, FieldSource, ListedRun, field_of
from fnnctl.report.listing.selection import NO_VALUES, value_text
from fnnctl.report.words import NOTHING, number, seconds_text
from fnnctl.store.listing import DAMAGED, Position
from fnnctl.text import cut, plain_text

COLUMNS: Final = ("run", "name", "kind", "data", "status", "metric", "seed", "started", "duration")
"""The columns without `--columns`; those of `WORDS` follow if a run has any."""
LEFT_OUT: Final = (
    "name", "started", "seed", "duration", "data", "kind", "tags", "promoted", "metric", "status",
)  # fmt: skip
"""The order in which a narrow terminal leaves them out: first what the run's folder name says too."""


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of the table."""

    heading: str
    cells: tuple[str, ...]
    right: bool
    """Whether it is aligned to the right, as numbers are."""


def usual_columns(runs: Sequence[ListedRun]) -> list[Field]:
    """The fields that a list shows if the user names none."""
    words = [field for name in WORDS if any((field := field_of(name)).read(run) for run in runs)]
    return [*map(field_of, COLUMNS), *words]


def table_columns(fields: Sequence[Field], runs: Sequence[ListedRun]) -> list[ListColumn]:
    """One column per field, one cell per run."""
    return [
        ListColumn(
            field.name,
            tuple(plain_text(_cell(field, run)) for run in runs),
            _is_right(field, runs),
        )
        for field in fields
    ]


def _is_right(field: Field, runs: Sequence[ListedRun]) -> bool:
    if field.name == "metric":
        return False  # a label and a number
    values = [value for run in runs if (value := field.read(run)) not in NO_VALUES]
    return bool(values) and all(isinstance(value, int | float) for value in values)


def _cell(field: Field, run: ListedRun) -> str:
    value = field.read(run)
    if value in NO_VALUES:
        return NOTHING
    match field.name:
        case "note":
            return cut(" ".join(value.split()))
        case "metric":
            label, metric = run.metric or ("", value)
            return f"{label} {number(metric)}"
        case "duration":
            return seconds_text(value)
        case "seed":
            return str(value)
        case "status" if run.entry.alive and (position := Position.read(run.entry.path)):
            return f"{value} ({position})"
        case name if name in TIMES:
            return f"{value[:19]}Z" if len(value) > 19 else str(value)
    if field.source is FieldSource.SETTINGS:
        return f"{value:g}" if isinstance(value, float) else value_text(value)
    return number(value) if isinstance(value, float | int | list) else value_text(value)


def to_dict(run: ListedRun, columns: Sequence[Field]) -> dict[str, Any]:
    """The entry of `runs --json`. Facts of a damaged manifest are null, but the status is `damaged`.

    The run has its metrics.
    """
    entry, facts = run.entry, run.entry.facts
    listed: dict[str, Any] = {
        "run": str(entry.path),
        "kind": facts and facts.kind,
        "name": facts and facts.name,
        "status": facts.status if facts else DAMAGED,
        "alive": entry.alive,
        "progress": asdict(position) if entry.alive and (position := Position.read(entry.path)) else None,
        "data": facts and facts.data,
        "seed": facts and facts.seed,
        "started": facts and facts.started,
        "finished": facts and facts.finished,
        "duration": facts and facts.seconds,
        "metrics": run.metrics,
        "promoted": entry.promoted,
        "tags": None if entry.labels_damage else entry.labels.tags,
        "note": entry.labels.note,
        "damage": entry.damage or entry.labels_damage,
    }
    return {**listed, "columns": {field.name: field.read(run) for field in columns}} if columns else listed


def one_line_each(key: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A JSON object with a list, one line per entry: Python indents JSON ten times as slowly."""
    ends = f'{{"{key}": [\n  '
    for entry in entries:
        yield ends + json.dumps(entry, ensure_ascii=False, allow_nan=False)
        ends = ",\n  "
    yield "\n]}\n" if ends[0] == "," else f'{{"{key}": []}}\n'

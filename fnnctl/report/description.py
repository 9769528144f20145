"""The description of a table: what is known of it, as a document and as a JSON object."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.data.profile.columns import ColumnFacts, Extent
from fnnctl.data.profile.source import DEFAULT_ENCODING, SourceOptions
from fnnctl.data.profile.table import TableFacts
from fnnctl.messages import sentences
from fnnctl.metrics.drift import TableDrift
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_target import Candidate, TargetFacts
from fnnctl.report.blocks import Block, Command, Notes, Table
from fnnctl.report.document import Document, block_section, merge_blocks
from fnnctl.report.formats.fitting import fit_names
from fnnctl.report.topics.drift import drift_table
from fnnctl.report.words import NOTHING
from fnnctl.text import counted, plain_text, quoted, truncate_end, word_list

MAX_LISTED: Final = 200
"""How many columns, notes and classes are listed; JSON has all of them."""
MAX_ALIKE = 4
"""More columns with the same note share a line."""
REGRESSION_COMMAND: Final = "fnnctl train --set data.task=regression"
LONGEST_NAME, VALUE_WIDTH = 120, 14
"""The most characters of a column's name, and of a frequent value. A terminal may have less room."""


@dataclass(frozen=True, slots=True)
class Description:
    """What `describe` says about a table."""

    options: SourceOptions
    table: TableFacts
    target: TargetFacts | None
    candidates: tuple[Candidate, ...]
    """The columns that could be the target; empty if it is known."""
    check: ColumnCheck
    """How well each column alone predicts the target, if that is known."""
    obstacle: str | None = None
    """Why no experiment is possible; None if one is, as far as that is known without a target."""
    drift: TableDrift | None = None
    """How far the table is from the training rows of a run; None if it is compared with none."""

    @property
    def headline(self) -> str:
        """The size of the table, on one line."""
        repeated = "no repeated rows"
        if self.table.repeated_rows:
            repeated = f"{counted(self.table.repeated_rows, 'row')} equal to an earlier one"
        rows, columns = counted(self.table.rows, "row"), counted(len(self.table.columns), "column")
        return f"{rows}, {columns}, {repeated}"

    @property
    def init_command(self) -> str:
        """The command that writes an experiment; the target is the known one, or the likeliest."""
        options, source = self.options, self.table.source
        words = ["fnnctl", "init", "--data", options.source]
        if source.path is not None and not source.arrays:
            words += ["--target", self._target_name()]
        if options.delimiter is not None:
            words += ["--delimiter", options.delimiter]
        if options.encoding != DEFAULT_ENCODING:
            words += ["--encoding", options.encoding]
        for option in options.part.options.items():
            words += option
        return shlex.join(words)

    def extent(self, column: ColumnFacts) -> Extent | None:
        """The numbers of a column; None if it has none, and of classes, which have no order."""
        is_class = self.target is not None and self.target.classes and column.name == self.target.name
        return None if is_class else column.extent

    @property
    def target_notes(self) -> tuple[str, ...]:
        """Sentences if the classes of the target may be amounts or in an order, or its values counts."""
        if self.target is None:
            return ()
        quantity, counts = self.target.quantity, self.target.counts
        notes, looks_like, treated = [], counts or quantity, []
        if quantity is not None:
            classes = f"`fnnctl train` treats them as {len(self.target.classes)} classes"
            treated.append(f"{classes}, `{REGRESSION_COMMAND}` as amounts")
        if counts is not None:
            treated.append("`model.output: poisson` estimates the logarithm of their mean")
        if looks_like is not None:
            notes.append(f"looks like {looks_like}: {', '.join(treated)}")
        if order := self.target.likely_order:
            setting = f"class_order: {flow_yaml(list(order))}"
            notes.append(f"looks like classes in an order: `{setting}` in the config's data section says so")
        return tuple(notes)

    def _target_name(self) -> str:
        if self.target is not None:
            return self.target.name
        name = self.candidates[0].name if self.candidates else ""
        return name if name.isprintable() and name else "COLUMN"


def description_document(description: Description) -> Document:
    """The target, the columns, what to look at, and what comes next."""
    table, target = description.table, description.target
    about_target = [f"{_quoted(target.name)} {note}" for note in description.target_notes] if target else []
    reasons = (f"{_quoted(candidate.name)}: {candidate.reason}" for candidate in description.candidates)
    end: Block = Command("Write an experiment", (description.init_command,))
    if description.obstacle is not None:
        end = Notes("No experiment is possible", (description.obstacle,))
    blocks = merge_blocks(
        (
            *([drift_table(description.drift, "these rows")] if description.drift else []),
            *([_target(table, target)] if target else []),
            _columns(description),
            Notes(
                "To look at",
                (*table.warnings, *about_target, *sentences(description.check.warnings), *_notes(table)),
            ),
            Notes("What could be the target", tuple(reasons)),
            end,
        )
    )
    return Document(table.source.file, description.headline, tuple(map(block_section, blocks)))


def description_json(description: Description) -> dict[str, Any]:
    """The object of `describe --json`."""
    table, target = description.table, description.target
    return {
        "source": table.source.file,
        "rows": table.rows,
        "repeated_rows": table.repeated_rows,
        "target": target.name if target else None,
        "task": target.task if target else None,
        "classes": [{"class": name, "rows": rows} for name, rows in target.classes] if target else [],
        "candidates": [
            {"name": candidate.name, "reason": candidate.reason} for candidate in description.candidates
        ],
        "warnings": [*table.warnings, *sentences(description.check.warnings)],
        "columns": [_column_json(description, column) for column in table.columns],
        "drift": None if description.drift is None else description.drift.to_dict(),
    }


def _column_json(description: Description, column: ColumnFacts) -> dict[str, Any]:
    table, extent = description.table, description.extent(column)
    is_target = column.name == table.source.target_name
    return {
        "name": column.name,
        "kind": column.type.kind,
        "missing": column.missing,
        "unique": column.unique,
        "notes": [
            *(description.target_notes if is_target else ()),
            *(note.text for note in table.notes.get(column.name, ())),
        ],
        "leave_out": column.name in table.left_out,
        "range": [extent.low, extent.high] if extent else list(column.span) if column.span else None,
        "median": extent.median if extent else None,
        "frequent": [{"value": text, "rows": rows} for text, rows in column.frequent],
    }


def _target(table: TableFacts, target: TargetFacts) -> Block:
    unlabelled = table.rows - target.rows
    if target.classes:
        classes = target.classes[:MAX_LISTED]
        names = fit_names((name for name, _ in classes), LONGEST_NAME)
        rows = [
            (name, f"{count:,}", _percent(count, target.rows))
            for name, (_, count) in zip(names, classes, strict=True)
        ]
        if more := target.classes[MAX_LISTED:]:
            rest = sum(count for _, count in more)
            rows.append((f"{len(more):,} more", f"{rest:,}", _percent(rest, target.rows)))
        if unlabelled:
            rows.append(("without a value", f"{unlabelled:,}", NOTHING))
        title = f"Target {_quoted(target.name)}: {len(target.classes):,} classes"
        return Table(title, ("class", "rows", "share"), tuple(rows), unbroken=(0,))
    extent = table[target.name].extent
    numbers = () if extent is None else (f"least, median and largest number: {_range(extent)}",)
    missing = (f"{counted(unlabelled, 'row')} without a value",) if unlabelled else ()
    return Notes(f"Target {_quoted(target.name)}: a regression", (*numbers, *missing))


def _columns(description: Description) -> Table:
    columns = description.table.columns[:MAX_LISTED]
    names = fit_names((column.name for column in columns), LONGEST_NAME)
    rows = [(name, *_cells(description, column)) for name, column in zip(names, columns, strict=True)]
    if more := len(description.table.columns) - len(rows):
        rows.append((f"{more:,} more: see --json", "", "", "", ""))
    header = ("column", "kind", "missing", "unique", "values")
    return Table("Columns", header, tuple(rows), texts=(0, 1, 4), unbroken=(0,))


def _cells(description: Description, column: ColumnFacts) -> tuple[str, ...]:
    missing = f"{column.missing:,} ({_percent(column.missing, column.rows)})" if column.missing else "0"
    values = ", ".join(_frequent(column))
    if (extent := description.extent(column)) is not None:
        values = _range(extent)
    elif column.span is not None:
        values = " … ".join(column.span)
    kind = "target" if column.name == description.table.source.target_name else column.type.kind
    return kind, missing, f"{column.unique:,}", values


def _frequent(column: ColumnFacts) -> Iterator[str]:
    for text, rows in column.frequent:
        share = f" {_percent(rows, column.rows)}" if rows > 1 else ""
        yield truncate_end(plain_text(text), VALUE_WIDTH) + share


def _notes(table: TableFacts) -> tuple[str, ...]:
    """A sentence for each note, or for several alike; those on columns to leave out come first."""
    alike: dict[tuple[bool, str, str], list[tuple[str, str]]] = {}
    for name, notes in table.notes.items():
        for note in notes:
            advice = "; not used" if note.kind == "ignored" else "; leave it out" if note.leave_out else ""
            key = not note.leave_out, advice, note.in_common or note.text
            alike.setdefault(key, []).append((_quoted(name), note.text))
    sentences: list[str] = []
    for (_, advice, start), pairs in sorted(alike.items(), key=lambda pair: pair[0][0]):
        if len(pairs) > MAX_ALIKE:
            sentences.append(f"{word_list([name for name, _ in pairs], MAX_ALIKE)}: {start}{advice}")
        else:
            sentences += [f"{name}: {text}{advice}" for name, text in pairs]
    more = len(sentences) - MAX_LISTED
    return tuple(sentences[:MAX_LISTED] + ([f"and {more:,} more: see --json"] if more > 0 else []))


def _range(extent: Extent) -> str:
    ends = (extent.low,) if extent.low == extent.high else (extent.low, extent.median, extent.high)
    return " … ".join(map(extent.text, ends))


def _percent(part: int, whole: int) -> str:
    """`12 %`, or `< 1 %`."""
    share = 100 * part / max(1, whole)
    return f"{share:.1f} %" if share < 10 else f"{share:.0f} %"


def _quoted(name: str) -> str:
    return quoted(name) if name else "the column without a name"

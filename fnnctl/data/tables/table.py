"""A data file as typed columns: each is numeric, categorical, or ignored."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.dataset import ROW_NUMBER
from fnnctl.data.mapped_numbers import MappedNumbers
from fnnctl.data.problems import Problems
from fnnctl.data.tables.columns import NumberColumn, NumberColumns, TextColumn, ValueCounts
from fnnctl.data.tables.matrix import NumberMatrix
from fnnctl.data.tables.numbers import almost_number, plain_numbers
from fnnctl.data.tables.rows import CsvFormat, RowBlock, open_rows
from fnnctl.text import shown

Kind = Literal["numeric", "categorical", "ignore", "weights", "group"]


@dataclass(frozen=True, slots=True)
class Table:
    """One file's columns by name, and the names in the order of its header."""

    names: tuple[str, ...]
    numeric: NumberMatrix
    """The columns of numbers; it has no rows if these are `mapped`."""
    categorical: dict[str, CodedTexts]
    """The label is one of them."""
    rows: int
    weights: FloatArray | None = None
    """(rows,) float64, NaN if missing."""
    groups: IntArray | None = None
    """(rows,) the number of each row's group, -1 if missing."""
    lines: IntArray | None = None
    """(rows,) the line where each row starts; known for a CSV file with weights."""
    mapped: MappedNumbers | None = None
    file_rows: IntArray = field(default_factory=lambda: np.empty(0, ROW_NUMBER))
    """(rows,) the rows' numbers in the file, from 0, once they are `labelled`."""
    header_line: int | None = None
    """The line of the columns' names; None if the file has no lines."""

    def labelled(self, target: str) -> Table:
        """The rows that have a value in the column `target`; the others are dropped in place."""
        kept = self.categorical[target].codes >= 0
        file_rows = np.flatnonzero(kept).astype(ROW_NUMBER)
        if kept.all():
            return replace(self, file_rows=file_rows)
        self.numeric.keep(kept, self.numeric.names)
        for name, column in self.categorical.items():
            self.categorical[name] = replace(column, codes=column.codes[kept])
        extra = {"weights": self.weights, "groups": self.groups, "lines": self.lines}
        chosen: dict[str, Any] = {key: None if each is None else each[kept] for key, each in extra.items()}
        return replace(self, rows=len(file_rows), file_rows=file_rows, **chosen)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A column of the file while it is read."""

    name: str
    kind: Kind | None
    """The declared kind; None if its values decide."""
    column: NumberColumn | TextColumn | None
    """None if it is left out."""


class _Reading:
    """The state of one pass through a file."""

    def __init__(self, slots: list[_Slot], missing: frozenset[str]) -> None:
        self.slots = slots
        self._others, positions, columns = [], [], []
        for position, slot in enumerate(slots):
            if isinstance(slot.column, NumberColumn) and slot.kind != "weights":
                positions.append(position)
                columns.append(slot.column)
            elif slot.column:
                self._others.append((position, slot))
        self._numbers = NumberColumns(columns, positions, missing)
        self.numeric = NumberMatrix([slots[position].name for position in positions])
        self.weights, self.lines = array("d"), array("q")
        self.header_line: int | None = None

    def add(self, block: RowBlock) -> None:
        for position, slot in self._others:
            values = block.column(position)
            if isinstance(slot.column, TextColumn):
                slot.column.add(values, block.lines)
            elif slot.column:
                self.weights.frombytes(slot.column.read(values, block.lines).tobytes())
                self.lines.extend(block.lines)
        self.numeric.append(self._numbers.read(block))

    def table(self, names: tuple[str, ...]) -> Table:
        texts = {slot: slot.column.coded() for slot in self.slots if isinstance(slot.column, TextColumn)}
        groups = [column.codes for slot, column in texts.items() if slot.kind == "group"]
        return Table(
            names,
            self.numeric,
            {slot.name: column for slot, column in texts.items() if slot.kind != "group"},
            self.numeric.rows,
            np.array(self.weights) if self.weights else None,
            groups[0] if groups else None,
            np.array(self.lines) if self.weights else None,
            header_line=self.header_line,
        )


def read_table(
    path: Path, form: CsvFormat, kinds: Mapping[str, Kind], problems: Problems, *, others: Kind | None = None
) -> Table:
    """Read a CSV file. The kind of a column that is not in `kinds` is `others`, or inferred from its values.

    A column is numeric if all its values are plain numbers, and categorical if most are texts. If most are
    numbers and some are not, that is a fault: a single typo must not change the kind of a column.
    Faults are noted in `problems`; the table must not be used then.
    """
    names, reading = _read(path, form, kinds, others, problems)
    if reading.numeric.rows == 0 and not problems:
        problems.add("the file has a header but no rows")
    late = _settle(reading.slots, problems)
    if late and not problems:
        # The first values of these columns were read as numbers, so their texts are lost: read them again.
        names, reading = _read(path, form, {**kinds, **late}, others, problems)
    return reading.table(names)


def _read(
    path: Path, form: CsvFormat, kinds: Mapping[str, Kind], others: Kind | None, problems: Problems
) -> tuple[tuple[str, ...], _Reading]:
    reading = _Reading([], form.missing)
    with open_rows(path, form, problems) as file:
        for block in file.blocks:
            if not reading.slots:
                kind_of = [kinds.get(name, others) for name in file.names]
                reading = _Reading(_slots(file.names, kind_of, block, form.missing), form.missing)
            reading.add(block)
    reading.header_line = file.header_line
    return file.names, reading


def _slots(
    names: Sequence[str], kinds: Sequence[Kind | None], block: RowBlock, missing: frozenset[str]
) -> list[_Slot]:
    """Start the columns with their declared kinds, or with the kinds that their first values look like."""
    open_kinds = [position for position, kind in enumerate(kinds) if kind is None]
    all_numeric = plain_numbers(block.values(open_kinds), missing) is not None
    slots: list[_Slot] = []
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        numeric = kind in ("numeric", "weights")
        if kind is None:
            numeric = all_numeric or plain_numbers(block.column(position), missing) is not None
        column = NumberColumn(missing) if numeric else TextColumn(missing)
        left_out = kind == "ignore" or (not name and kind is None)
        slots.append(_Slot(name, kind, None if left_out else column))
    return slots


def _settle(slots: list[_Slot], problems: Problems) -> dict[str, Kind]:
    """Note numeric columns with texts; return the columns read as numbers that turned out categorical."""
    late: dict[str, Kind] = {}
    for slot in slots:
        if slot.column is None or (slot.kind and isinstance(slot.column, TextColumn)):
            continue
        counts = slot.column.value_counts()
        if counts.first is None:
            continue
        if slot.kind or counts.texts <= counts.numbers + counts.almost:
            problems.add(_no_number(slot, counts.first[1], counts), line=counts.first[0])
        elif isinstance(slot.column, NumberColumn):
            late[slot.name] = "categorical"
    return late


def _no_number(slot: _Slot, text: str, counts: ValueCounts) -> str:
    wrong = almost_number(text) or f"{shown(text)} is not a number"
    values = counts.numbers + counts.almost + counts.texts
    advice = "Correct it, or add the column to data.columns.categorical or the value to data.missing_values"
    if slot.kind == "weights":
        advice = "The column of data.weights needs a number in every row"
    elif "," in text and counts.almost > counts.numbers + counts.texts:
        advice = "Write them all like this: a spreadsheet does so if its number format is English"
    found = f"{counts.numbers:,} of the column's {values:,} values are numbers"
    return f"column {shown(slot.name)}: {wrong} ({found}). {advice}"

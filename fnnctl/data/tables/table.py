"""A data file as typed columns: each is numeric, categorical, or ignored."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.detection import TypedColumn, typed
from fnnctl.data.columns.formats.base import DeclaredKind, Notation
from fnnctl.data.columns.numbers import have_code, number_problem, plain_numbers
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.files import UNREPORTED, OnRead, refuse_too_large
from fnnctl.data.matrix import MappedNumbers, NumberMatrix, Packing
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import Block, Column, refuse_unusable
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.column_readers import (
    NumberColumn,
    NumberColumns,
    TextColumn,
    ValueCounts,
    text_column,
)
from fnnctl.data.tables.memory_table import MemoryTable
from fnnctl.data.tables.open_table import CsvFormat, OpenTable
from fnnctl.data.tables.readers import open_table
from fnnctl.data.tables.typed_columns import (
    find_types,
    note_collisions,
    possible_thousands,
    put_together,
    read_known_types,
    read_plain,
    read_typed,
)
from fnnctl.text import counted, quoted

Kind = Literal["numeric", "categorical", "date", "ignore", "weights", "exposure", "group"]
"""What a config declares a column to be."""
ROW_KINDS: Final[tuple[Kind, ...]] = ("weights", "exposure")
"""The kinds of columns whose numbers are facts about the rows, and no features."""
UNDECIDED: Final[tuple[Kind | None, ...]] = (None, "numeric", "date")
"""The kinds of columns whose format is found from their values."""
ROW_NUMBER = np.uint32
"""The type of row numbers in a file: four billion rows are enough."""
BYTES_PER_VALUE: Final = 4
"""The memory that a value needs in a large table: a float32, or a code."""


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
    group_texts: Sequence[str] = ()
    """The value of each group."""
    exposures: FloatArray | None = None
    """(rows,) float64, NaN if missing."""
    lines: IntArray | None = None
    """(rows,) the line where each row starts; known for a CSV file with weights or exposures."""
    mapped: MappedNumbers | None = None
    file_rows: IntArray = field(default_factory=lambda: np.empty(0, ROW_NUMBER))
    """(rows,) the rows' numbers in the file, from 0, once they are `labelled`."""
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    """The type of each column of a CSV file, in the order of its header."""
    notation: Notation = field(default_factory=Notation)
    header_line: int | None = None
    """The line of the columns' names; None if the file has no lines."""
    grouped: Mapping[str, TypedColumn] = field(default_factory=dict)
    """The columns by which rows are grouped, whatever else they are, with the types of their values."""
    sha256: str | None = None
    """The digest of the names and rows; None if that of the file's bytes tells them."""
    notes: tuple[str, ...] = ()
    """What the user should know of the rows."""

    def labelled(self, targets: Sequence[str]) -> Table:
        """The rows that have a value in one of the columns `targets`; the others are dropped in place."""
        has_label = np.logical_or.reduce([self.categorical[name].codes >= 0 for name in targets])
        file_rows = np.flatnonzero(has_label).astype(ROW_NUMBER)
        if has_label.all():
            return replace(self, file_rows=file_rows)
        self.numeric.keep(has_label, self.numeric.names)
        for name, column in self.categorical.items():
            self.categorical[name] = replace(column, codes=column.codes[has_label])
        names = ("weights", "groups", "exposures", "lines")
        per_row = {name: getattr(self, name) for name in names}
        labelled: dict[str, Any] = {
            key: None if values is None else values[has_label] for key, values in per_row.items()
        }
        grouped = {name: column.of_rows(has_label) for name, column in self.grouped.items()}
        return replace(self, rows=len(file_rows), file_rows=file_rows, grouped=grouped, **labelled)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A column of the file while it is read."""

    name: str
    kind: Kind | None
    """The declared kind; None if its values decide."""
    reader: NumberColumn | TextColumn | None
    """None if it is left out."""


class _Pass:
    """One pass through a file: what its columns have read."""

    def __init__(
        self,
        slots: list[_Slot],
        missing: frozenset[str],
        block_rows: int,
        grouped: Mapping[int, TextColumn] | None = None,
    ) -> None:
        self.slots, self._block_rows = slots, block_rows
        self._grouped = grouped or {}
        """The readers of the columns by which rows are grouped, by position; they may have a slot, too."""
        self._single: list[tuple[int, _Slot]] = []
        """The columns that are not read together, with their positions."""
        positions, readers = [], []
        for position, slot in enumerate(slots):
            if isinstance(slot.reader, NumberColumn) and slot.kind not in ROW_KINDS:
                positions.append(position)
                readers.append(slot.reader)
            elif slot.reader:
                self._single.append((position, slot))
        self._numbers = NumberColumns(readers, positions, missing)
        self.numeric = NumberMatrix([slots[position].name for position in positions])
        self._held: FloatArray = np.empty((0, len(positions)))
        """The last rows of numbers, if they are not appended yet."""
        self._of_rows: dict[Kind | None, array[float]] = {
            slot.kind: array("d") for slot in slots if slot.kind in ROW_KINDS
        }
        self._lines = array("q")

    def add(self, block: Block) -> None:
        columns = block.columns
        for position, reader in self._grouped.items():
            reader.add(columns[position], block.lines)
        for position, slot in self._single:
            if isinstance(slot.reader, TextColumn):
                slot.reader.add(columns[position], block.lines)
            elif slot.reader:
                values = slot.reader.read(columns[position].texts(), block.lines)
                self._of_rows[slot.kind].frombytes(values.tobytes())
        if self._of_rows:
            self._lines.extend(block.lines)
        numbers = self._numbers.read(block)
        if len(self._held):
            numbers = np.concatenate([self._held, numbers])
        if isinstance(block, CellRows):
            # The first rows decide how numbers are packed: those of the blocks that `csv` reads.
            rows = self._block_rows
            while not self.numeric.is_packed and len(numbers) >= rows:
                self.numeric.append(numbers[:rows])
                numbers = numbers[rows:]
            if not self.numeric.is_packed:
                self._held = numbers
                return
        self.numeric.append(numbers)
        self._held = numbers[:0]

    def finish(self) -> None:
        """Append the last rows."""
        self.numeric.append(self._held)

    def late(self) -> list[str]:
        """The columns that were read as numbers but have texts or codes, too."""
        return [
            slot.name
            for slot in self.slots
            if slot.kind in UNDECIDED
            and isinstance(slot.reader, NumberColumn)
            and (slot.reader.value_counts().first is not None or (slot.kind is None and slot.reader.has_code))
        ]

    def undecided(self, known: frozenset[str]) -> dict[str, DeclaredKind | None]:
        """The columns of texts whose types are not `known`, with their declared kinds."""
        undecided: dict[str, DeclaredKind | None] = {}
        for slot in self.slots:
            if isinstance(slot.reader, TextColumn) and slot.name not in known:
                match slot.kind:
                    case None | "numeric" | "date":
                        undecided[slot.name] = slot.kind
        return undecided

    def possible_thousands(self, known: frozenset[str]) -> list[str]:
        """The columns of plain numbers whose points may separate thousands, without the `known` ones."""
        open_names = {slot.name for slot in self.slots if slot.kind in UNDECIDED} - known
        return [name for name in possible_thousands(self.numeric) if name in open_names]

    def grouped_texts(self, names: tuple[str, ...]) -> dict[str, CodedTexts]:
        """The columns by which rows are grouped."""
        return {names[position]: reader.finish() for position, reader in self._grouped.items()}

    def table(self, names: tuple[str, ...]) -> Table:
        """All columns; the types of those of texts are not known yet."""
        texts = {slot: slot.reader.finish() for slot in self.slots if isinstance(slot.reader, TextColumn)}
        groups = next((column for slot, column in texts.items() if slot.kind == "group"), None)
        return Table(
            names,
            self.numeric,
            {slot.name: column for slot, column in texts.items() if slot.kind != "group"},
            self.numeric.rows,
            weights=self._numbers_of("weights"),
            groups=None if groups is None else groups.codes,
            group_texts=() if groups is None else groups.texts,
            exposures=self._numbers_of("exposure"),
            lines=np.array(self._lines) if self._lines else None,
        )

    def _numbers_of(self, kind: Kind) -> FloatArray | None:
        values = self._of_rows.get(kind)
        return np.array(values) if values else None


def read_table(
    source: Path | MemoryTable,
    form: CsvFormat,
    kinds: Mapping[str, Kind | None],
    problems: Problems,
    *,
    default_kind: Kind | None = None,
    grouped: Mapping[str, ColumnType | None] | None = None,
    on_read: OnRead = UNREPORTED,
) -> Table:
    """Read a table; columns that are not in `kinds` have the `default_kind`. If it is None, values decide.

    Columns with one of the known `form.formats`, or known to be `form.plain`, have that; for the others, see
    `detection`. The
    columns in `grouped` are read for groups as well, with a type that is known, or that their values decide;
    those that the file lacks are left out. The table
    must not be used if a problem is noted in `problems`. `on_read` is called in each pass through the file.
    """
    grouped, known = grouped or {}, form.plain.union(form.formats)

    digests: list[str] = []

    def read(problems: Problems, texts: Iterable[str] = ()) -> tuple[OpenTable, _Pass]:
        opened, read_pass = _read(source, form, kinds, default_kind, problems, texts, tuple(grouped), on_read)
        if opened.sha256 is not None:
            digests.append(opened.sha256())
            if digests[0] != digests[-1]:
                problems.add("the rows have changed while they were read: read them again")
                raise problems.error()
        return opened, read_pass

    file, last_pass = read(problems)
    if last_pass.numeric.rows == 0 and not problems:
        problems.add(
            "the table has no rows" if file.header_line is None else "the file has a header but no rows"
        )
    for slot in last_pass.slots:
        if slot.kind in ROW_KINDS and isinstance(slot.reader, NumberColumn):
            _refuse_texts(slot.name, slot.kind, slot.reader.value_counts(), problems)
    if late := last_pass.late():
        # The first values of these columns were read as numbers, so their texts are lost: read them again.
        _, last_pass = read(Problems(problems.file), late)
    table = last_pass.table(file.names)
    notation = Notation(
        form.decimal_mark,
        european=file.delimiter == ";",
        patterns=form.patterns,
        is_csv=not file.has_types,
    )
    undecided = last_pass.undecided(known)
    columns, notation = find_types(table.categorical, undecided, notation, form.missing, problems)
    if not problems and notation.decimal_commas and (thousands := last_pass.possible_thousands(known)):
        # `1.234` is a plain number, and its text was not kept. That another column has decimal commas, which
        # makes it a thousand, is known only after the last row: the third pass is the price of a rare file.
        _, last_pass = read(Problems(problems.file), [*late, *thousands])
        table = last_pass.table(file.names)
        undecided = last_pass.undecided(known)
        columns, notation = find_types(table.categorical, undecided, notation, form.missing, problems)
    columns |= read_known_types(table.categorical, form.formats, form.missing, problems)
    columns |= read_plain(table.categorical, form.plain, form.missing, problems)
    if problems:
        return table
    note_collisions(columns, file.names, problems)
    by_group = _typed_groups(last_pass.grouped_texts(file.names), grouped, kinds, notation, form, problems)
    numeric, categorical, types = put_together(
        file.names, table.numeric, table.categorical, columns, frozenset(kinds)
    )
    return replace(
        table,
        numeric=numeric,
        categorical=categorical,
        types=types,
        notation=notation,
        header_line=file.header_line,
        grouped=by_group,
        sha256=digests[0] if digests else None,
        notes=file.notes,
    )


def _typed_groups(
    texts: Mapping[str, CodedTexts],
    known: Mapping[str, ColumnType | None],
    kinds: Mapping[str, Kind | None],
    notation: Notation,
    form: CsvFormat,
    problems: Problems,
) -> dict[str, TypedColumn]:
    """The columns by which rows are grouped, with `known` types or with those of their `texts`."""
    columns = {
        name: read_typed(name, column, column_type, form.missing, problems)
        for name, column in texts.items()
        if (column_type := known[name]) is not None
    }
    undecided: dict[str, DeclaredKind | None] = {}
    for name in (name for name in texts if name not in columns):
        match kinds.get(name):
            case "categorical":
                columns[name] = typed(name, texts[name], "categorical", declared=True)
            case "numeric" | "weights" | "exposure":
                undecided[name] = "numeric"
            case "date":
                undecided[name] = "date"
            case _:
                undecided[name] = None
    return columns | find_types(texts, undecided, notation, form.missing, problems)[0]


def _read(
    source: Path | MemoryTable,
    form: CsvFormat,
    kinds: Mapping[str, Kind | None],
    default_kind: Kind | None,
    problems: Problems,
    texts: Iterable[str],
    grouped: Collection[str],
    on_read: OnRead,
) -> tuple[OpenTable, _Pass]:
    """One pass through the file; the columns named in `texts` are read as texts, those in `grouped` also for
    groups.
    """
    as_texts = frozenset([*texts, *form.formats])
    with open_table(source, form, problems) as file:
        this_pass = _Pass([], form.missing, file.block_rows)
        kind_of = [kinds.get(name, default_kind) for name in file.names]
        by_group = [j for j, name in enumerate(file.names) if name in grouped]
        read = [(j, name) for j, name in enumerate(file.names) if _is_used(name, kind_of[j]) or j in by_group]
        for block in file.blocks:
            columns = block.columns
            refuse_unusable(((name, columns[j]) for j, name in read), problems)
            if not this_pass.slots:
                # The same rows decide as if `csv` had read them, and no more become strings.
                first = block.part(slice(file.block_rows))
                slots = _slots(file.names, kind_of, first, as_texts, form)
                readers = {j: text_column(first.columns[j], form.missing) for j in by_group}
                this_pass = _Pass(slots, form.missing, file.block_rows, readers)
                refuse_too_large((file.rows or 0) * len(read) * BYTES_PER_VALUE, problems.file)
            this_pass.add(block)
            on_read(problems.file, file.share())
        this_pass.finish()
    return file, this_pass


def _slots(
    names: Sequence[str],
    kinds: Sequence[Kind | None],
    block: Block,
    as_texts: frozenset[str],
    form: CsvFormat,
) -> list[_Slot]:
    """Start the columns with their declared kinds, or with the kinds that their first values look like.

    If the decimal mark is a comma, every column is read as texts, because `1.234` is no plain number then,
    unless its values are numbers by their type.
    """
    slots: list[_Slot] = []
    for name, kind, column in zip(names, kinds, block.columns, strict=True):
        if not _is_used(name, kind):
            slots.append(_Slot(name, kind, None))
            continue
        numeric = kind in ROW_KINDS
        if kind in (None, "numeric") and name not in as_texts:
            numeric = _looks_numeric(column, form, codes=kind == "numeric")
        reader = NumberColumn(form.missing) if numeric else text_column(column, form.missing)
        slots.append(_Slot(name, kind, reader))
    return slots


def _is_used(name: str, kind: Kind | None) -> bool:
    """Whether a column is read; one without a name is an index."""
    return kind != "ignore" and (name != "" or kind is not None)


def _looks_numeric(column: Column, form: CsvFormat, *, codes: bool) -> bool:
    """Whether the first values of a column are numbers; with `codes`, those such as `01234` are, too."""
    typed = column.numbers()
    if typed is not None and not np.isinf(typed).any():
        return True
    if typed is None and form.decimal_mark == "comma":
        return False
    values = column.texts()
    is_plain = plain_numbers(values, form.missing) is not None
    return is_plain and (codes or not have_code(values, form.missing))


def _refuse_texts(name: str, kind: Kind | None, counts: ValueCounts, problems: Problems) -> None:
    """Note the first value of weights or exposures that is not a number."""
    if counts.first is None:
        return
    line, text = counts.first
    problem = number_problem(text)
    values = counts.numbers + counts.almost + counts.texts
    count = f"numbers: {counts.numbers:,} of {counted(values, 'value')}"
    advice = f"The column of data.{kind} needs a number in every row"
    problems.add(f"column {quoted(name)}: {problem} ({count}). {advice}", line=line)


def numeric_matrix(tables: Sequence[Table], names: Sequence[str]) -> tuple[FloatArray, Packing | None]:
    """Join the columns `names` of the tables as (N, p) stored numbers, with their packing.

    The numbers of the other tables are appended to the first, so that the data are in memory only once.
    """
    first, *rest = tables
    first.numeric.keep(np.ones(first.rows, np.bool_), names)
    for table in rest:
        for block, wanted in table.numeric.blocks(names):
            first.numeric.append(block, wanted)
    return first.numeric.finish()


def code_matrix(
    tables: Sequence[Table], names: Sequence[str]
) -> tuple[IntArray, tuple[tuple[str, ...], ...]]:
    """Join the columns `names` as (N, q) int32 codes, -1 if missing; also return the categories.

    Each column is removed from its table as soon as it is copied, to free its memory.
    """
    matrix = np.empty((sum(table.rows for table in tables), len(names)), np.int32, order="F")
    categories = []
    for j, name in enumerate(names):
        joined = CodedTexts.concatenate([table.categorical[name] for table in tables])
        matrix[:, j] = joined.codes
        categories.append(joined.texts)
        for table in tables:
            del table.categorical[name]
    return matrix, tuple(categories)

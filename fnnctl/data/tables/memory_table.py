"""Tables in memory: data frames of any library, mappings of columns and lists of records, as columns.

Data frames are known by their interface, so that no library of frames is imported here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from types import NoneType
from typing import Any, Final, Self, TypeGuard

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.data.problems import Problems
from fnnctl.data.tables.arrow import arrow_column, frame_columns
from fnnctl.data.tables.blocks import (
    Block,
    ColumnBlock,
    NumberValues,
    UnusableValues,
    in_parts,
    typed_block_rows,
)
from fnnctl.data.tables.memory_columns import MemoryColumn, array_column, objects_column
from fnnctl.data.tables.open_table import OpenTable, check_names
from fnnctl.data.tables.records import block_rows
from fnnctl.errors import DataError, Problem
from fnnctl.text import counted, cut, quoted

DIGEST_ROWS: Final = 2**14
"""A digest takes this many rows at a time; another number would give other digests."""
ARROW_INTERFACES: Final = ("__arrow_c_stream__", "__arrow_c_array__")
_NUMPY_TYPE: Final = re.compile(r"u?int(8|16|32|64)|float(16|32|64)|bool(ean)?")


def memory_error(message: str) -> DataError:
    """The error for data that cannot be taken from memory."""
    return DataError(Problem(message, file=MEMORY_SOURCE))


@dataclass(frozen=True, slots=True)
class MemoryTable:
    """Columns of one length, by name."""

    names: tuple[str, ...]
    columns: tuple[MemoryColumn, ...]

    @property
    def rows(self) -> int:
        """N."""
        return len(self.columns[0]) if self.columns else 0

    @property
    def has_types(self) -> bool:
        """Whether some values are not texts; a table of texts is read like a CSV file."""
        return any(column.type_name not in {"text", "null"} for column in self.columns)

    def with_column(self, name: str, column: MemoryColumn) -> Self:
        """The table with one more column."""
        return replace(self, names=(*self.names, name), columns=(*self.columns, column))

    @property
    def block_rows(self) -> int:
        """The rows of a block: as many as in the file with the same values."""
        width = len(self.names)
        return typed_block_rows(width) if self.has_types else block_rows(width)

    def open(self, problems: Problems) -> OpenTable:
        """The table as an open one; wrong names are noted."""
        check_names(self.names, None, problems)
        size = self.block_rows
        blocks = in_parts(ColumnBlock(range(1, self.rows + 1), self.columns), size)
        return OpenTable.of_rows(self.names, blocks, self.rows, block_rows=size, has_types=self.has_types)

    def digest(self) -> bytes:
        """SHA-256 of names, types and values in their order."""
        digest = hashlib.sha256(b"table\0")
        for name, column in zip(self.names, self.columns, strict=True):
            digest.update(column_digest(name, column))
        return digest.digest()


def column_digest(name: str, column: MemoryColumn) -> bytes:
    """SHA-256 of a column's name, type, number of rows and values."""
    digest = hashlib.sha256(f"{name}\0{column.type_name}\0{len(column)}\0".encode("utf-8", "surrogatepass"))
    rows = 0 if isinstance(column, UnusableValues) else len(column)
    for start in range(0, rows, DIGEST_ROWS):
        part = column.part(slice(start, start + DIGEST_ROWS))
        if isinstance(part, NumberValues):
            digest.update(part.to_bytes())
        else:
            texts = part.texts()
            digest.update(np.fromiter(map(len, texts), "<i8", len(texts)).tobytes())
            digest.update("".join(texts).encode("utf-8", "surrogatepass"))
    return digest.digest()


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Records that all have some names: a `Block` whose columns have types only when they are asked for.

    To read one record this way takes a tenth of the time that its table would take.
    """

    names: Sequence[str]
    records: Sequence[Mapping[str, Any]]

    @property
    def lines(self) -> range:
        """The number of each record, from 1."""
        return range(1, len(self.records) + 1)

    @property
    def columns(self) -> Sequence[MemoryColumn]:
        """The columns."""
        return _RecordColumns(self)

    def numbers(self, positions: Sequence[int]) -> FloatArray | None:
        """Some columns, (n, p), if all their values are finite numbers of Python or None; else None."""
        names = [self.names[position] for position in positions]
        values = [record[name] for record in self.records for name in names]
        if not {int, float, NoneType}.issuperset(map(type, values)):
            return None
        try:
            numbers = np.array(values, np.float64).reshape(len(self.records), len(names))
        except OverflowError:
            return None
        return None if np.isinf(numbers).any() else numbers

    def part(self, rows: slice) -> Block:
        """Some consecutive records."""
        columns = [column.part(rows) for column in self.columns]
        return ColumnBlock(self.lines[rows], columns)


class _RecordColumns(Sequence[MemoryColumn]):
    def __init__(self, block: RecordBlock) -> None:
        self._block = block

    def __len__(self) -> int:
        return len(self._block.names)

    def __getitem__(self, position: Any) -> Any:
        name = self._block.names[position]
        return objects_column([record[name] for record in self._block.records])


def memory_table(data: object) -> MemoryTable | None:
    """The table of a data frame, a mapping or a list of mappings; None for anything else.

    Raises DataError if it is one of these, but no table can be made of it.
    """
    if isinstance(data, Mapping):
        return _of_columns(list(data), [_values(name, values) for name, values in data.items()])
    if isinstance(data, list | tuple) and data and all(isinstance(record, Mapping) for record in data):
        return _of_records(data)
    if is_frame(data):
        return _of_frame(data)
    return None


def is_frame(data: object) -> TypeGuard[Any]:
    """Whether an object is a data frame: it has the interface of Arrow or of frames, or columns by name."""
    if is_series(data) or unread_method(data):
        return False
    # The type is asked, because the columns of a pandas frame are attributes, too.
    if any(hasattr(type(data), name) for name in (*ARROW_INTERFACES, "__dataframe__")):
        return True
    return hasattr(data, "columns") and hasattr(type(data), "__getitem__")


def unread_method(data: object) -> str | None:
    """The method that reads the rows of a lazy data frame; None for other objects."""
    methods = "collect", "compute", "toPandas"
    return next((name for name in methods if hasattr(type(data), name)), None)


def is_series(data: object) -> TypeGuard[Any]:
    """Whether an object is one column of a data frame."""
    return hasattr(type(data), "to_numpy") and not hasattr(data, "columns")


def _of_columns(names: Sequence[object], columns: Sequence[MemoryColumn]) -> MemoryTable:
    problems = Problems(MEMORY_SOURCE)
    table = MemoryTable(tuple(_name(name, problems) for name in names), tuple(columns))
    problems.raise_any()
    if not table.columns:
        raise memory_error("the table has no columns")
    for name, column in zip(table.names, table.columns, strict=True):
        if len(column) != table.rows:
            first = f"{quoted(table.names[0])} has {table.rows:,}"
            problems.add(f"the column {quoted(name)} has {counted(len(column), 'value')}, but {first}")
    problems.raise_any()
    return table


def _name(name: object, problems: Problems) -> str:
    """A column's name without blanks around it; a number stands for its digits."""
    if isinstance(name, str):
        return str(name).strip()
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        return str(name)
    kind = type(name).__name__
    problems.add(f"the column name {cut(repr(name))} is of type {kind}: a name is a text or a whole number")
    return ""


def _values(name: object, values: object) -> MemoryColumn:
    """The column of a list, an array or a column of a data frame, with a value per row."""
    which = f"the column {cut(repr(name))}"
    if isinstance(values, list | tuple | range):
        return objects_column(values)
    if not isinstance(values, np.ndarray):
        if is_series(values):
            return series_column(values)
        if not hasattr(values, "__array__"):
            is_value = values is None or isinstance(values, str | bytes | int | float | complex)
            kind = "a single value" if is_value else f"of type {type(values).__name__}"
            raise memory_error(f"{which} is {kind}: a list or an array is needed, with a value per row")
        values = np.asarray(values)
    if values.shape[1:] == (1,):
        values = values.reshape(-1)
    if values.ndim != 1:
        raise memory_error(f"{which} has the shape {values.shape}: one value per row is needed")
    return array_column(values)


def series_column(series: Any) -> MemoryColumn:
    """The column of a data frame by its own methods, without Arrow."""
    if hasattr(series, "cat") and hasattr(series.cat, "codes"):
        categories = [*series.cat.categories, None]
        return objects_column([categories[code] for code in series.cat.codes])  # the code -1 picks the last
    if hasattr(series, "to_pylist"):
        return arrow_column(series)
    kind = str(getattr(series, "dtype", "")).lower()
    to_list = getattr(series, "to_list", None) or getattr(series, "tolist", None)
    if to_list is None or _NUMPY_TYPE.fullmatch(kind):
        array = np.asarray(series.to_numpy())
        # a column of integers with missing values became one of NaN; as a list it still has its values
        if to_list is None or array.dtype.name == kind.removesuffix("ean"):
            return array_column(array)
    return objects_column(to_list())


def _of_records(records: Sequence[Mapping[Any, object]]) -> MemoryTable:
    """The table of records; a record without one of the names has a missing value."""
    names = list(dict.fromkeys(chain.from_iterable(records)))
    columns = [objects_column([record.get(name) for record in records]) for name in names]
    return _of_columns(names, columns)


def _of_frame(frame: Any) -> MemoryTable:
    """The table of a data frame; an index is left out."""
    names = frame_names(frame)
    plain = frame
    if names is not None and hasattr(type(frame), "set_axis"):  # Arrow takes the index of pandas for columns
        plain = frame.set_axis([str(j) for j in range(len(names))], axis=1).reset_index(drop=True)
    has_arrow = any(hasattr(type(frame), name) for name in ARROW_INTERFACES)
    arrow = frame_columns(plain, has_arrow=has_arrow) if has_arrow or names is None else None
    if arrow is not None:
        return _of_columns(arrow[0] if names is None else names, arrow[1])
    if names is None or not hasattr(type(frame), "__getitem__"):
        kind = type(frame).__name__
        raise memory_error(f"an object of type {kind} cannot be read as a data frame without pyarrow")
    keys = names if plain is frame else list(plain.columns)
    return _of_columns(names, [series_column(plain[key]) for key in keys])


def frame_names(frame: Any) -> list[object] | None:
    """The names of a data frame's columns; None if only reading it tells them."""
    named = hasattr(type(frame), "column_names")  # the columns of Arrow's tables are arrays
    names = frame.column_names if named else getattr(frame, "columns", None)
    return list(names) if isinstance(names, Iterable) else None

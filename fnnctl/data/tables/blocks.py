"""Blocks of columns: what every reader of tables yields, and what training and prediction read.

A column is typed where it enters. The values of Parquet files and of tables in memory have types of their
own: numbers are numbers from the start. Texts, such as those of CSV files, become numbers or codes once
(`column_readers`), and get their notation when a whole column is known (`typed_columns`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.data.problems import Problems
from fnnctl.text import quoted

NULL: Final = "\0"
"""The text of a null: always missing, and no text of a CSV file, whatever the other missing values are."""
BLOCK_VALUES = 2**13
"""About this many values form a block, which then fits in the processor's cache: with 2^16 values, a block of
strings takes 40 % longer."""
MIN_BLOCK_ROWS = 128
"""Blocks of wide tables would otherwise have few rows, and each block costs some calls per column."""
_MAGNITUDES: Final = np.array([float(f"1e{exponent}") for exponent in range(-9, 8)])
"""The sizes at which a number gets one more digit before the point, or one less zero after it."""
_MOST_BEFORE_POINT: Final = 8
"""The digits before the point of the largest magnitude."""
_POWERS: Final = np.array([float(f"1e{exponent}") for exponent in range(23)])
"""The powers of ten that are exact in float64."""
_EXACT_INTEGERS: Final = 2**24
"""A float32 below has the digits of a whole number, if it is one."""


class UnusableTypeError(Exception):
    """The values of a column are of a type that no column of a table has; the message names the type."""


def typed_block_rows(width: int) -> int:
    """The rows of a block of a table whose values have types."""
    return max(MIN_BLOCK_ROWS, BLOCK_VALUES // width)


class Column(Protocol):
    """The values of a column in n consecutive rows."""

    def __len__(self) -> int:
        """n."""

    def part(self, rows: slice) -> Column:
        """Some consecutive rows."""

    def texts(self) -> Sequence[str]:
        """The values as texts, `NULL` for null: numbers with all their digits, dates and times in ISO 8601.

        Raises UnusableTypeError for `UnusableValues`.
        """

    def numbers(self) -> FloatArray | None:
        """The numbers that the texts stand for, (n,) float64, NaN for null; None if the type is no number."""


class Block(Protocol):
    """Some consecutive rows of a table, column by column."""

    @property
    def lines(self) -> Sequence[int]:
        """The line where each row starts, or the row's number in a file without lines, counted from 1."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns in the order of the table's names, with a value per row each."""

    def numbers(self, positions: Sequence[int]) -> FloatArray | None:
        """Some columns, (n, p), read together; None if one has no type of numbers, or an infinite number."""

    def part(self, rows: slice) -> Block:
        """Some consecutive rows."""


def in_parts(block: Block, rows: int) -> Iterator[Block]:
    """A block in blocks of this number of rows."""
    if len(block.lines) <= rows:
        yield block
        return
    for start in range(0, len(block.lines), rows):
        yield block.part(slice(start, start + rows))


@dataclass(frozen=True, slots=True)
class ColumnBlock:
    """Columns that each have their own values: a `Block`."""

    lines: Sequence[int]
    columns: Sequence[Column]

    @classmethod
    def of_texts(cls, lines: Sequence[int], rows: Iterable[Sequence[str]]) -> Self:
        """Rows of texts, which are equally long."""
        return cls(lines, [TextValues(values) for values in zip(*rows, strict=True)])

    def numbers(self, positions: Sequence[int]) -> FloatArray | None:
        """Some columns, (n, p); None if one has no type of numbers, or an infinite number."""
        numbers = np.empty((len(self.lines), len(positions)))
        for j, position in enumerate(positions):
            if (values := self.columns[position].numbers()) is None:
                return None
            numbers[:, j] = values
        return None if np.isinf(numbers).any() else numbers

    def part(self, rows: slice) -> ColumnBlock:
        """Some consecutive rows."""
        return ColumnBlock(self.lines[rows], [column.part(rows) for column in self.columns])

    def first_columns(self, count: int) -> ColumnBlock:
        """The rows with their first columns alone."""
        return ColumnBlock(self.lines, self.columns[:count])


@dataclass(frozen=True, slots=True)
class NumberValues:
    """Numbers or truth values, with NaN as a missing value: a `Column`."""

    values: npt.NDArray[Any]
    """(n,) of a NumPy type for booleans, integers or floating-point numbers."""
    missing: BoolArray | None = None
    """(n,) further missing values; None if there are none."""

    @property
    def type_name(self) -> str:
        """Kind and bytes, such as `f8`."""
        return self.values.dtype.str[1:]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> NumberValues:
        """Some consecutive rows."""
        return NumberValues(self.values[rows], None if self.missing is None else self.missing[rows])

    def texts(self) -> list[str]:
        """Numbers with all their digits."""
        texts = number_texts(self.values)
        if self.missing is None:
            return texts
        return [NULL if gap else text for text, gap in zip(texts, self.missing.tolist(), strict=True)]

    def numbers(self) -> FloatArray | None:
        """The numbers; None for truth values."""
        values = self.values
        if values.dtype.kind == "b":
            return None
        numbers = _shortest(values) if _is_short(values) else values.astype(np.float64)
        return numbers if self.missing is None else np.where(self.missing, np.nan, numbers)

    def to_bytes(self) -> bytes:
        """The bytes of the values, with one NaN in place of all missing ones."""
        values, gaps = self.values, self.missing
        if gaps is None:
            return number_bytes(values)
        if values.dtype.kind == "f":
            return number_bytes(np.where(gaps, np.nan, values))
        return number_bytes(np.where(gaps, 0, values)) + gaps.tobytes()


def number_bytes(values: npt.NDArray[Any]) -> bytes:
    """The numbers' bytes in rows, the lowest byte first, and each NaN as the same one."""
    if values.dtype.kind == "f" and (gaps := np.isnan(values)).any():
        values = np.where(gaps, values.dtype.type(np.nan), values)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def number_texts(values: npt.NDArray[Any]) -> list[str]:
    """Numbers (n,) with all their digits, null for NaN; truth values as `true` and `false`."""
    if values.dtype.kind == "b":
        return ["true" if value else "false" for value in values.tolist()]
    if values.dtype.kind in "iu":
        return list(map(str, values.tolist()))
    if _is_short(values):
        values = _shortest(values)
    return [NULL if math.isnan(value) else repr(value) for value in values.tolist()]


def _is_short(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind == "f" and values.dtype.itemsize < 8


def _shortest(values: npt.NDArray[Any]) -> FloatArray:
    """float16 or float32 (n,) as the float64 numbers with the fewest digits that are read as the same.

    The digits of a float32 are its own, not those of the float64 next to it. If six digits do not give it
    back, seven are tried, and so on. A whole number divided by a power of ten is the float64 next to the
    decimal fraction, because both are exact. Very small and large numbers go through texts, which takes ten
    times as long.
    """
    short = values.astype(np.float32)
    with np.errstate(invalid="ignore"):  # of a NaN with other bits than usual
        numbers = short.astype(np.float64)
    size = np.abs(numbers)
    is_set = size == 0
    rows = np.flatnonzero((size >= _MAGNITUDES[0]) & (size < _EXACT_INTEGERS))
    places = len(_MAGNITUDES) - np.searchsorted(_MAGNITUDES, size[rows], side="right")
    for digits in range(6, 10):
        power = _POWERS[np.maximum(places + digits - _MOST_BEFORE_POINT, 0)]
        decimal = np.rint(numbers[rows] * power) / power
        fits = decimal.astype(np.float32) == short[rows]
        numbers[rows[fits]], is_set[rows[fits]] = decimal[fits], True
        rows, places = rows[~fits], places[~fits]
    unset = np.flatnonzero(~is_set)
    numbers[unset] = [float(str(value)) for value in short[unset]]
    return numbers


@dataclass(frozen=True, slots=True)
class TextValues:
    """Values that are texts already: a `Column`."""

    values: Sequence[str]
    type_name: str = "text"

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> TextValues:
        """Some consecutive rows."""
        return TextValues(self.values[rows], self.type_name)

    def texts(self) -> Sequence[str]:
        """The texts."""
        return self.values

    def numbers(self) -> FloatArray | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class UnusableValues:
    """Values of a type that no column of a table has; the column may be left out: see `refuse_unusable`."""

    rows: int
    type_name: str
    line: int | None = None
    """The line of the first such value, if the column's other values may be usable."""
    fault: str = ""
    """What is wrong with this value, as a sentence, if it is not its type."""

    def __len__(self) -> int:
        return self.rows

    def part(self, rows: slice) -> UnusableValues:
        """Some consecutive rows."""
        return replace(self, rows=len(range(*rows.indices(self.rows))))

    def texts(self) -> Sequence[str]:
        """Raises UnusableTypeError."""
        raise UnusableTypeError(self.type_name)

    def numbers(self) -> FloatArray | None:
        """None."""
        return None


def refuse_unusable(columns: Iterable[tuple[str, Column]], problems: Problems) -> None:
    """Note each of the columns whose type is not one of a table's; raise DataError if there are any."""
    unusable = False
    for name, column in columns:
        if isinstance(column, UnusableValues):
            reason = f"has the type {quoted(column.type_name)}, not numbers, texts, dates or booleans"
            message = f"the column {quoted(name)} {reason}: leave it out (data.columns.ignore), or convert it"
            if column.fault:
                reason = column.fault
                message = f"column {quoted(name)}: {reason}, or leave the column out (data.columns.ignore)"
            problems.add_unusable(name, message, reason, column.line)
            unusable = True
    if unusable:
        raise problems.error()

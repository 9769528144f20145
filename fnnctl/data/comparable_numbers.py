"""Numbers on which all forms of a table agree, so that its rows can be recognized in another one.

Few numbers are kept as float64 and many as packed float32, which lose digits. A comparable number is one
that both forms give: an integer itself, any other number rounded to 20 significant bits. Where packed numbers
round differently, which is rare, a correction keeps the comparable number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray

_LOST_BITS: Final = 33
"""How many of the 53 significant bits of a float64 are rounded away."""
_HALF: Final = np.int64(1 << (_LOST_BITS - 1))
_KEPT: Final = np.int64(-1 << _LOST_BITS)
_NEAR_ZERO: Final = 2.0**-22
"""Numbers this much smaller than their column's offset are packed zeros."""


def comparable(numbers: FloatArray) -> FloatArray:
    """The comparable numbers of float64 ones of any shape: zero has no sign, and there is one NaN."""
    numbers = np.ascontiguousarray(numbers)
    rounded = ((numbers.view(np.int64) + _HALF) & _KEPT).view(np.float64)
    numbers_or_rounded = np.where(np.trunc(numbers) == numbers, numbers, rounded)
    numbers_or_rounded += 0.0
    numbers_or_rounded[np.isnan(numbers)] = np.nan
    return numbers_or_rounded


def recovered(unpacked: FloatArray, offset: FloatArray) -> FloatArray:
    """The comparable numbers of unpacked ones (n, p) with this `offset` (p,), before they are corrected."""
    numbers = np.where(np.abs(unpacked) <= _NEAR_ZERO * np.abs(offset), 0.0, unpacked)
    return comparable(numbers)


@dataclass(frozen=True, slots=True)
class Corrections:
    """The cells whose comparable number does not follow from the number that is kept."""

    rows: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    """(m,) ascending."""
    columns: IntArray = field(default_factory=lambda: np.empty(0, np.int32))
    """(m,)"""
    numbers: FloatArray = field(default_factory=lambda: np.empty(0))
    """(m,) the comparable numbers."""

    @classmethod
    def between(cls, numbers: FloatArray, wanted: FloatArray, first_row: int) -> Corrections:
        """The cells (n, p) that are not as `wanted`, both comparable; the first row is number `first_row`."""
        rows, columns = np.nonzero(numbers.view(np.int64) != wanted.view(np.int64))
        return cls(rows + first_row, columns.astype(np.int32), wanted[rows, columns])

    @classmethod
    def joined(cls, parts: Sequence[Corrections]) -> Corrections:
        """Those of consecutive rows."""
        if not parts:
            return cls()
        names = ("rows", "columns", "numbers")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def apply(self, numbers: FloatArray, first_row: int) -> None:
        """Correct comparable numbers (n, p) of all columns in place; the first row is `first_row`."""
        start, end = np.searchsorted(self.rows, [first_row, first_row + len(numbers)])
        cells = slice(start, end)
        numbers[self.rows[cells] - first_row, self.columns[cells]] = self.numbers[cells]

    def select(self, rows: BoolArray, columns: Sequence[int]) -> Corrections:
        """Those of the marked rows (N,) and of some columns, by their new numbers."""
        new_rows = np.cumsum(rows) - 1
        new_columns = np.full(max(columns, default=-1) + 1, -1, np.int32)
        new_columns[list(columns)] = np.arange(len(columns))
        inside = self.columns < len(new_columns)
        is_kept = rows[self.rows] & inside
        is_kept[is_kept] = new_columns[self.columns[is_kept]] >= 0
        return Corrections(
            new_rows[self.rows[is_kept]], new_columns[self.columns[is_kept]], self.numbers[is_kept]
        )

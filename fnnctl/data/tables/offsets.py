"""Numbers as float32 without harm: kept as distances from their column's origin, in their column's unit.

float32 has seven digits. Of 1,700,000,000 seconds it would keep every 128th, and 1e300 not at all; of the
distances from a value in the column's middle it keeps all that a network, which sees them scaled, can see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray

_LARGEST = float(np.finfo(np.float32).max)
_HEADROOM = 32
_LARGEST_EXPONENT = 895


@dataclass(frozen=True, slots=True)
class Units:
    """A column's number is `stored · unit + origin`, for p columns."""

    origin: FloatArray
    """(p,) a value of the column, so that whole numbers stay whole."""
    unit: FloatArray
    """(p,) powers of two: no digit is lost by them."""

    @classmethod
    def of(cls, sample: FloatArray) -> Units:
        """Choose them from a column's first numbers, (n, p) with NaN where missing.

        The largest distance in the sample is stored as 2⁻³²: later ones may be 10⁴⁸ times as large, and those
        10²⁸ times as small keep their digits.
        """
        origin, unit = np.zeros(sample.shape[1]), np.ones(sample.shape[1])
        for j, column in enumerate(sample.T):
            values = column[~np.isnan(column)]
            if not values.size:
                continue
            half = values.size // 2
            origin[j] = np.clip(np.partition(values, half)[half], -(2.0**1022), 2.0**1022)
            farthest = np.max(np.abs(values * 0.5 - origin[j] * 0.5))  # halves cannot overflow
            if farthest > 0:
                exponent = int(np.frexp(farthest)[1]) + 1 + _HEADROOM
                unit[j] = np.ldexp(1.0, min(exponent, _LARGEST_EXPONENT))
        return cls(origin, unit)

    def chosen(self, columns: Sequence[int]) -> Units:
        """Of some columns only."""
        return Units(self.origin[list(columns)], self.unit[list(columns)])

    def stored(self, numbers: FloatArray) -> FloatArray:
        """(n, p) float64 → float32; what lies beyond float32 becomes its largest number."""
        with np.errstate(over="ignore"):
            distances = (numbers - self.origin) / self.unit
        return np.clip(distances, -_LARGEST, _LARGEST, out=distances).astype(np.float32)

    def restored(self, stored: FloatArray, columns: slice = slice(None)) -> FloatArray:
        """(n, p) float32, or some of the columns → float64."""
        numbers = stored.astype(np.float64)
        numbers *= self.unit[columns]
        numbers += self.origin[columns]
        return numbers

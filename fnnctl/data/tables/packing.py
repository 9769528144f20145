"""Packed numbers: float32 values with a scale and an offset per column, precise enough for a network.

float32 has seven digits: it rounds 1,700,000,000 seconds to a multiple of 128, and cannot represent 1e300.
So the scaled distance from a value in the middle of the column is stored. It keeps every digit that matters
to a network, whose features are scaled anyway.
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
class Packing:
    """Offset and scale of p columns; a number is `packed · scale + offset`."""

    offset: FloatArray
    """(p,) a value from each column, so that integers stay integers."""
    scale: FloatArray
    """(p,) powers of two, which cause no rounding."""

    @classmethod
    def of(cls, sample: FloatArray) -> Packing:
        """Choose scale and offset from the first numbers of each column, (n, p) with NaN if missing.

        The largest distance in the sample is packed as 2⁻³². Later distances may be 10⁴⁸ times larger, and
        distances that are 10²⁸ times smaller keep their digits.
        """
        offset, scale = np.zeros(sample.shape[1]), np.ones(sample.shape[1])
        for j, column in enumerate(sample.T):
            values = column[~np.isnan(column)]
            if not values.size:
                continue
            half = values.size // 2
            offset[j] = np.clip(np.partition(values, half)[half], -(2.0**1022), 2.0**1022)
            farthest = np.max(np.abs(values * 0.5 - offset[j] * 0.5))  # halves cannot overflow
            if farthest > 0:
                exponent = int(np.frexp(farthest)[1]) + 1 + _HEADROOM
                scale[j] = np.ldexp(1.0, min(exponent, _LARGEST_EXPONENT))
        return cls(offset, scale)

    def select(self, columns: Sequence[int]) -> Packing:
        """The packing of some of the columns."""
        return Packing(self.offset[list(columns)], self.scale[list(columns)])

    def pack(self, numbers: FloatArray) -> FloatArray:
        """(n, p) float64 → float32; a distance beyond float32 becomes its largest number."""
        with np.errstate(over="ignore"):
            distances = (numbers - self.offset) / self.scale
        return np.clip(distances, -_LARGEST, _LARGEST, out=distances).astype(np.float32)

    def unpack(self, packed: FloatArray, columns: slice = slice(None)) -> FloatArray:
        """(n, p) float32, or some of the columns → float64."""
        numbers = packed.astype(np.float64)
        numbers *= self.scale[columns]
        numbers += self.offset[columns]
        return numbers

"""The distribution function of the normal distribution on arrays: NumPy has none."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray

END: Final = 8.5
"""Farther from 0 a tail is less than the rounding of 1."""
PER_UNIT: Final = 256
ROOT: Final = math.sqrt(2 * math.pi)


def cdf(z: FloatArray) -> FloatArray:
    """The share below each z, to 10⁻¹²: cubic interpolation in a table, with the density as the slope."""
    shares, slopes = _table()
    position = (np.clip(z, -END, END) + END) * PER_UNIT
    left = np.minimum(position.astype(np.intp), len(shares) - 2)
    t = position - left
    low, rise = shares[left], shares[left + 1] - shares[left]
    first, last = slopes[left] - rise, slopes[left + 1] - rise
    found: FloatArray = low + t * (rise + (1 - t) * ((1 - t) * first - t * last))
    return found


@cache
def _table() -> tuple[FloatArray, FloatArray]:
    """The shares below evenly spaced points, and their slopes per step."""
    points = np.arange(round(2 * END * PER_UNIT) + 1) / PER_UNIT - END
    shares = np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in points])
    return shares, np.exp(-0.5 * points**2) / (ROOT * PER_UNIT)

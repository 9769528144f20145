"""Location and spread of columns of numbers: the statistics for scaling and imputation.

They are computed in float64 after division by a power of two. That keeps sums and squares of huge or tiny
numbers (1e300, 1e-300) in range, and loses only digits below 1e-300 of the largest number. Several columns
are computed at once; the bits of one do not depend on the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray


class Statistics(NamedTuple):
    """What c columns are imputed and scaled with, (c,) each."""

    fill: FloatArray
    """The median or mean, in the place of missing numbers."""
    centre: FloatArray
    """Subtracted from the numbers."""
    spread: FloatArray
    """Divides the differences; above 0."""


def _mean_and_deviation(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.mean(values, axis=1), np.std(values, axis=1)


def _median_and_quartile_range(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
    spread = high - low
    return middle, np.where(spread > 0.0, spread, 0.5 * np.max(values, axis=1) - 0.5 * np.min(values, axis=1))


def _minimum_and_range(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.min(values, axis=1), np.ptp(values, axis=1)


SCALINGS: dict[str, Callable[[FloatArray], tuple[FloatArray, FloatArray]]] = {
    "standardize": _mean_and_deviation,
    "robust": _median_and_quartile_range,
    "minmax": _minimum_and_range,
}


def statistics(values: FloatArray, *, scaling: str, imputation: str) -> Statistics:
    """The statistics of columns `values` (c, n), each contiguous and finite, n >= 1.

    Centre and spread are, for standardize: mean and population standard deviation; robust: median and
    interquartile range (linear interpolation), or half the range where that is 0; minmax: minimum and range,
    so that the values fill [0, 1]; none: 0 and 1. A spread of zero becomes 1; a constant column becomes
    exactly 0.
    """
    reduced, exponents = _reduced(values)
    fill = np.median(reduced, axis=1) if imputation == "median" else np.mean(reduced, axis=1)
    fill = _restored(fill, exponents)
    if scaling == "none":
        return Statistics(fill, np.zeros(len(values)), np.ones(len(values)))
    centre, spread = (_restored(each, exponents) for each in SCALINGS[scaling](reduced))
    constant = np.min(values, axis=1) == np.max(values, axis=1)
    centre[constant] = values[constant, 0]
    spread[constant | (spread == 0.0)] = 1.0
    return Statistics(fill, centre, spread)


def _reduced(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Divide each column by the power of two that scales its largest into [½, 1); return the exponents."""
    exponents = np.frexp(np.max(np.abs(values), axis=1))[1]
    return np.ldexp(values, -exponents[:, None]), exponents


def _restored(reduced: FloatArray, exponents: IntArray) -> FloatArray:
    """Undo `_reduced`; a range that float64 cannot hold becomes the largest number."""
    with np.errstate(over="ignore"):
        return np.minimum(np.ldexp(reduced, exponents), np.finfo(np.float64).max)

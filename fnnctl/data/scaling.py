"""Location and spread of a column of numbers: the statistics for scaling and imputation.

They are computed in float64 after division by a power of two. That keeps sums and squares of huge or tiny
numbers (1e300, 1e-300) in range, and loses only digits below 1e-300 of the largest number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fnnctl.arrays import FloatArray


def _mean_and_deviation(values: FloatArray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values))


def _median_and_quartile_range(values: FloatArray) -> tuple[float, float]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return float(middle), float(high - low)


def _minimum_and_range(values: FloatArray) -> tuple[float, float]:
    return float(np.min(values)), float(np.ptp(values))


SCALINGS: dict[str, Callable[[FloatArray], tuple[float, float]]] = {
    "standardize": _mean_and_deviation,
    "robust": _median_and_quartile_range,
    "minmax": _minimum_and_range,
}


def centre_and_spread(values: FloatArray, scaling: str) -> tuple[float, float]:
    """Return the centre, which is subtracted from a column's numbers, and the spread, which divides them.

    `values` (n,) are finite, n >= 1. standardize: mean and population standard deviation; robust: median and
    interquartile range (linear interpolation); minmax: minimum and range, so that the values fill [0, 1];
    none: 0 and 1. A spread of zero becomes 1; a constant column becomes exactly 0.
    """
    if scaling == "none":
        return 0.0, 1.0
    if np.min(values) == np.max(values):
        return float(values[0]), 1.0
    reduced, exponent = _reduced(values)
    centre, spread = SCALINGS[scaling](reduced)
    return _restored(centre, exponent), _restored(spread, exponent) or 1.0


def imputed_value(values: FloatArray, imputation: str) -> float:
    """Return the median or mean of `values` (n,), finite, n >= 1."""
    reduced, exponent = _reduced(values)
    return _restored(float(np.median(reduced) if imputation == "median" else np.mean(reduced)), exponent)


def _reduced(values: FloatArray) -> tuple[FloatArray, int]:
    """Divide by the power of two that scales the largest into [½, 1); also return its exponent."""
    exponent = int(np.frexp(np.max(np.abs(values)))[1])
    return np.ldexp(values, -exponent), exponent


def _restored(value: float, exponent: int) -> float:
    """Undo `_reduced`; a range that float64 cannot hold becomes the largest number."""
    with np.errstate(over="ignore"):
        return float(np.minimum(np.ldexp(value, exponent), np.finfo(np.float64).max))

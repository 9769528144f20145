"""Limits of values: those that are too large are clipped, and those too small to change a result become zero.

Numbers become zero before they are subnormal. A subnormal number is smaller than the type's smallest number
of full precision, 2⁻¹²⁶ in float32. Many processors take about a hundred cycles for every operation on one,
and a matrix product of them is a hundred times as slow. Training makes them wherever something decays
exponentially: the weights of units that have died, the moments of columns that have become rare, the
probabilities of classes that are ruled out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray


def limited(values: FloatArray, low: npt.ArrayLike, high: npt.ArrayLike) -> FloatArray:
    """Values limited to [low, high], which broadcast to their shape, in the values' type.

    NaN and infinity stay as they are, so that an overflow is not hidden.
    """
    result: FloatArray = values.copy()
    np.clip(values, low, high, out=result, where=np.isfinite(values))
    return result


@cache
def negligible(dtype: np.dtype[Any]) -> float:
    """The limit below which numbers become zero: 2⁻⁸⁸, or 3e-27, in float32.

    It is far below what a training can tell from zero: on 13 configurations, rounding to zero there changed
    no bit of any prediction, and at 2⁻⁶³ it did. It is far enough above the subnormal numbers that a number
    cannot decay from one side of that gap to the other in few steps, and that its products with ordinary
    numbers are not subnormal either.
    """
    return float(float(np.finfo(dtype).tiny) ** 0.7)


def flush(values: FloatArray, limit: npt.ArrayLike | None = None, scratch: FloatArray | None = None) -> None:
    """Set numbers whose size is below the limit to zero, in place; NaN and infinity stay.

    Args:
        limit: Broadcasts to the values; `negligible` unless it is given.
        scratch: Memory like the values, which is overwritten.
    """
    at_least = np.asarray(negligible(values.dtype) if limit is None else limit, values.dtype)
    sizes = np.abs(values, out=scratch)
    np.greater_equal(sizes, at_least, out=sizes)
    values *= sizes


@cache
def _least_exponent(dtype: np.dtype[Any]) -> tuple[FloatArray, FloatArray]:
    """The exponent at which `exp_or_zero` is zero, and its exponential, as 0-d arrays."""
    exponent = np.full(64, 0.6 * np.log(np.finfo(dtype).tiny), dtype)  # a whole vector, as `exp` works on
    return exponent[:1].reshape(()), np.exp(exponent)[:1].reshape(())


def exp_or_zero(values: FloatArray) -> None:
    """Overwrite values with exp(values); results below 2⁻⁷⁵, or 2e-23, in float32 are zero.

    That number is subtracted from all results, which changes no bit of those above 1e-15. So the smallest
    result that is not zero is 2⁻⁹⁹, and what back-propagation makes of it is not subnormal either.
    """
    exponent, least = _least_exponent(values.dtype)
    np.maximum(values, exponent, out=values)
    np.exp(values, out=values)
    values -= least

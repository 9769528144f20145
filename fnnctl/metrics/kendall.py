"""Kendall's rank correlation τ-b of two columns, with its interval, in O(n log² n)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.ranking import wilson_interval

MIN_PAIRED: Final = 4
"""With fewer rows, every interval would be about as wide as the range of τ."""


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How well the order of one column says that of another."""

    tau: float
    """From −1 (reversed) to 1 (the same order); 0 if the one order says nothing about the other."""
    ci95: tuple[float, float]


def kendall(first: FloatArray, second: FloatArray) -> RankCorrelation | None:
    """τ-b of two columns (n,) without NaN; infinite values are equal to one another.

    τ-b is (C − D) / √(F·S): of all pairs of rows C are in the same order in both columns and D in opposite
    order; F and S are not tied in the first and in the second column (Kendall, Biometrika 33, 1945). None for
    fewer than four rows, or if all values of a column are equal.

    Its variance is that of the ratio of U-statistics, by the delta method (Brown & Benedetti, JASA 72, 1977).
    The interval is Wilson's for the share (1 + τ)/2 with the effective sample size, as for a ROC AUC: see
    `AucEstimate.interval`. The effective sample size is at most that of n independent rows,
    9n(n − 1) / (2(2n + 5)), the inverse of τ's variance without association (Kendall, Biometrika 30, 1938).
    So τ = 1 of a few rows does not have an interval of width 0.
    """
    n = len(first)
    if n < MIN_PAIRED:
        return None
    _, first_codes, equal_first = np.unique(first, return_inverse=True, return_counts=True)
    _, second_codes, equal_second = np.unique(second, return_inverse=True, return_counts=True)
    balance = _balance(first_codes, second_codes)
    untied = [n - equal_first[first_codes], n - equal_second[second_codes]]
    if not (untied[0].any() and untied[1].any()):
        return None
    scale = math.sqrt(float(untied[0].sum()) * float(untied[1].sum()))
    tau = min(1.0, max(-1.0, float(balance.sum()) / scale))
    # Per row: its part of the numerator, and of both factors of the denominator.
    influence = n * balance / scale - tau / 2 * sum(n * rows / rows.sum() for rows in untied)
    variance = 4 * float(influence @ influence) / (n * (n - 1))
    return RankCorrelation(tau, _interval(tau, variance, n))


def _interval(tau: float, variance: float, n: int) -> tuple[float, float]:
    share, most = (1 + tau) / 2, 9 * n * (n - 1) / (2 * (2 * n + 5))
    size = min(4 * share * (1 - share) / variance, most) if variance > 0 else most
    low, high = wilson_interval(share * size, size) or (0.0, 1.0)
    return 2 * low - 1, 2 * high - 1


def _balance(first: IntArray, second: IntArray) -> IntArray:
    """Per row, the number of rows in the same order minus those in opposite order, from dense ranks (n,).

    Two rows of different rank in the first column are compared at the highest bit in which these ranks
    differ: there both are in the same group and in different halves of it.
    """
    total = np.zeros(len(first), np.int64)
    width = int(second.max()) + 1
    for bit in range(int(first.max()).bit_length()):
        group, is_upper = first >> (bit + 1), (first >> bit & 1).astype(bool)
        keys = group * width + second
        order = np.argsort(keys, kind="stable")
        in_order = keys[order]
        bounds = [
            np.searchsorted(in_order, group * width),
            np.searchsorted(in_order, keys),
            np.searchsorted(in_order, keys, side="right"),
            np.searchsorted(in_order, (group + 1) * width),
        ]
        for half in (True, False):
            in_half = is_upper == half
            other_half = np.concatenate([[0], np.cumsum(~in_half[order])])
            start, below, above, end = (other_half[bound[in_half]] for bound in bounds)
            excess = (below - start) - (end - above)
            total[in_half] += excess if half else -excess
    return total

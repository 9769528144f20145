"""How two columns hang together: a correlation, Cramér's V or a correlation ratio, by their kinds; or ranks.

The first three agree where they meet: of two classes V and η are the size of the correlation with their
codes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.ranking import wilson_interval

Measure = Literal["pearson", "cramers_v", "correlation_ratio"]
MIN_ROWS: Final = 3
"""Any two rows are on a line."""
MIN_PAIRED: Final = 4
"""With fewer rows, every interval would be about as wide as the range of τ."""


@dataclass(frozen=True, slots=True)
class AssociatedColumn:
    """A column of N rows."""

    name: str
    values: FloatArray
    """(N,) numbers, or codes of classes; NaN if missing."""
    has_classes: bool


@dataclass(frozen=True, slots=True)
class Association:
    """How two columns hang together, in the rows that have both."""

    first: str
    second: str
    measure: Measure
    value: float | None
    """From −1 to 1 for a correlation, from 0 to 1 for others; None if a column has one value in these rows,
    or if there are fewer than three."""
    rows: int
    """How many rows have both."""


def associations(columns: Sequence[AssociatedColumn]) -> tuple[Association, ...]:
    """The association of each two columns, the strongest first; those without a value come last."""
    pairs = [_association(first, second) for first, second in combinations(columns, 2)]
    return tuple(sorted(pairs, key=lambda pair: 1.0 if pair.value is None else -abs(pair.value)))


def _association(first: AssociatedColumn, second: AssociatedColumn) -> Association:
    rows = np.flatnonzero(~np.isnan(first.values) & ~np.isnan(second.values))
    a, b = first.values[rows], second.values[rows]
    measure: Measure
    if first.has_classes and second.has_classes:
        measure, value = "cramers_v", cramers_v(a, b)
    elif first.has_classes or second.has_classes:
        measure, value = "correlation_ratio", correlation_ratio(*((b, a) if first.has_classes else (a, b)))
    else:
        measure, value = "pearson", pearson(a, b)
    return Association(first.name, second.name, measure, value, len(rows))


def pearson(first: FloatArray, second: FloatArray) -> float | None:
    """The correlation coefficient of the numbers of n rows; None if it is not defined."""
    if len(first) < MIN_ROWS:
        return None
    a, b = _standardized(first), _standardized(second)
    return None if a is None or b is None else float(np.clip(np.mean(a * b), -1.0, 1.0))


def correlation_ratio(numbers: FloatArray, classes: FloatArray) -> float | None:
    """η of the numbers and the codes of the classes of n rows; None if it is not defined.

    η² is the share of the numbers' variance that lies between the means of the classes.
    """
    codes = _dense(classes)
    standardized = _standardized(numbers)
    if len(numbers) < MIN_ROWS or standardized is None or not codes.any():
        return None
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=standardized) / counts
    return math.sqrt(min(1.0, float(counts @ np.square(means)) / len(numbers)))


def cramers_v(first: FloatArray, second: FloatArray) -> float | None:
    """Cramér's V of the codes of the classes of n rows, without a correction; None if it is not defined.

    V² is Pearson's χ² of the table of counts, divided by n and by the smaller number of classes less 1.
    """
    a, b = _dense(first), _dense(second)
    if len(a) < MIN_ROWS or not a.any() or not b.any():
        return None
    of_first, of_second = np.bincount(a), np.bincount(b)
    pairs, counts = np.unique(a * len(of_second) + b, return_counts=True)  # most pairs of many classes are 0
    expected = of_first[pairs // len(of_second)] * of_second[pairs % len(of_second)].astype(np.float64)
    phi = float(np.sum(np.square(counts) / expected)) - 1.0
    return math.sqrt(min(1.0, max(0.0, phi / (min(len(of_first), len(of_second)) - 1))))


def _dense(classes: FloatArray) -> IntArray:
    """(n,) codes from 0 on without gaps; all are 0 if there is one class."""
    dense: IntArray = np.unique(classes, return_inverse=True)[1]
    return dense


def _standardized(numbers: FloatArray) -> FloatArray | None:
    """(n,) numbers with mean 0 and variance 1; None if all are equal. Large ones do not overflow."""
    if not len(numbers) or numbers.min() == numbers.max():
        return None
    scaled = numbers / np.abs(numbers).max()
    centred = scaled - scaled.mean()
    deviation = centred.std()
    return None if deviation == 0.0 else centred / deviation


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
    tau = float(balance.sum()) / scale
    # Per row: its part of the numerator, and of both factors of the denominator.
    influence = n * balance / scale - tau / 2 * sum(n * rows / rows.sum() for rows in untied)
    variance = 4 * float(influence @ influence) / (n * (n - 1))
    return RankCorrelation(tau, _rank_interval(tau, variance, n))


def _rank_interval(tau: float, variance: float, n: int) -> tuple[float, float]:
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

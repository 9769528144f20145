"""Paired comparisons: of scores measured on the same resampled rows, and of two predictors row by row."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.resampling import corrected_deviation, student_quantile, student_within

ROUNDING = 1e-12
"""Differences that vary less than this, relative to the largest score, are equal up to rounding."""

LEVEL = 0.05
"""A difference with a smaller p is not put down to chance."""
MANY = 1000
"""Above this number the distributions are replaced by normal ones."""


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The mean of paired differences, and whether it may be chance."""

    difference: float
    ci95: list[float] | None
    """The 95 % interval of the difference; None without a spread."""
    p: float
    """Two-sided."""


def paired_test(scores: Sequence[float], other_scores: Sequence[float], *, test_share: float) -> PairedTest:
    """The corrected resampled t-test of J ≥ 2 differences between `scores` and `other_scores`, pair by pair.

    The variance of the mean difference is taken as (1/J + n₂/n₁)·S², where `test_share` is n₂/n₁; t has J − 1
    degrees of freedom (Nadeau & Bengio, Machine Learning 52, 2003). Raises ValueError with a single pair.

    If all differences are 0, p is 1. If all are equal and not 0, t would be infinite. A p of 0 would claim a
    certainty that J pairs cannot give, so p is then that of the sign test, 2^(1 − J).
    """
    differences = [score - other for score, other in zip(scores, other_scores, strict=True)]
    if (count := len(differences)) < 2:
        raise ValueError("a paired test needs two pairs or more")
    mean = math.fsum(differences) / count
    tolerance = ROUNDING * max(map(abs, (*scores, *other_scores)))
    if max(differences) - min(differences) <= tolerance:
        is_zero = abs(mean) <= tolerance
        return PairedTest(0.0 if is_zero else mean, None, 1.0 if is_zero else 2.0 ** (1 - count))
    deviation = corrected_deviation(differences, test_share)
    half_width = student_quantile(0.975, count - 1) * deviation
    p = 1.0 - student_within(abs(mean) / deviation, count - 1)
    return PairedTest(mean, [mean - half_width, mean + half_width], min(1.0, max(0.0, p)))


def holm(values: Sequence[float]) -> list[float]:
    """The p values, corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979).

    The k-th smallest of m is multiplied by m − k + 1. None is above 1, or below one that comes before it.
    """
    corrected, largest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[index]))
        corrected[index] = largest
    return corrected


def sign_test(wins: int, losses: int) -> float:
    """The probability of at least this number of `wins` if a win and a loss are equally likely.

    With the rows that only one of two classifiers predicts correctly this is McNemar's exact test
    (Psychometrika 12, 1947), one-sided. With more than 1,000 rows it is the normal approximation, with a
    correction for continuity. Without any row it is 1.
    """
    count = wins + losses
    if count > MANY:
        return 1 - statistics.NormalDist().cdf((wins - 0.5 - count / 2) / math.sqrt(count / 4))
    return float(sum(math.comb(count, k) for k in range(wins, count + 1)) / 2**count)


def mean_test(differences: FloatArray) -> float:
    """The probability of at least so large a mean of n differences if 0 is expected: the paired t-test.

    If all n are equal and positive, it is that of the sign test, 2^−n: a p of 0 would claim a certainty that
    n rows cannot give. It is 0.5 for a single row, and 1 if the mean is not positive.
    """
    count, mean = len(differences), float(np.mean(differences))
    if not mean > 0.0:  # or NaN
        return 1.0
    if count < 2 or math.isinf(mean):
        return 0.5
    error = float(np.std(differences, ddof=1)) / math.sqrt(count)
    if error <= 1e-12 * mean:
        return 2.0**-count
    if count > MANY:
        return 1 - statistics.NormalDist().cdf(mean / error)
    return (1 - student_within(mean / error, count - 1)) / 2

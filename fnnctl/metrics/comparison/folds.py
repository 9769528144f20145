"""Tests of the difference of two cross-validations, and of one and a single test part."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fnnctl.metrics.comparison.difference import (
    Difference,
    StudentPower,
    constant_limits,
    normal_limits,
    upper_tail,
)
from fnnctl.metrics.paired import ROUNDING, paired_test
from fnnctl.metrics.resampling import corrected_deviation, student_quantile


def paired_folds(scores: Sequence[float], other_scores: Sequence[float], *, test_share: float) -> Difference:
    """The corrected resampled t-test of J ≥ 2 scores of the same folds; see `metrics.paired.paired_test`."""
    test = paired_test(scores, other_scores, test_share=test_share)
    half = test.p / 2
    p_above, p_below = (half, 1 - half) if test.difference > 0 else (1 - half, half)
    if test.difference == 0:
        p_above = p_below = 0.5
    if test.ci95 is None:
        limits = constant_limits(test.difference, 2.0 ** -len(scores))
        return Difference(test.difference, None, test.p, p_below, p_above, None, limits)
    differences = [score - other for score, other in zip(scores, other_scores, strict=True)]
    error, freedom = corrected_deviation(differences, test_share), len(scores) - 1
    limits = normal_limits(test.difference, error, freedom)
    power = StudentPower(error, freedom)
    return Difference(test.difference, test.ci95, test.p, p_below, p_above, error, limits, power)


def unpaired_folds(
    scores: Sequence[float], other_scores: Sequence[float], *, test_shares: tuple[float, float]
) -> Difference:
    """Welch's t-test of the means of two cross-validations with different folds, each of ≥ 2 scores.

    The variance of each mean is the corrected one, (1/J + n₂/n₁)·S² (Nadeau & Bengio, Machine Learning 52,
    2003); the degrees of freedom are Welch and Satterthwaite's, rounded down. If neither has a spread, p is
    that of the permutation test, which with J and K scores cannot be below 2 / (J+K choose J).
    """
    means = [math.fsum(values) / len(values) for values in (scores, other_scores)]
    difference = _less(*means)
    variances = [
        corrected_deviation(values, share) ** 2
        for values, share in zip((scores, other_scores), test_shares, strict=True)
    ]
    if math.sqrt(sum(variances)) <= ROUNDING * max(map(abs, means)):
        return _without_spread(difference, len(scores), len(other_scores), max(map(abs, means)))
    freedom = sum(variances) ** 2 / sum(
        variance**2 / (len(values) - 1)
        for variance, values in zip(variances, (scores, other_scores), strict=True)
    )
    return student_difference(difference, math.sqrt(sum(variances)), freedom)


def folds_and_part(scores: Sequence[float], value: float, *, test_share: float, error: float) -> Difference:
    """The mean of J ≥ 2 fold scores less a `value` measured on one test part, with its standard `error`.

    The two are taken to be independent. The degrees of freedom are those of the folds, J − 1.
    """
    deviation = corrected_deviation(scores, test_share)
    difference = _less(math.fsum(scores) / len(scores), value)
    both = math.hypot(deviation, error)
    if both <= ROUNDING * max(abs(value), abs(difference)):
        return _without_spread(difference, len(scores), 1, abs(value))
    return student_difference(difference, both, len(scores) - 1)


def student_difference(difference: float, error: float, freedom: float) -> Difference:
    """A difference with a standard error above 0, whose quotient has Student's distribution."""
    t, freedom = difference / error, max(1, math.floor(freedom + 1e-9))
    p_above, p_below = upper_tail(t, freedom), upper_tail(-t, freedom)
    half = student_quantile(0.975, min(freedom, 10_000)) * error
    p = min(1.0, 2 * min(p_above, p_below))
    return Difference(
        difference,
        [difference - half, difference + half],
        p,
        p_below,
        p_above,
        error,
        normal_limits(difference, error, freedom),
        StudentPower(error, freedom),
    )


def _less(mean: float, other: float) -> float:
    """The difference, 0 if it is one of rounding alone."""
    difference = mean - other
    return difference if abs(difference) > ROUNDING * max(abs(mean), abs(other)) else 0.0


def _without_spread(difference: float, count: int, other: int, size: float) -> Difference:
    half = 1 / math.comb(count + other, count)
    if abs(difference) <= ROUNDING * size:
        return Difference(0.0, None, 1.0, 0.5, 0.5, None, constant_limits(0.0, half))
    above, below = (half, 1 - half) if difference > 0 else (1 - half, half)
    limits = constant_limits(difference, half)
    return Difference(difference, None, min(1.0, 2 * half), below, above, None, limits)

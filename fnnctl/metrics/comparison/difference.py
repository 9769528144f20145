"""What every comparison of two scores results in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

from fnnctl.metrics.paired import LEVEL, MANY
from fnnctl.metrics.resampling import student_within

POWER: Final = 0.8
"""How often a test must detect a difference for it to count as detectable."""
NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two scores, first minus second, in the metric's own units."""

    value: float
    ci95: list[float] | None
    """The 95 % interval; None if the scores have no spread from which one could follow."""
    p: float
    """Two-sided: P(|difference| ≥ |observed|) if there is no true difference."""
    p_below: float
    """One-sided: P(difference ≤ observed) if there is no true difference."""
    p_above: float
    """One-sided: P(difference ≥ observed) if there is no true difference."""
    error: float | None
    """The standard error if the true difference is 0; None if it is unknown."""
    exact_rows: int | None = None
    """The number of rows of two shares that were compared by McNemar's exact test; None for other tests."""

    def reversed(self) -> Difference:
        """The difference of the two scores in the other order."""
        interval = self.ci95 and [-self.ci95[1], -self.ci95[0]]
        return replace(self, value=-self.value, ci95=interval, p_below=self.p_above, p_above=self.p_below)

    def detectable(self, *, sides: int = 2) -> float | None:
        """The true difference that the test detects in 80 % of all samples of this size.

        The test has one or two sides. It may be larger than any difference that there can be, and it is None
        if the standard error is unknown.
        """
        if self.error is None:
            return None
        difference = (NORMAL.inv_cdf(1 - LEVEL / sides) + NORMAL.inv_cdf(POWER)) * self.error
        return (
            difference if self.exact_rows is None else max(difference, _least_share(self.exact_rows, sides))
        )

    def samples_needed(self) -> float | None:
        """How many times as large a sample would find a true difference of this size in 80 % of all cases.

        At least 1; None if the difference or its standard error is 0 or unknown.
        """
        if not self.error or not self.value:
            return None
        factor = NORMAL.inv_cdf(1 - LEVEL / 2) + NORMAL.inv_cdf(POWER)
        return max(1.0, (factor * self.error / self.value) ** 2)


def _least_share(rows: int, sides: int) -> float:
    """The smallest difference of two shares that McNemar's exact test finds in 80 % of all samples.

    That is so if no row is on the other side. With k of n rows on one side, p is sides/2^k, so that enough of
    them must be there: P(Binomial(n, difference) ≥ k) = 0.8. It is infinite with fewer than k rows.
    """
    needed = math.floor(math.log2(sides / LEVEL)) + 1
    if rows < needed:
        return math.inf
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        fewer = (math.comb(rows, k) * middle**k * (1 - middle) ** (rows - k) for k in range(needed))
        low, high = (middle, high) if 1 - math.fsum(fewer) < POWER else (low, middle)
    return high


def upper_tail(t: float, freedom: float) -> float:
    """The probability of a value above t in Student's distribution; `freedom` ≥ 1 is rounded down."""
    if freedom > MANY:
        return NORMAL.cdf(-t)
    within = student_within(abs(t), max(1, int(freedom)))
    return (1.0 - within) / 2 if t >= 0 else (1.0 + within) / 2


def with_zero(interval: Sequence[float], p: float) -> list[float]:
    """The interval, extended to 0 if the test does not tell the difference from 0.

    An exact test and a score interval do not always agree about a difference at the limit. An interval that
    leaves out 0 beside a p that is too large would be read as a contradiction.
    """
    low, high = interval
    return [min(low, 0.0), max(high, 0.0)] if p >= LEVEL else [low, high]


def square_and_add(
    scores: tuple[float, float],
    intervals: tuple[Sequence[float], Sequence[float]],
    correlation: float = 0.0,
) -> list[float]:
    """The interval of the difference of two scores from the interval of each.

    d − √((a − lₐ)² + (u_b − b)² − 2ρ·(a − lₐ)·(u_b − b)) and likewise above, with the correlation ρ of the
    scores (Newcombe, Statistics in Medicine 17, 1998, pages 873 and 2635; Zou & Donner, Statistics in
    Medicine 27, 2008).
    """
    (a, b), ((low_a, high_a), (low_b, high_b)) = scores, intervals
    below, above = (a - low_a, high_b - b), (high_a - a, b - low_b)
    ends = [math.sqrt(max(0.0, x * x + y * y - 2 * correlation * x * y)) for x, y in (below, above)]
    return [a - b - ends[0], a - b + ends[1]]

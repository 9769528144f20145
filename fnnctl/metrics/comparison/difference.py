"""What every comparison of two scores results in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final, Protocol

from fnnctl.metrics.paired import LEVEL, MANY
from fnnctl.metrics.resampling import student_quantile, student_within

POWER: Final = 0.8
"""How often a test must detect a difference for it to count as detectable."""
NORMAL: Final = NormalDist()
UNLIMITED: Final = (-math.inf, math.inf)


class Power(Protocol):
    """How sensitive a test is with samples of this size and spread."""

    def detectable(self, sides: int) -> float:
        """The true difference that the test of one or two sides detects in 80 % of all samples."""

    def equal_margin(self) -> float:
        """The margin at which two equal scores pass `Difference.is_within` in 80 % of all samples."""


@dataclass(frozen=True, slots=True)
class StudentPower:
    """The power of a t-test or, without degrees of freedom, of a z-test.

    The noncentral t distribution is approximated by one that is shifted.
    """

    error: float
    """The standard error of the difference."""
    freedom: int | None = None

    def detectable(self, sides: int) -> float:
        """(t at 1 − 5 %/sides + t at 80 %) · standard error."""
        return (_quantile(1 - LEVEL / sides, self.freedom) + _quantile(POWER, self.freedom)) * self.error

    def equal_margin(self) -> float:
        """The same as the detectable difference, because the roles of 0 and of the margin are exchanged."""
        return self.detectable(sides=1)


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
    limits: tuple[float, float] = UNLIMITED
    """The one-sided 95 % limits: the true difference is above the first, and it is below the second, each at
    the 5 % level. Infinite if nothing is known."""
    power: Power | None = None
    """None if the standard error is unknown."""

    def reversed(self) -> Difference:
        """The difference of the two scores in the other order."""
        interval = self.ci95 and [-self.ci95[1], -self.ci95[0]]
        return replace(
            self,
            value=-self.value,
            ci95=interval,
            p_below=self.p_above,
            p_above=self.p_below,
            limits=(-self.limits[1], -self.limits[0]),
        )

    def is_within(self, margin: float, *, lower_is_better: bool) -> bool:
        """Whether the first score is shown to be worse than the second by less than `margin`, at 5 %."""
        return self._largest_loss(lower_is_better) < margin

    def smallest_margin(self, *, lower_is_better: bool) -> float:
        """Every larger margin passes `is_within`; at least 0, and infinite if none passes."""
        return max(0.0, self._largest_loss(lower_is_better))

    def _largest_loss(self, lower_is_better: bool) -> float:
        return self.limits[1] if lower_is_better else -self.limits[0]

    def detectable(self, *, sides: int = 2) -> float | None:
        """See `Power.detectable`; it may be larger than any difference that there can be."""
        return None if self.power is None else self.power.detectable(sides)

    def equal_margin(self) -> float | None:
        """The margin at which two equal scores pass in most samples: see `Power.equal_margin`."""
        return None if self.power is None else self.power.equal_margin()

    def samples_needed(self) -> float | None:
        """How many times as large a sample would find a true difference of this size in 80 % of all cases.

        At least 1; None if the difference or its standard error is 0 or unknown.
        """
        if not self.error or not self.value:
            return None
        factor = NORMAL.inv_cdf(1 - LEVEL / 2) + NORMAL.inv_cdf(POWER)
        return max(1.0, (factor * self.error / self.value) ** 2)


def normal_limits(value: float, error: float, freedom: int | None = None) -> tuple[float, float]:
    """The limits of a difference whose quotient with its standard error is Student's, or normal."""
    half = _quantile(1 - LEVEL, freedom) * error
    return value - half, value + half


def constant_limits(value: float, p: float) -> tuple[float, float]:
    """The limits if every sample has this difference; `p` is the chance of that if its sign were random."""
    return (value, value) if p < LEVEL else UNLIMITED


def _quantile(probability: float, freedom: int | None) -> float:
    if freedom is None or freedom > MANY:
        return NORMAL.inv_cdf(probability)
    return student_quantile(probability, freedom)


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

"""Tests of the difference of two shares of correct predictions: on the same rows, and on different ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fnnctl.arrays import FloatArray
from fnnctl.metrics.comparison.difference import NORMAL, POWER, Difference, square_and_add, with_zero
from fnnctl.metrics.paired import LEVEL, sign_test
from fnnctl.metrics.ranking import Z_95, wilson_interval

MAX_ROWS: Final = 100_000
"""With more rows Fisher's exact test is replaced by the test of two proportions with a pooled variance."""
Z_ONE_SIDED: Final = NORMAL.inv_cdf(1 - LEVEL)
ROUNDING: Final = 1e-7
"""Two tables are equally likely if their probabilities differ by a smaller share, as in scipy and R."""


def paired_shares(both: int, first: int, second: int, neither: int) -> Difference:
    """The difference of two shares of the same n ≥ 1 rows.

    `both` rows are right in both, `first` and `second` only in one of them. The p values are those of
    McNemar's exact test (Psychometrika 12, 1947): they depend on the discordant rows alone. The interval is
    `paired_interval`, with 0 if p does not tell the difference from 0.
    """
    n, discordant = both + first + second + neither, first + second
    p_above, p_below = sign_test(first, second), sign_test(second, first)
    p = min(1.0, 2 * min(p_above, p_below))
    interval = paired_interval(both, first, second, neither)
    power = McNemarPower(n, discordant)
    limits = lowest_paired_difference(first, second, n), -lowest_paired_difference(second, first, n)
    return Difference(
        (first - second) / n, with_zero(interval, p), p, p_below, p_above, power.error, limits, power
    )


def unpaired_shares(hits: int, rows: int, other_hits: int, other_rows: int) -> Difference:
    """The difference of the shares hits/rows of two independent samples, each of at least one row.

    The p values are those of Fisher's exact test, for many rows those of the test of two proportions with a
    pooled variance. The interval is `unpaired_interval`, with 0 if p does not tell the difference from 0.
    """
    shares = hits / rows, other_hits / other_rows
    pooled = (hits + other_hits) / (rows + other_rows)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / other_rows))
    if rows + other_rows > MAX_ROWS and error > 0:
        z = (shares[0] - shares[1]) / error
        p, p_below, p_above = 2 * NORMAL.cdf(-abs(z)), NORMAL.cdf(z), NORMAL.cdf(-z)
    else:
        p, p_below, p_above = fisher(hits, rows, other_hits, other_rows)
    one_row = math.sqrt(1 / rows * (1 / rows + 1 / other_rows))
    interval = with_zero(unpaired_interval(hits, rows, other_hits, other_rows), p)
    low, high = unpaired_interval(hits, rows, other_hits, other_rows, quantile=Z_ONE_SIDED)
    power = FisherPower(pooled, rows, other_rows)
    return Difference(
        shares[0] - shares[1], interval, p, p_below, p_above, max(error, one_row), (low, high), power
    )


def lowest_paired_difference(first: int | float, second: int | float, n: int) -> float:
    """The one-sided lower limit, at 5 %, of the difference of two shares of the same n rows.

    `first` and `second` rows are right only in one of the two. It is the difference δ that Tango's score test
    (Statistics in Medicine 17, 1998, pages 891-908) just rejects: with the share q̂ of `second` that is most
    likely if the difference is δ, (first − second − nδ) / √(n(2q̂ + δ − δ²)) is the normal quantile.
    """

    def is_rejected(difference: float) -> bool:
        a, b = 2 * n, (2 * n - first + second) * difference - first - second
        c = -second * difference * (1 - difference)
        share = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        variance = n * (2 * share + difference - difference**2)
        return first - second - n * difference >= Z_ONE_SIDED * math.sqrt(max(0.0, variance))

    return -_crossing(lambda loss: is_rejected(-loss), -(first - second) / n, 1.0)


def unseen_rows(n: FloatArray) -> FloatArray:
    """How many of n rows may be discordant at 5 % if none in a sample is: Tango's limit, nz² / (n + z²)."""
    square = Z_ONE_SIDED**2
    return square * n / (n + square)


@dataclass(frozen=True, slots=True)
class McNemarPower:
    """The power of McNemar's exact test of n rows, of which a given number is discordant."""

    rows: int
    discordant: int

    @property
    def error(self) -> float:
        """The standard error of the difference of two equal shares, as if a row at least were discordant."""
        return math.sqrt(max(self.discordant, 1)) / self.rows

    def detectable(self, sides: int) -> float:
        """Normal, but at least what the test can find if all discordant rows are on one side."""
        normal = (NORMAL.inv_cdf(1 - LEVEL / sides) + NORMAL.inv_cdf(POWER)) * self.error
        return max(normal, _least_share(self.rows, sides))

    def equal_margin(self) -> float:
        """From the limit with as many discordant rows on each side, which varies by the standard error."""
        half = self.discordant / 2
        return NORMAL.inv_cdf(POWER) * self.error - lowest_paired_difference(half, half, self.rows)


@dataclass(frozen=True, slots=True)
class FisherPower:
    """The power of Fisher's exact test of two samples from a population with this share."""

    share: float
    rows: int
    other_rows: int

    def detectable(self, sides: int) -> float:
        """The difference for which these samples are just large enough; infinite if there is none.

        The size is that of Fleiss, Tytun & Ury (Biometrics 36, 1980, pages 343-346), with their correction
        for continuity, which Fisher's test needs. One of the shares is this one, the other one is on the side
        of 0.5, where the variance is larger.
        """
        z = NORMAL.inv_cdf(1 - LEVEL / sides), NORMAL.inv_cdf(POWER)
        ratio = self.other_rows / self.rows

        def is_enough(difference: float) -> bool:
            high = max(self.share, difference) if self.share >= 0.5 else min(self.share + difference, 1.0)
            low = high - difference
            pooled = (low + ratio * high) / (1 + ratio)
            spread = z[0] * math.sqrt((ratio + 1) * pooled * (1 - pooled))
            spread += z[1] * math.sqrt(max(0.0, ratio * low * (1 - low) + high * (1 - high)))
            size = spread**2 / (ratio * difference**2)
            correction = (1 + math.sqrt(1 + 2 * (ratio + 1) / (ratio * size * difference))) ** 2 / 4
            return self.rows >= size * correction

        return _crossing(is_enough, 0.0, 1.0) if is_enough(1.0) else math.inf

    def equal_margin(self) -> float:
        """From the limit with this share of both samples, which varies by the standard error."""
        hits, other_hits = self.share * self.rows, self.share * self.other_rows
        low, _ = unpaired_interval(hits, self.rows, other_hits, self.other_rows, quantile=Z_ONE_SIDED)
        variance = self.share * (1 - self.share) * (1 / self.rows + 1 / self.other_rows)
        return NORMAL.inv_cdf(POWER) * math.sqrt(variance) - low


def _least_share(rows: int, sides: int) -> float:
    """The smallest difference of two shares that McNemar's exact test finds in 80 % of all samples.

    That is so if no row is on the other side. With k of n rows on one side, p is sides/2^k, so that enough of
    them must be there: P(Binomial(n, difference) ≥ k) = 0.8. It is infinite with fewer than k rows.
    """
    needed = math.floor(math.log2(sides / LEVEL)) + 1
    if rows < needed:
        return math.inf

    def is_enough(share: float) -> bool:
        fewer = (math.comb(rows, k) * share**k * (1 - share) ** (rows - k) for k in range(needed))
        return 1 - math.fsum(fewer) >= POWER

    return _crossing(is_enough, 0.0, 1.0)


def _crossing(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The smallest number from which a condition holds, by bisection; it holds at `high`."""
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def paired_interval(both: int, first: int, second: int, neither: int) -> list[float]:
    """The 95 % interval of the difference of two shares of the same n ≥ 1 rows.

    It is Newcombe's method 10 for paired proportions (Statistics in Medicine 17, 1998, pages 2635–2650):
    Wilson's intervals, squared and added, with a correlation that is corrected for continuity. Unlike the
    exact interval it has a width even if there is no discordant row.
    """
    n = both + first + second + neither
    shares = (both + first) / n, (both + second) / n
    ends = _wilson(both + first, n), _wilson(both + second, n)
    return square_and_add(shares, ends, _correlation(both, first, second, neither))


def unpaired_interval(
    hits: float, rows: int, other_hits: float, other_rows: int, *, quantile: float = Z_95
) -> list[float]:
    """The interval of the difference of the shares of two independent samples, by default of 95 %.

    It is Newcombe's method 10 for independent proportions (Statistics in Medicine 17, 1998, pages 873–890).
    """
    ends = _wilson(hits, rows, quantile), _wilson(other_hits, other_rows, quantile)
    return square_and_add((hits / rows, other_hits / other_rows), ends)


def fisher(hits: int, rows: int, other_hits: int, other_rows: int) -> tuple[float, float, float]:
    """Fisher's exact test: p of two sides, of at most this number of `hits`, and of at least it.

    The two-sided p is the sum over all tables that are no more likely than this one.
    """
    marked, total = hits + other_hits, rows + other_rows
    lowest, highest = max(0, marked - other_rows), min(rows, marked)
    logs = [
        _log_choices(rows, k) + _log_choices(other_rows, marked - k) - _log_choices(total, marked)
        for k in range(lowest, highest + 1)
    ]
    probabilities = [math.exp(log) for log in logs]
    index = hits - lowest
    limit = probabilities[index] * (1 + ROUNDING)
    sums = (
        [p for p in probabilities if p <= limit],
        probabilities[: index + 1],
        probabilities[index:],
    )
    both, below, above = (min(1.0, math.fsum(terms)) for terms in sums)
    return both, below, above


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """The correlation φ of the two columns, 0 if one is constant; corrected for continuity if positive."""
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not product:
        return 0.0
    excess = both * neither - first * second
    if excess > 0:
        return max(0.0, excess - (both + first + second + neither) / 2) / math.sqrt(product)
    return excess / math.sqrt(product)


def _wilson(hits: float, rows: int, quantile: float = Z_95) -> list[float]:
    return wilson_interval(hits, rows, quantile=quantile) or [0.0, 1.0]


def _log_choices(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

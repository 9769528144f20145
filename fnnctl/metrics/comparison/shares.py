"""Tests of the difference of two shares of correct predictions: on the same rows, and on different ones."""

from __future__ import annotations

import math
from typing import Final

from fnnctl.metrics.comparison.difference import NORMAL, Difference, square_and_add, with_zero
from fnnctl.metrics.paired import sign_test
from fnnctl.metrics.ranking import wilson_interval

MAX_ROWS: Final = 100_000
"""With more rows Fisher's exact test is replaced by the test of two proportions with a pooled variance."""
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
    error = math.sqrt(max(discordant, 1)) / n
    return Difference((first - second) / n, with_zero(interval, p), p, p_below, p_above, error, exact_rows=n)


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
    return Difference(shares[0] - shares[1], interval, p, p_below, p_above, max(error, one_row))


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


def unpaired_interval(hits: int, rows: int, other_hits: int, other_rows: int) -> list[float]:
    """The 95 % interval of the difference of the shares of two independent samples.

    It is Newcombe's method 10 for independent proportions (Statistics in Medicine 17, 1998, pages 873–890).
    """
    ends = _wilson(hits, rows), _wilson(other_hits, other_rows)
    return square_and_add((hits / rows, other_hits / other_rows), ends)


def fisher(hits: int, rows: int, other_hits: int, other_rows: int) -> tuple[float, float, float]:
    """Fisher's exact test: p of two sides, of at most so many `hits`, and of at least so many.

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


def _wilson(hits: int, rows: int) -> list[float]:
    return wilson_interval(hits, rows) or [0.0, 1.0]


def _log_choices(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

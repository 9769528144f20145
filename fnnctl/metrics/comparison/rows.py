"""Tests of the difference of two metrics measured on rows: on the same rows, and on different ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.bootstrap import DRAWS_AT_ONCE, random_groups, resampled_sums
from fnnctl.metrics.comparison.difference import (
    NORMAL,
    Difference,
    StudentPower,
    constant_limits,
    normal_limits,
    square_and_add,
    upper_tail,
    with_zero,
)
from fnnctl.metrics.comparison.measures import Hits, Influences, Measure, RowSums, unseen_change
from fnnctl.metrics.comparison.shares import paired_shares, unpaired_shares
from fnnctl.metrics.paired import LEVEL, MANY
from fnnctl.metrics.resampling import student_quantile

RESAMPLES: Final = 4000
MAX_COMPLETE: Final = 12
"""Rows whose 4096 exchanges are all counted."""
MAX_GROUPS: Final = 2**12
"""More rows than this are divided at random into this many groups, and the groups are resampled."""
MAX_SUMS: Final = 2**23
"""At most this many sums of groups are kept."""
FEW: Final = 20
"""With fewer resamples beyond 0, their share says little about a tail; the normal distribution extends it."""


def paired_difference(first: Measure, second: Measure, rng: np.random.Generator) -> Difference:
    """The difference of a metric of two predictors, measured on the same n ≥ 1 rows in the same order.

    Shares: McNemar's exact test. ROC AUCs: DeLong, DeLong & Clarke-Pearson's test for correlated curves
    (Biometrics 44, 1988), see `_of_areas`. Other metrics: an interval by the paired bootstrap, see
    `_by_resamples`, and p values by the randomization test, see `exchanged_tails`.
    """
    match first, second:
        case Hits(), Hits():
            a, b = first.hits, second.hits
            counts = (a & b, a & ~b, ~a & b, ~a & ~b)
            return paired_shares(*(int(np.count_nonzero(rows)) for rows in counts))
        case Influences(), Influences():
            return _of_areas(first, second, paired=True)
        case RowSums(), RowSums():
            width = first.values.shape[1]
            drawn = _resampled([first.values, second.values], rng)
            differences = first.combine(drawn[:, :width]) - second.combine(drawn[:, width:])
            difference = _by_resamples(first.value - second.value, differences, len(first.values))
            if difference.ci95 is not None:
                difference = _exchanged(difference, first, second, rng)
            return _with_unseen_rows(difference, first, second)
    raise TypeError("the measures are of different metrics")


def unpaired_difference(first: Measure, second: Measure, rng: np.random.Generator) -> Difference:
    """The difference of a metric of two predictors, measured on different rows, which are independent.

    Shares: Fisher's exact test. ROC AUCs: the sum of both variances. Other metrics: two independent
    bootstraps.
    """
    return unpaired_differences([(first, second)], rng)[0]


def unpaired_differences(
    pairs: Sequence[tuple[Measure, Measure]], rng: np.random.Generator
) -> list[Difference]:
    """The `unpaired_difference` of several metrics of the same two sets of rows, which are resampled once."""
    sums = [pair for pair in pairs if isinstance(pair[0], RowSums)]
    drawn = [_resampled_together([pair[side] for pair in sums], rng) for side in (0, 1)]
    differences = []
    for first, second in pairs:
        match first, second:
            case Hits(), Hits():
                a, b = first.hits, second.hits
                difference = unpaired_shares(int(a.sum()), len(a), int(b.sum()), len(b))
            case Influences(), Influences():
                difference = _of_areas(first, second, paired=False)
            case RowSums(), RowSums():
                values = next(drawn[0]) - next(drawn[1])
                least = min(len(first.values), len(second.values))
                difference = _by_resamples(first.value - second.value, values, least)
                difference = _with_unseen_rows(difference, first, second)
            case _:
                raise TypeError("the measures are of different metrics")
        differences.append(difference)
    return differences


def _resampled_together(measures: Sequence[Measure], rng: np.random.Generator) -> Iterator[FloatArray]:
    """(RESAMPLES,) the metrics of the same resamples of rows, one after another."""
    sums = [measure for measure in measures if isinstance(measure, RowSums)]
    if not sums:
        return
    drawn = _resampled([measure.values for measure in sums], rng)
    ends = np.cumsum([measure.values.shape[1] for measure in sums])
    for measure, columns in zip(sums, np.split(drawn, ends[:-1], axis=1), strict=True):
        yield measure.combine(columns)


def standard_error(measure: Measure, rng: np.random.Generator) -> float:
    """The standard error of a metric over the rows; of a share as if one more row were right and wrong."""
    match measure:
        case Hits():
            n = len(measure.hits)
            share = (int(measure.hits.sum()) + 1) / (n + 2)
            return math.sqrt(share * (1 - share) / n)
        case Influences():
            return float(np.sqrt(measure.influences @ measure.influences))
        case RowSums():
            drawn = measure.combine(_resampled([measure.values], rng))
            return float(np.nanstd(drawn)) * _expansion(len(measure.values))


def own_interval(measure: Measure, rng: np.random.Generator) -> list[float] | None:
    """The 95 % interval of a `RowSums` metric by the bootstrap, of a ROC AUC its own; None for a share."""
    return own_intervals([measure], rng)[0]


def own_intervals(measures: Sequence[Measure], rng: np.random.Generator) -> list[list[float] | None]:
    """The `own_interval` of several metrics of the same rows, which are resampled once."""
    drawn = _resampled_together(measures, rng)
    intervals: list[list[float] | None] = []
    for measure in measures:
        interval = measure.interval if isinstance(measure, Influences) else None
        if isinstance(measure, RowSums):
            rows = len(measure.values)
            finite = _finite(next(drawn), rows)
            interval = None if finite is None else [*_percentiles(finite, rows, LEVEL / 2)]
        intervals.append(interval)
    return intervals


def exchanged_tails(first: RowSums, second: RowSums, rng: np.random.Generator) -> tuple[float, float, float]:
    """The p values of the randomization test: two-sided, of so low a difference, of so high a one.

    If two predictors are equally good, each row's predictions may be exchanged between them. The p values are
    the shares of the exchanges whose difference is as extreme as the measured one (Noreen, Computer-Intensive
    Methods for Testing Hypotheses, 1989; Yeh, COLING 2000). Up to 4096 exchanges are all counted, of more a
    sample. The share of correct rows would have the p values of McNemar's exact test; a bootstrap's would be
    too small with few discordant rows.
    """
    changed = (first.values != second.values).any(axis=1)
    apart = random_groups([first.values[changed] - second.values[changed]], MAX_GROUPS, rng)
    is_complete = len(apart) <= MAX_COMPLETE
    moved = _all_exchanges(apart) if is_complete else _drawn_exchanges(apart, rng)
    sums = (measure.values.sum(axis=0, dtype=np.float64) for measure in (first, second))
    a, b = (total + sign * moved for total, sign in zip(sums, (-1, 1), strict=True))
    drawn = first.combine(a) - second.combine(b)
    drawn = drawn[np.isfinite(drawn)]
    value, tolerance = first.value - second.value, 1e-9 * float(np.abs(drawn).max(initial=0.0))
    counts = (
        np.count_nonzero(np.abs(drawn) >= abs(value) - tolerance),
        np.count_nonzero(drawn <= value + tolerance),
        np.count_nonzero(drawn >= value - tolerance),
    )
    if is_complete:
        both, below, above = (float(count / len(drawn)) for count in counts)
        return both, below, above
    z = value / float(drawn.std())
    both, below, above = (
        _extended(int(count), len(drawn), tail)
        for count, tail in zip(counts, (2 * NORMAL.cdf(-abs(z)), NORMAL.cdf(z), NORMAL.cdf(-z)), strict=True)
    )
    return both, below, above


def _all_exchanges(apart: FloatArray) -> FloatArray:
    """(2^n, m) the sums of every subset of the rows, (n, m)."""
    chosen = (np.arange(2 ** len(apart))[:, None] >> np.arange(len(apart))) & 1
    sums: FloatArray = chosen.astype(np.float64) @ apart
    return sums


def _drawn_exchanges(apart: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(RESAMPLES, m) the sums of random subsets of the rows, (n, m)."""
    sums = np.empty((RESAMPLES, apart.shape[1]))
    step = max(1, DRAWS_AT_ONCE // len(apart))
    for start in range(0, RESAMPLES, step):
        part = sums[start : start + step]
        part[:] = rng.integers(2, size=(len(part), len(apart))).astype(np.float64) @ apart
    return sums


def _extended(beyond: int, count: int, tail: float) -> float:
    """The share of drawn exchanges that are beyond; if they are few, at most the normal distribution's."""
    share = (beyond + 1) / (count + 1)
    return min(share, tail) if beyond < FEW else share


def _exchanged(
    difference: Difference, first: RowSums, second: RowSums, rng: np.random.Generator
) -> Difference:
    """The difference with the p values of `exchanged_tails`."""
    p, p_below, p_above = exchanged_tails(first, second, rng)
    interval = difference.ci95 and with_zero(difference.ci95, p)
    return replace(difference, ci95=interval, p=p, p_below=p_below, p_above=p_above)


def _with_unseen_rows(difference: Difference, first: RowSums, second: RowSums) -> Difference:
    """The difference with limits that are at least as wide as if no row differed; see `unseen_change`.

    The bootstrap knows only the rows of the sample. If none of them differs, its limits are 0, although some
    of the next rows may; if one or two do, they are too close.
    """
    room, (low, high) = max(unseen_change(first), unseen_change(second)), difference.limits
    return replace(difference, limits=(min(low, difference.value - room), max(high, difference.value + room)))


def _resampled(tables: Sequence[FloatArray | IntArray], rng: np.random.Generator) -> FloatArray:
    """(RESAMPLES, m) the sums of the columns of tables, (n, m) in total, over rows that are drawn with
    replacement, or over groups of rows.
    """
    most = min(MAX_GROUPS, max(256, MAX_SUMS // sum(table.shape[1] for table in tables)))
    return resampled_sums(random_groups(tables, most, rng), RESAMPLES, rng)


def _by_resamples(value: float, differences: FloatArray, rows: int) -> Difference:
    """The bootstrap's expanded percentile interval, and the p values that agree with it.

    With few rows a percentile interval is too narrow by √((n − 1)/n) and because it is one of a normal
    distribution; its levels are moved so that it has the width of Student's (Hesterberg, The American
    Statistician 69, 2015, section 4.3). p is the level at which the interval would just reach 0.
    """
    finite = _finite(differences, rows)
    if finite is None:
        return Difference(value, None, 1.0, 0.5, 0.5, None)
    deviation = float(finite.std()) * _expansion(rows)
    if deviation <= 1e-12 * abs(value) or not deviation:
        return _without_spread(value, rows)
    p_below = _tail(int(np.count_nonzero(finite >= 0)), len(finite), -value / deviation, rows)
    p_above = _tail(int(np.count_nonzero(finite <= 0)), len(finite), value / deviation, rows)
    p = min(1.0, 2 * min(p_below, p_above))
    return Difference(
        value,
        with_zero(_percentiles(finite, rows, LEVEL / 2), p),
        p,
        p_below,
        p_above,
        deviation,
        _percentiles(finite, rows, LEVEL),
        StudentPower(deviation, rows - 1),
    )


def _without_spread(value: float, rows: int) -> Difference:
    """All resamples have the same difference: p is that of the sign test of the rows."""
    half = 2.0**-rows
    limits = constant_limits(value, half)
    if value == 0:
        return Difference(0.0, None, 1.0, 0.5, 0.5, None, limits)
    below, above = (1 - half, half) if value > 0 else (half, 1 - half)
    return Difference(value, None, 2 * half, below, above, None, limits)


def _tail(beyond: int, count: int, z: float, rows: int) -> float:
    """The one-sided p from the number of resamples on the other side of 0, of all that `count`.

    `z` is the difference in standard errors, by which the tail is extended if too few are beyond.
    """
    share = (beyond + 1) / (count + 2)
    if rows > MANY:
        return min(share, NORMAL.cdf(-z)) if beyond < FEW else share
    t = -NORMAL.inv_cdf(share) / _expansion(rows)
    p = upper_tail(t, rows - 1)
    return min(p, upper_tail(z, rows - 1)) if beyond < FEW else p


def _expansion(rows: int) -> float:
    """By how much larger the deviation of a mean of n rows is than that of its resamples."""
    return math.sqrt(rows / (rows - 1)) if rows > 1 else 1.0


def _finite(drawn: FloatArray, rows: int) -> FloatArray | None:
    """The resamples of n rows that have a value; None if they say too little."""
    finite: FloatArray = drawn[np.isfinite(drawn)]
    return None if 2 * len(finite) < len(drawn) or rows < 2 else finite


def _percentiles(drawn: FloatArray, rows: int, level: float) -> tuple[float, float]:
    """The limits of which each is exceeded with this probability, from the finite resamples of n ≥ 2 rows."""
    quantile = NORMAL.inv_cdf(1 - level)
    if rows <= MANY:
        quantile = student_quantile(1 - level, rows - 1) * _expansion(rows)
    share = NORMAL.cdf(-quantile)
    low, high = np.quantile(drawn, (share, 1 - share))
    return float(low), float(high)


def _of_areas(first: Influences, second: Influences, *, paired: bool) -> Difference:
    """Normal, with DeLong's variance, or that of the intervals where it is larger, as near an area of 1.

    The interval follows from those of the two areas and their correlation: see `square_and_add`.
    """
    value = first.value - second.value
    squares = [float(measure.influences @ measure.influences) for measure in (first, second)]
    shared = float(first.influences @ second.influences) if paired else 0.0
    if first.interval is None or second.interval is None:
        return Difference(value, None, 1.0, 0.5, 0.5, None)
    product = math.sqrt(squares[0] * squares[1])
    low, high = square_and_add(
        (first.value, second.value), (first.interval, second.interval), shared / product if product else 0
    )
    delong = math.sqrt(max(0.0, sum(squares) - 2 * shared))
    below, above = (max(delong, part / NORMAL.inv_cdf(1 - LEVEL / 2)) for part in (value - low, high - value))
    error = below if value > 0 else above
    z = value / error if error > 0 else 0.0
    p, p_below, p_above = 2 * NORMAL.cdf(-abs(z)), NORMAL.cdf(z), NORMAL.cdf(-z)
    if not error:
        limits = constant_limits(value, 2.0 ** -len(first.influences))
        return Difference(value, with_zero((low, high), p), p, p_below, p_above, None, limits)
    limits = normal_limits(value, below)[0], normal_limits(value, above)[1]
    return Difference(
        value, with_zero((low, high), p), p, p_below, p_above, error, limits, StudentPower(error)
    )

"""Whether two samples have one distribution: the population stability index, and tests of homogeneity.

Both samples are counted in the same bins, and both are random: training rows are a sample, too. Which bins
are joined depends on their totals alone, so that p is valid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

LEAST_EXPECTED: Final = 5.0
"""Rows that a cell of the χ² test must be expected to have in the smaller sample (Cochran, Biometrics 10,
1954)."""
_HALF_ROW: Final = 0.5
"""Added to each cell of the index, so that an empty one has a logarithm."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How different two samples of a column are."""

    psi: float
    """The population stability index less its expectation for samples of one distribution; at least 0."""
    p: float
    """The probability that samples of one distribution differ so much."""


def shift(trained: IntArray, new: IntArray, apart: int) -> Shift:
    """The difference between counts of two samples, (bins,) each.

    Neighbouring bins with too few rows for the χ² test are joined until they have enough. If all of them
    together have too few, they are tested on their own, by Fisher's exact test; so is each of the last
    `apart` bins, such as that of missing values, which have no neighbours. p is the smallest one of these
    tests, multiplied by their number. Without rows in one of the samples there is no difference.
    """
    counts = np.stack([trained, new]).astype(np.int64)
    rows = counts.sum(axis=1)
    if not rows.all():
        return Shift(0.0, 1.0)
    share = float(rows.min() / rows.sum())
    cells = _cells(counts.sum(axis=0) * share, apart)
    joined = np.stack([counts[:, cell.start : cell.stop].sum(axis=1) for cell in cells], axis=1)
    joined = joined[:, joined.any(axis=0)]
    is_rare = joined.sum(axis=0) * share < LEAST_EXPECTED
    tests = [
        fisher_p(int(of_new), int(of_trained + of_new), int(rows[1]), int(rows.sum()))
        for of_trained, of_new in joined.T[is_rare]
    ]
    if np.count_nonzero(~is_rare) > 1:
        tests.append(homogeneity_p(joined[:, ~is_rare]))
    return Shift(stability_index(joined), min(1.0, len(tests) * min(tests, default=1.0)))


def _cells(expected: FloatArray, apart: int) -> list[range]:
    """The bins, (bins,), of which neighbours with too few expected rows are joined."""
    ordered = len(expected) - apart
    cells: list[range] = []
    for are_few, group in groupby(range(ordered), key=lambda index: bool(expected[index] < LEAST_EXPECTED)):
        bins = [*group]
        cells += _joined(bins, expected) if are_few else [range(index, index + 1) for index in bins]
    return [*cells, *(range(index, index + 1) for index in range(ordered, len(expected)))]


def _joined(bins: Sequence[int], expected: FloatArray) -> list[range]:
    """Cells of neighbouring bins, each with enough expected rows, or a single cell."""
    starts, total = [bins[0]], 0.0
    for index in bins:
        if total >= LEAST_EXPECTED:
            starts.append(index)
            total = 0.0
        total += expected[index]
    if len(starts) > 1 and total < LEAST_EXPECTED:
        starts.pop()
    return [range(*ends) for ends in pairwise([*starts, bins[-1] + 1])]


def stability_index(counts: IntArray) -> float:
    """The population stability index of two samples, (2, cells): Σ (b − a)·ln(b / a) over the cells' shares.

    Less its expectation for samples of m and n rows of one distribution, (cells − 1)·(1/m + 1/n) (Yurdakul
    and Naranjo, Journal of Risk Model Validation 14, 2020), and at least 0. Empty cells do not count; it is 0
    without rows in one of the samples.
    """
    counts = counts[:, counts.any(axis=0)]
    rows, cells = counts.sum(axis=1, keepdims=True), counts.shape[1]
    if cells < 2 or not rows.all():
        return 0.0
    first, second = (counts + _HALF_ROW) / (rows + _HALF_ROW * cells)
    index = np.sum((second - first) * np.log(second / first)) - (cells - 1) * np.sum(1.0 / rows)
    return max(0.0, float(index))


def homogeneity_p(counts: IntArray) -> float:
    """Pearson's χ² test: the probability of so different counts, (2, cells), in samples of one distribution.

    Empty cells do not count; p is 1 if fewer than two are left, or without rows in one of the samples.
    """
    counts = counts[:, counts.any(axis=0)]
    rows, cells = counts.sum(axis=1, keepdims=True), counts.shape[1]
    if cells < 2 or not rows.all():
        return 1.0
    expected = rows * (counts.sum(axis=0) / rows.sum())
    statistic = np.sum((counts - expected) ** 2 / expected)
    return chi_squared_tail(float(statistic), cells - 1)


def chi_squared_tail(statistic: float, degrees: int) -> float:
    """The probability of more than `statistic` in a χ² distribution with so many degrees of freedom, ≥ 1.

    From Q(1/2, x) = erfc(√x) and Q(1, x) = exp(−x) by Q(a + 1, x) = Q(a, x) + x^a·exp(−x) / Γ(a + 1), whose
    terms are all positive (Abramowitz and Stegun, 6.5.21).
    """
    x = 0.5 * statistic
    if x <= 0.0:
        return 1.0
    a, tail = (0.5, math.erfc(math.sqrt(x))) if degrees % 2 else (1.0, math.exp(-x))
    while a < 0.5 * degrees:
        tail += math.exp(a * math.log(x) - x - math.lgamma(a + 1.0))
        a += 1.0
    return min(1.0, tail)


def fisher_p(count: int, total: int, drawn: int, rows: int) -> float:
    """Fisher's exact test: twice the smaller tail of `count` among `drawn` of `rows` rows, `total` of which
    have what is counted; at most 1.
    """
    low, high = max(0, total - (rows - drawn)), min(total, drawn)
    if low == high:
        return 1.0
    counts = range(low, high + 1)
    logs = np.array([_log_ways(total, k) + _log_ways(rows - total, drawn - k) for k in counts])
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    below, above = float(chances[: count - low + 1].sum()), float(chances[count - low :].sum())
    return min(1.0, 2.0 * min(below, above))


def _log_ways(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

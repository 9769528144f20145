"""The importance of a searched setting: how well its value alone explains the rank of a trial.

It is a one-way analysis of variance on ranks, which needs few trials, and has two limitations. A setting that
matters only in combination with another one gets about 0. And if the search ended trials early, the remaining
trials have similar values of the settings that matter most, so these settings seem less important than they
are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

LEAST_TRIALS: Final = 20
"""With fewer trials, importances would be noise."""
MOST_GROUPS: Final = 6
TRIALS_A_GROUP: Final = 6
"""The smallest number of trials per group, if no two values are equal."""
LEAST_IN_GROUP: Final = 3
"""Smaller groups are left out, because they have no variance within the group."""
_NORMAL_95 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Importance:
    """The importance of one setting."""

    share: float
    """The share of the ranks' variance that is explained, 0 to 1, corrected for the number of groups."""
    chance: float
    """The 95th percentile of the share that a setting without effect gets with as many trials and groups."""
    trials: int
    """The number of trials from which it is computed."""


def importance(values: FloatArray, losses: FloatArray, *, categorical: bool) -> Importance | None:
    """The importance of a setting from its values (n,) in trials with these losses (n,); smaller is better.

    A value is a number or, if `categorical`, the index of a category. It is NaN if the setting was not set;
    those trials are left out, so the importance of a conditional setting is that within its branch. A loss is
    infinite if the trial has none; only the order of losses matters. Numbers are sorted into up to six groups
    of equal size, so that an optimum in the middle of the range is detected.

    The share is ε² = 1 − (1 − η²)·(n − 1)/(n − k), with η² = SS_between / SS_total of the ranks in k groups
    (Kelley, An unbiased correlation ratio measure, PNAS 21, 1935), and 0 if that is negative. η²·(n − 1)
    is the statistic of Kruskal & Wallis (JASA 47, 1952), about χ² with k − 1 degrees of freedom if the
    setting has no effect. Returns None if there are fewer than 20 trials, if all values are equal, or if all
    losses are equal.
    """
    is_set = np.isfinite(values)
    values, losses = values[is_set], losses[is_set]
    if len(values) < LEAST_TRIALS:
        return None
    groups = np.unique(values, return_inverse=True)[1] if categorical else _neighbours(values)
    is_large = np.bincount(groups)[groups] >= LEAST_IN_GROUP
    groups, losses = np.unique(groups[is_large], return_inverse=True)[1], losses[is_large]
    n, k = len(groups), int(groups.max(initial=-1)) + 1
    ranks = _ranks(losses)
    total = float(np.square(ranks - ranks.mean()).sum()) if n else 0.0
    if n < LEAST_TRIALS or k < 2 or total == 0:
        return None
    sizes = np.bincount(groups)
    means = np.bincount(groups, weights=ranks) / sizes
    explained = float(sizes @ np.square(means - ranks.mean())) / total
    by_chance = min(_chi_square_95(k - 1) / (n - 1), 1.0)
    return Importance(_corrected(explained, n, k), _corrected(by_chance, n, k), n)


def _neighbours(values: FloatArray) -> IntArray:
    """The group of each number: equal numbers share a group, and the groups are of similar size."""
    distinct, codes = np.unique(values, return_inverse=True)
    count = min(MOST_GROUPS, len(values) // TRIALS_A_GROUP)
    if len(distinct) <= count:
        return codes
    ends = np.sort(values)[np.arange(1, count) * len(values) // count]
    return np.searchsorted(ends, values, side="right")


def _ranks(losses: FloatArray) -> FloatArray:
    """Ranks from 1; equal losses get their mean rank."""
    _, codes, counts = np.unique(losses, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2)[codes]
    return ranks


def _corrected(explained: float, n: int, k: int) -> float:
    return max(0.0, 1 - (1 - explained) * (n - 1) / (n - k))


def _chi_square_95(freedom: int) -> float:
    """The 95th percentile of χ², to 3 % (Wilson & Hilferty, PNAS 17, 1931)."""
    variance = 2 / (9 * freedom)
    return float(freedom * (1 - variance + _NORMAL_95 * variance**0.5) ** 3)

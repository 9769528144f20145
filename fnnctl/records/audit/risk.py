"""What a rung risks: how often it drops the trial that is the best later, and what that costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.seeds import Purpose, stream

MOST_GROUPS: Final = 2000
"""If there are more groups than this, as many are drawn at random."""
MOST_DRAWN: Final = 1_000_000
"""The most random numbers that are drawn for all groups, but there are never fewer groups than 100."""


@dataclass(frozen=True, slots=True)
class DropRisk:
    """What happens if a rung keeps the best few of a random group of trials."""

    group: int
    """The number of trials in a group."""
    kept: int
    """How many of them the rung keeps."""
    share: float
    """The share of groups in which all that are best later are dropped."""
    shortfall: float
    """The mean over the groups of the later value of the best kept trial minus that of the best trial.

    Values are losses. A trial that diverged counts as much as the worst of the others.
    """


def drop_risk(early: FloatArray, late: FloatArray, *, rung: int, factor: float) -> DropRisk | None:
    """Replay a rung on groups of trials with known losses (n,), in the order of their numbers.

    A group has as many trials as the `rung`, but at most half of those that are known, so that groups differ.
    The rung keeps the best ⌊group / factor⌋ by their `early` losses, ties by trial number, as the search
    does. A smaller group has more risk: its best trial stands out less. So the risk is overestimated if fewer
    trials are known than two rungs have. None if there are too few for two groups, or none that is finite
    later.
    """
    n, least = len(early), math.ceil(factor)
    group = max(least, min(rung, n // 2))
    finite = late[np.isfinite(late)]
    if n < 2 * least or not finite.size:
        return None
    kept = math.floor(group / factor)
    worst_as_others = np.where(np.isfinite(late), late, finite.max())
    by_rank = worst_as_others[np.argsort(early, kind="stable")]
    members = by_rank[_groups(n, group)]
    best_kept, best = members[:, :kept].min(axis=1), members.min(axis=1)
    return DropRisk(group, kept, float(np.mean(best_kept > best)), float(np.mean(best_kept - best)))


def _groups(n: int, size: int) -> IntArray:
    """All groups of this size from n trials, or random ones; members of each in rising order."""
    if math.comb(n, size) <= MOST_GROUPS:
        return np.array(list(combinations(range(n), size)), np.int64)
    count = max(100, min(MOST_GROUPS, MOST_DRAWN // n))
    drawn = stream(0, Purpose.GROUPS, n, size).random((count, n))
    return np.sort(np.argpartition(drawn, size - 1, axis=1)[:, :size], axis=1)

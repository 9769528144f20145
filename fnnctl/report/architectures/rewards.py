"""The rewards of a controller's search over time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.records.history import SearchHistory
from fnnctl.report.sections import number
from fnnctl.text import counted

FIFTH: Final = 5


def rewards(search: SearchHistory) -> FloatArray:
    """The reward of each trial, in the order of their first results: the objective, or its negative if it is
    minimized.

    A trial that diverged or failed gets the worst reward so far. Those before any other have no reward.
    """
    first = {result.trial: result for result in reversed(search.results)}
    found: list[float] = []
    for result in search.results:
        if first[result.trial] is result:
            reward = -search.loss_of(result)
            if found or math.isfinite(reward):
                found.append(reward if math.isfinite(reward) else min(found))
    return np.array(found, dtype=np.float64)


def moving_average(values: FloatArray, window: int) -> FloatArray:
    """The mean of each value and those before it, at most `window` of them."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    averages: FloatArray = (sums[ends] - sums[starts]) / (ends - starts)
    return averages


def reward_facts(search: SearchHistory) -> Iterator[tuple[str, str]]:
    """The mean rewards of the first and of the last fifth of a controller's trials, for a list of facts."""
    if not search.has_rewards or len(known := rewards(search)) < FIFTH:
        return
    count = len(known) // FIFTH
    for name, part in (("first fifth", known[:count]), ("last fifth", known[-count:])):
        mean = search.from_loss(-float(part.mean()))
        yield name, f"mean {search.metric} {number(mean)} of {counted(count, 'trial')}"

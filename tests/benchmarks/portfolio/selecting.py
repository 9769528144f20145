"""Selects a portfolio: candidates whose ensembles are good on rows that did not select them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.tasks.mixture import Mixture
from fnnctl.trials.selection import Limits, select_by_loss
from tests.benchmarks.portfolio.pool import Entry, Pool

ROUNDS: Final = 10
MOST_ROWS: Final = 800
"""Of each half of the out-of-bag rows, and of the test rows; more change little."""
MOST_GAIN: Final = 0.3
"""A table counts at most this much, so that none decides alone."""


class Gains(NamedTuple):
    """By how much the loss of an ensemble is lower than that of the default, as a share of it."""

    nested: float
    """On the half of the out-of-bag rows that did not select it."""
    tested: float
    """On the test rows."""


def gains_on(entries: dict[int, Entry], indices: Sequence[int]) -> Gains:
    """The gains on a table of the ensemble of some candidates; those that it does not have are left out."""
    default, present = entries[0], [index for index in indices if index in entries]
    rng = np.random.default_rng(1)
    order = rng.permutation(entries[0].out_of_bag.size)
    halves = [part[:MOST_ROWS] for part in np.array_split(order, 2)]
    nested, tested = [], []
    for selecting, judging in (halves, halves[::-1]):
        held_out = np.stack([entries[index].out_of_bag for index in present]).astype(np.float64)
        values = held_out[:, selecting]
        mixture = Mixture(values, np.zeros(len(selecting)), lambda means, _: default.losses(means))
        counts = select_by_loss(mixture, Limits(ROUNDS)).counts
        weights = np.array([counts.get(k, 0) for k in range(len(present))]) / sum(counts.values())
        test = np.stack([entries[index].tested[:MOST_ROWS] for index in present]).astype(np.float64)
        nested.append(_gain(default, weights, held_out[:, judging]))
        tested.append(_gain(default, weights, test))
    return Gains(fmean(nested), fmean(tested))


def _gain(default: Entry, weights: FloatArray, values: FloatArray) -> float:
    """The default is the first candidate."""
    before = float(default.losses(values[0]).mean())
    return (before - float(default.losses(weights @ values).mean())) / before


GainsMemo: TypeAlias = dict[tuple[str, tuple[int, ...]], Gains]
"""What `gains_on` gave, by table and candidates. The portfolios without one table each share most of it."""


def mean_gain(pool: Pool, indices: Sequence[int], memo: GainsMemo | None = None) -> Gains:
    """The mean gains over the tables; those that `memo` lacks are added there."""
    memo = {} if memo is None else memo
    gains = []
    for table, entries in pool.items():
        key = table, tuple(indices)
        if key not in memo:
            memo[key] = gains_on(dict(entries), indices)
        gains.append(memo[key])
    return Gains(*(fmean(np.clip(values, -MOST_GAIN, MOST_GAIN)) for values in zip(*gains, strict=True)))


def select_portfolio(pool: Pool, *, size: int, most_time: float, memo: GainsMemo | None = None) -> list[int]:
    """The indices of at most `size` candidates, the default first, in the order in which they were added."""
    memo = {} if memo is None else memo
    indices = [0]
    left = [index for index in _affordable(pool, most_time) if index != 0]
    while left and len(indices) < size:
        best = max(left, key=lambda index: (sum(mean_gain(pool, [*indices, index], memo)), -index))
        indices.append(best)
        left.remove(best)
    return indices


def _affordable(pool: Pool, most_time: float) -> list[int]:
    """The candidates that most tables have and that take, on average, not much longer than the default."""
    times: dict[int, list[float]] = {}
    for entries in pool.values():
        for index, entry in entries.items():
            times.setdefault(index, []).append(entry.seconds / max(entries[0].seconds, 1e-3))
    return [
        index
        for index, ratios in sorted(times.items())
        if len(ratios) > len(pool) / 2 and fmean(ratios) <= most_time
    ]

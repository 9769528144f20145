"""The sums over random resamples of rows that bootstraps are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

DRAWS_AT_ONCE: Final = 2**16
"""Random numbers that are drawn together: a few arrays of them fit into a second-level cache."""
GROUPS_AT_ONCE: Final = 2**8


def random_groups(tables: Sequence[FloatArray | IntArray], most: int, rng: np.random.Generator) -> FloatArray:
    """The columns of tables, (n, m) in total, or, if there are more than `most` rows, their sums over so many
    random groups of nearly one size.

    Groups can be resampled in place of rows: the variance of a sum is the same, and the time does not grow
    with the rows. Only the sums are put side by side, because tables of counts have one byte per number.
    """
    rows = len(tables[0])
    if rows <= most:
        return np.concatenate(tables, axis=1, dtype=np.float64)
    order, starts = rng.permutation(rows), np.arange(most + 1) * rows // most
    sums = np.empty((most, sum(table.shape[1] for table in tables)))
    for first in range(0, most, GROUPS_AT_ONCE):  # all rows in a new order would be a second copy of them
        ends = starts[first : first + GROUPS_AT_ONCE + 1]
        part = order[ends[0] : ends[-1]]
        of_tables = [
            np.add.reduceat(table[part], ends[:-1] - ends[0], axis=0, dtype=np.float64) for table in tables
        ]
        sums[first : first + GROUPS_AT_ONCE] = np.concatenate(of_tables, axis=1)
    return sums


def resampled_sums(values: FloatArray, resamples: int, rng: np.random.Generator) -> FloatArray:
    """(resamples, m) the sums of values (n, m) over rows that are drawn with replacement.

    They are products of how often each row is drawn, which takes a fifth of the time of gathering the rows.
    """
    count = len(values)
    sums = np.empty((resamples, values.shape[1]))
    step = max(1, DRAWS_AT_ONCE // count)
    for start in range(0, resamples, step):
        part = sums[start : start + step]
        drawn = rng.integers(count, size=(len(part), count)) + np.arange(len(part))[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=len(part) * count).reshape(len(part), count)
        np.matmul(times.astype(np.float64), values, out=part)
    return sums

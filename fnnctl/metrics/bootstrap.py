"""The sums over random resamples of rows that bootstraps are made of."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

DRAWS_AT_ONCE: Final = 2**16
"""Random numbers that are drawn together: a few arrays of them fit into a second-level cache."""
GROUPS_AT_ONCE: Final = 2**8


def random_groups(values: FloatArray | IntArray, most: int, rng: np.random.Generator) -> FloatArray:
    """The values, (n, m), or, if there are more, their sums over `most` random groups of nearly one size.

    Groups can be resampled in place of rows: the variance of a sum is the same, and the time does not grow
    with the rows.
    """
    if len(values) <= most:
        return values.astype(np.float64)
    order, starts = rng.permutation(len(values)), np.arange(most + 1) * len(values) // most
    sums = np.empty((most, values.shape[1]))
    for first in range(0, most, GROUPS_AT_ONCE):  # all rows in a new order would be a second copy of them
        ends = starts[first : first + GROUPS_AT_ONCE + 1]
        part = values[order[ends[0] : ends[-1]]]
        sums[first : first + GROUPS_AT_ONCE] = np.add.reduceat(
            part, ends[:-1] - ends[0], axis=0, dtype=np.float64
        )
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

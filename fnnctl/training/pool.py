"""The pool of examples that all members of a stack draw from; members refer to its rows by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.preprocessing import Features
from fnnctl.memory import available_bytes
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.workspace import Workspace

PREPARED_VALUES = 2**24
"""The most inputs that are preprocessed once and kept: 64 MB of float32. Preprocessing at every step took 28
% longer with 20,000 rows of 50 columns (hidden 128-64), and 13 % longer with 300,000."""
SHARE_OF_MEMORY = 0.25
"""Inputs with coordinates among bins are kept, too, if they take at most this share of the available memory.
With 1,000,000 rows of 50 columns, finding the bins took half of the time of the recipe's training."""
BLOCK_VALUES: Final = 2**20
"""About so many values are gathered at a time to read some of them."""


class Pool(Protocol):
    """Examples by row number: kept in memory, or preprocessed when they are gathered."""

    @property
    def targets(self) -> TargetArray:
        """(rows,), indices of classes or real values; with T targets (rows, T)."""

    @property
    def factors(self) -> FloatArray | None:
        """(rows,), each row's factor in the loss, also in validation; None if all are 1. With T targets
        (rows, T), where a missing target has the factor 0.
        """

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        """Write each member's rows, (K, batch), and a 1 at their ends to inputs, (K, batch, features + 1)."""


@dataclass(frozen=True, slots=True)
class Examples:
    """A pool in memory: features with a last column of ones, and targets."""

    inputs: FloatArray
    """(rows, features + 1)"""
    targets: TargetArray
    factors: FloatArray | None = None

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        """Write the rows of each member's batch to the inputs: see `Pool`."""
        self.inputs.take(rows, 0, inputs, "clip")


@dataclass(frozen=True, slots=True)
class RowsOnDemand:
    """A pool that preprocesses rows when they are gathered: same bits as `Examples`, without the copy."""

    features: Features
    targets: TargetArray
    factors: FloatArray | None = None

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        """Write the rows of each member's batch to the inputs: see `Pool`."""
        inputs[..., -1] = 1.0
        for member, out in zip(rows, inputs, strict=True):
            self.features.write(member, out[:, :-1])


def fits_in_memory(rows: int, features: int, dtype: np.dtype[np.floating], *, has_bins: bool) -> bool:
    """Whether this many examples of this size are preprocessed once and kept."""
    values = rows * (features + 1)
    if values <= PREPARED_VALUES:
        return True
    available = available_bytes() if has_bins else None
    return available is not None and values * dtype.itemsize <= SHARE_OF_MEMORY * available


def make_pool(
    features: Features,
    targets: TargetArray,
    count: int,
    dtype: np.dtype[np.floating],
    factors: FloatArray | None = None,
) -> Pool:
    """A pool of all rows, with `count` features, targets (N,) and perhaps factors in the loss, (N,).

    It is in memory if it is small, else made on demand.
    """
    rows = len(targets)
    if not fits_in_memory(rows, count, dtype, has_bins=features.bins is not None):
        return RowsOnDemand(features, targets, factors)
    inputs = np.empty((rows, count + 1), dtype)
    inputs[:, -1] = 1.0
    features.write(np.arange(rows), inputs[:, :-1])
    return Examples(inputs, targets, factors)


@dataclass(frozen=True, slots=True)
class JoinedPool:
    """Several pools of N rows as one: row r of pool j has the number j·N + r. A member uses one pool only."""

    pools: Sequence[Pool]
    targets: TargetArray
    factors: FloatArray | None = None

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        """Write the rows of each member's batch to the inputs: see `Pool`."""
        size = len(self.targets) // len(self.pools)
        for member_rows, out in zip(rows, inputs, strict=True):
            number = int(member_rows[0]) // size
            self.pools[number].gather((member_rows - number * size)[None], out[None])


def join_pools(pools: Sequence[Pool]) -> Pool:
    """Join pools of N rows each: row r of pool j gets the number j·N + r."""
    if len(pools) == 1:
        return pools[0]
    targets = np.concatenate([pool.targets for pool in pools])
    known = [pool.factors for pool in pools if pool.factors is not None]
    factors = np.concatenate(known) if len(known) == len(pools) else None
    in_memory = [pool for pool in pools if isinstance(pool, Examples)]
    if len(in_memory) == len(pools) and all(pool.inputs.size <= PREPARED_VALUES for pool in in_memory):
        return Examples(np.concatenate([pool.inputs for pool in in_memory]), targets, factors)
    return JoinedPool(pools, targets, factors)


def gathered_features(
    pool: Pool,
    rows: IntArray,
    features: int,
    columns: slice,
    dtype: np.dtype[np.floating],
    kind: np.dtype[np.integer],
) -> IntArray:
    """Some columns of the pool's `features` as whole numbers of a `kind`, (n, columns), of rows (n,).

    `dtype` is the pool's.
    """
    values = np.empty((rows.size, columns.stop - columns.start), kind)
    step = max(1, BLOCK_VALUES // (features + 1))
    for start in range(0, rows.size, step):
        block = rows[None, start : start + step]
        inputs = np.empty((1, block.size, features + 1), dtype)
        pool.gather(block, inputs)
        values[start : start + step] = inputs[0, :, columns]
    return values


def gather(pool: Pool, rows: IntArray, work: Workspace) -> None:
    """Fetch each member's rows, (K, batch), with their targets and factors, into a workspace."""
    pool.gather(rows, work.inputs)
    pool.targets.take(rows, 0, work.targets.y, "clip")
    if pool.factors is not None and work.targets.weights is not None:
        pool.factors.take(rows, 0, work.targets.weights, "clip")

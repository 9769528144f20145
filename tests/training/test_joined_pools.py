from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.training.pool import Examples, JoinedPool, Pool, join_pools
from tests.training.recipes import blobs


@dataclass(frozen=True)
class OnDemand:
    """A pool that does not seem to be in memory."""

    examples: Examples

    @property
    def targets(self) -> IntArray:
        return self.examples.targets

    def gather(self, rows: IntArray, inputs: FloatArray) -> None:
        self.examples.gather(rows, inputs)


def gathered(pool: Pool, rows: IntArray) -> FloatArray:
    out = np.full((*rows.shape, 4), np.nan, np.float32)
    pool.gather(rows, out)
    return out


def test_rows_of_joined_pools() -> None:
    """Row r of pool j is j·N + r, whether the pools are in memory or not."""
    pools = [blobs(20, 3, 2, seed=seed) for seed in range(3)]
    rows = np.array([[3, 19, 0], [20, 39, 25], [59, 40, 41], [1, 2, 3]])
    expected = [pools[j].inputs[own] for j, own in enumerate([[3, 19, 0], [0, 19, 5], [19, 0, 1]])]
    expected.append(pools[0].inputs[[1, 2, 3]])
    in_memory, on_demand = join_pools(pools), join_pools([OnDemand(pool) for pool in pools])
    assert isinstance(in_memory, Examples)
    assert isinstance(on_demand, JoinedPool)
    for pool in (in_memory, on_demand):
        np.testing.assert_array_equal(gathered(pool, rows), np.stack(expected))
        np.testing.assert_array_equal(pool.targets, np.concatenate([each.targets for each in pools]))


def test_a_single_pool_is_not_copied() -> None:
    pool = blobs(5, 3, 2)
    assert join_pools([pool]) is pool

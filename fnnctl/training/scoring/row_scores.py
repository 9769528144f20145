"""The scores by which a network is judged and used: a row's never depend on the rows beside it.

The last bits of a product's column depend on how many columns there are, and not on what is in the others.
So every batch here is whole, filled up with whatever there is where the rows do not suffice. With some BLAS
kernels they depend on the column's place, too; then the batch is computed in slices, so narrow that all
places are alike. Training's own `Scorer`, which scores a few rows after every epoch, saves all that work.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.network import Network
from fnnctl.nn.workspace import Workspace
from fnnctl.training.pool import Pool
from fnnctl.training.scoring.stacked import SCORING_BATCH

WIDTHS = (SCORING_BATCH, 16, 8, 1)
"""Rows of a slice, of which the most that will do are taken. OpenBLAS's kernels for AVX2 want 16, which takes
about 1.4 times as long as a batch in one; those for AVX-512 treat all places alike."""
PROBES = 4


class RowScorer:
    """Scores rows with a network that is alone in its stack; keeps its buffers between calls."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._work = next(work for width in WIDTHS if self._places_are_alike(work := self._workspace(width)))
        self.inputs = self._rows_of(self._work)
        """Where the caller puts the features of up to SCORING_BATCH rows, each with a last one."""
        self.inputs.fill(1.0)

    def scores(self, rows: int) -> FloatArray:
        """A score a class, before softmax, of the first rows of `inputs`: (rows, classes).

        Of scores that overflow nothing is said: they are infinite, or NaN.
        """
        return self._scores(self._work)[:rows]

    def _workspace(self, width: int) -> Workspace:
        """Slices of so many rows stand where members stand elsewhere; they share the network."""
        dtype = self._network.parameters.dtype
        return Workspace(self._network.layout.shape, SCORING_BATCH // width, width, dtype, training=False)

    def _places_are_alike(self, work: Workspace) -> bool:
        """Whether a row has the same scores at each place; tried with a few."""
        if work.batch == 1:
            return True
        rng = np.random.default_rng(0)
        inputs = self._rows_of(work)
        for _ in range(PROBES):
            inputs[...] = rng.normal(size=inputs.shape[1])
            scores = self._scores(work)
            if scores.tobytes() != np.broadcast_to(scores[0], scores.shape).tobytes():
                return False
        return True

    def _scores(self, work: Workspace) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            self._network.forward(work)
        scores = work.loss.outputs(work.scores).transpose(0, 2, 1)
        return scores.reshape(SCORING_BATCH, -1).copy()

    @staticmethod
    def _rows_of(work: Workspace) -> FloatArray:
        return work.inputs.reshape(SCORING_BATCH, -1)


def scores_in_batches(scorer: RowScorer, pool: Pool, rows: IntArray) -> Iterator[FloatArray]:
    """The scores of some rows of the pool, (n,): (≤ SCORING_BATCH, classes) at a time."""
    for start in range(0, len(rows), SCORING_BATCH):
        batch = rows[None, start : start + SCORING_BATCH]
        pool.gather(batch, scorer.inputs[None, : batch.size])
        yield scorer.scores(batch.size)

"""Scores for evaluation and prediction: the scores of a row never depend on the other rows.

The last bits of a column of a matrix product depend on the number of columns, but not on the content of the
others. So every batch has the same size, padded with arbitrary rows. With some BLAS kernels they also depend
on the position of the column; then the batch is computed in slices narrow enough that all positions give the
same bits. The `Scorer` of training, which scores a few rows after every epoch, needs none of this.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.workspace import Workspace
from fnnctl.training.scoring.stacked import SCORING_BATCH

WIDTHS = (SCORING_BATCH, 16, 8, 1)
"""The slice widths to try; the first one in which all positions give the same bits is used. OpenBLAS's AVX2
kernels need 16, which takes 1.4 times as long as 512; its AVX-512 kernels treat all positions alike."""
PROBES = 4


class RowScorer:
    """Scores rows with a network that is alone in its stack; keeps its buffers between calls."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._work = next(work for width in WIDTHS if self._places_are_alike(work := self._workspace(width)))
        self.inputs = self._rows_of(self._work)
        """The caller writes the features of up to SCORING_BATCH rows here, each followed by a 1."""
        self.inputs.fill(1.0)

    def scores(self, rows: int) -> FloatArray:
        """The task's outputs for the first rows of `inputs`, (rows, outputs), such as the arguments of
        softmax.

        Outputs that overflow are infinite or NaN, without a warning.
        """
        return self._scores(self._work)[:rows]

    def _workspace(self, width: int) -> Workspace:
        """A workspace with slices of `width` rows on the axis of the members; they share one network."""
        dtype = self._network.parameters.dtype
        return Workspace(self._network.layout.shape, SCORING_BATCH // width, width, dtype, training=False)

    def _places_are_alike(self, work: Workspace) -> bool:
        """Whether a row gets the same scores at each position of the slices, tested with a few rows."""
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

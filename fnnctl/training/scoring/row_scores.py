"""Scores for evaluation and prediction: the scores of a row never depend on the other rows.

The last bits of a column of a matrix product depend on the number of columns, but not on the content of the
others. So every batch has the same size, padded with arbitrary rows. With some BLAS kernels they also depend
on the position of the column; then the batch is computed in slices narrow enough that all positions give the
same bits. The `Scorer` of training, which scores a few rows after every epoch, needs none of this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.workspace import Workspace
from fnnctl.training.scoring.stacked import SCORING_BATCH

WIDTHS = (SCORING_BATCH, 16, 8, 1)
"""The slice widths to try; the first one in which all positions give the same bits is used. OpenBLAS's AVX2
kernels need 16, which takes 1.4 times as long as 512; its AVX-512 kernels treat all positions alike."""
PROBES = 4
FEWEST_ROWS = 16
"""Fewer rows are computed as this many."""


class RowScorer:
    """Scores rows with networks of one shape, each alone in its stack; keeps its buffers between calls."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)
        first = self._networks[0]
        shape = (SCORING_BATCH, first.layout.shape.inputs + 1)
        self.inputs = np.empty(shape, first.parameters.dtype)
        """The caller writes the features of up to SCORING_BATCH rows here, each followed by a 1."""
        self._width = next(width for width in WIDTHS if self._places_are_alike(width))
        self._workspaces: dict[int, Workspace] = {}
        self.inputs.fill(1.0)

    def __len__(self) -> int:
        return len(self._networks)

    def copied(self) -> RowScorer:
        """A scorer of the same networks with buffers of its own, for another thread."""
        return RowScorer(self._networks)

    def alone(self) -> list[RowScorer]:
        """A scorer for each network."""
        return [RowScorer([network]) for network in self._networks]

    def scores(self, rows: int) -> list[FloatArray]:
        """Each network's outputs for the first rows of `inputs`, (rows, outputs), such as the arguments of
        softmax.

        Outputs that overflow are infinite or NaN, without a warning. The rows are rounded up to a power of
        two, so that few workspaces are needed; the other slices are not computed.
        """
        computed = max(FEWEST_ROWS, self._width, 1 << (rows - 1).bit_length())
        if computed not in self._workspaces:
            self._workspaces[computed] = self._workspace(computed, self._width)
        work = self._workspaces[computed]
        return [self._scores(network, work)[:rows] for network in self._networks]

    def _workspace(self, rows: int, width: int) -> Workspace:
        """A workspace for the first rows of `inputs`, with slices of `width` rows on the axis of the members.

        They share one network at a time.
        """
        slices = self.inputs[:rows].reshape(-1, width, self.inputs.shape[1])
        shape = self._networks[0].layout.shape
        return Workspace(shape, len(slices), width, self.inputs.dtype, training=False, inputs=slices)

    def _places_are_alike(self, width: int) -> bool:
        """Whether a row gets the same scores at each position of a slice, tested with a few rows.

        One network is enough, because kernels differ by shape.
        """
        if width == 1:
            return True
        rng = np.random.default_rng(0)
        work = self._workspace(max(FEWEST_ROWS, width), width)
        for _ in range(PROBES):
            work.inputs[...] = rng.normal(size=self.inputs.shape[1])
            scores = self._scores(self._networks[0], work)
            if scores.tobytes() != np.broadcast_to(scores[0], scores.shape).tobytes():
                return False
        return True

    def _scores(self, network: Network, work: Workspace) -> FloatArray:
        """A network's outputs for the workspace's rows, (rows, outputs)."""
        with np.errstate(over="ignore", invalid="ignore"):
            network.forward(work)
        scores = work.loss.outputs(network.within_limits(work.scores)).transpose(0, 2, 1)
        return scores.reshape(len(scores) * work.batch, -1).copy()

"""The scores by which a network is judged and used: a row's never depend on the rows beside it.

The last bits of a product's column depend on how many columns there are, and not on what is in the others. So
every batch here is whole, filled up with whatever there is where the rows do not suffice. Training's own
`Scorer`, which scores a few rows after every epoch, saves that work.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.workspace import Workspace
from fnnctl.training.scoring import SCORING_BATCH


class RowScorer:
    """Scores rows with a network that is alone in its stack; keeps its buffers between calls."""

    def __init__(self, network: Network) -> None:
        self._network = network
        dtype = network.parameters.dtype
        self._work = Workspace(network.layout.shape, 1, SCORING_BATCH, dtype, training=False)
        self.inputs = self._work.inputs[0]
        """Where the caller puts the features of up to SCORING_BATCH rows, each with a last one."""
        self.inputs.fill(1.0)

    def scores(self, rows: int) -> FloatArray:
        """A score a class, before softmax, of the first rows of `inputs`: (rows, classes).

        Of scores that overflow nothing is said: they are infinite, or NaN.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            self._network.forward(self._work)
        return self._work.loss.class_scores(self._work.scores)[0, :, :rows].T.copy()

"""Forward passes without training: scores, losses and predictions of rows, in batches of one fixed size.

The size is fixed since a product's last bits may depend on it: a member must score alike in any stack.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.network import Network
from fnnctl.nn.workspace import Workspace
from fnnctl.training.pool import Pool, gather

SCORING_BATCH = 512


class Scorer:
    """Scores rows of the pool with a stack's present parameters; keeps its buffers between calls."""

    def __init__(self, network: Network, pool: Pool) -> None:
        self._network, self._pool = network, pool
        self._workspaces: dict[int, Workspace] = {}

    def evaluate(self, rows: IntArray) -> tuple[FloatArray, IntArray]:
        """Mean loss, (K,), and predicted classes, (K, n), of each member's rows, (K, n)."""
        predictions = np.empty(rows.shape, np.intp)
        total = np.zeros(len(rows))
        for part, work in self._batches(rows):
            loss, predictions[:, part] = work.loss.evaluate(work.scores, work.targets.labels)
            total += loss
        return total / rows.shape[1], predictions

    def scores(self, rows: IntArray) -> FloatArray:
        """A score a class, before softmax, of each member's rows: (K, n) → (K, n, classes)."""
        scores = np.empty((*rows.shape, self._network.layout.shape.classes), self._network.parameters.dtype)
        for part, work in self._batches(rows):
            scores[:, part] = work.loss.class_scores(work.scores).transpose(0, 2, 1)
        return scores

    def _batches(self, rows: IntArray) -> Iterator[tuple[slice, Workspace]]:
        """Each batch of the rows, with the workspace that holds its scores."""
        members, count = rows.shape
        for start in range(0, count, SCORING_BATCH):
            part = slice(start, min(start + SCORING_BATCH, count))
            size = part.stop - part.start
            if size not in self._workspaces:
                self._workspaces[size] = Workspace(
                    self._network.layout.shape, members, size, self._network.parameters.dtype, training=False
                )
            work = self._workspaces[size]
            gather(self._pool, rows[:, part], work)
            self._network.forward(work)
            yield part, work

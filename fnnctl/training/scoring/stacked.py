"""Forward passes without training: scores, losses and predictions of rows, in batches of one fixed size.

The size is fixed because the last bits of a product may depend on it, and a member must get the same scores
in any stack.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.registry import target_type
from fnnctl.nn.losses.targets import TargetArray
from fnnctl.nn.network import Network
from fnnctl.nn.shape import NetworkShape
from fnnctl.nn.workspace import Workspace
from fnnctl.training.pool import Pool, gather

SCORING_BATCH = 512
FEWEST = 16
"""The smallest batch of a network with many inner members."""


def rows_at_once(shape: NetworkShape) -> int:
    """The rows of a batch: fewer for inner members, each of which has a column of its own for every row."""
    return max(FEWEST, SCORING_BATCH // shape.inner_members)


class Scorer:
    """Scores rows of the pool with a stack's current parameters; keeps its buffers between calls."""

    def __init__(self, network: Network, pool: Pool) -> None:
        self._network, self._pool = network, pool
        self._workspaces: dict[int, Workspace] = {}

    def evaluate(self, rows: IntArray) -> tuple[FloatArray, TargetArray]:
        """Mean loss, (K,), and predictions, (K, n), of each member's rows, (K, n).

        Those of inner members are of their average.
        """
        if self._network.layout.shape.inner_members > 1:
            return self.evaluate_ensembles(rows, 1)
        shape, dtype = self._network.layout.shape, self._network.parameters.dtype
        predictions: TargetArray = np.empty(rows.shape, target_type(shape.output, dtype))
        total = np.zeros(len(rows))
        for part, work in self._batches(rows):
            scores = self._network.within_limits(work.scores)
            loss, predictions[:, part] = work.loss.evaluate(scores, work.targets.y)
            total += loss
        return total / rows.shape[1], predictions

    def evaluate_ensembles(self, rows: IntArray, size: int) -> tuple[FloatArray, TargetArray]:
        """As `evaluate`, for the averages of `size` consecutive members: (K / size,) and (K / size, n).

        The members of an ensemble have the same rows.
        """
        shape, count = self._network.layout.shape, rows.shape[1]
        networks = size * shape.inner_members
        predictions: TargetArray = np.empty(
            (len(rows) // size, count), target_type(shape.output, np.dtype(np.float64))
        )
        total = np.zeros(len(predictions))
        for part, work in self._batches(rows):
            targets = work.targets.y[::size]
            scores = self._network.within_limits(work.member_scores())
            loss, predictions[:, part] = work.loss.evaluate_ensembles(scores, targets, networks)
            total += loss
        return total / count, predictions

    def scores(self, rows: IntArray) -> FloatArray:
        """The task's outputs for each member's rows, (K·N, n, outputs), such as the arguments of softmax.

        N is the number of inner members, whose outputs are consecutive.
        """
        shape, (members, count) = self._network.layout.shape, rows.shape
        networks = members * shape.inner_members
        scores = np.empty((networks, count, shape.outputs), self._network.parameters.dtype)
        for part, work in self._batches(rows):
            own = self._network.within_limits(work.member_scores())
            scores[:, part] = work.loss.outputs(own).transpose(0, 2, 1)
        return scores

    def _batches(self, rows: IntArray) -> Iterator[tuple[slice, Workspace]]:
        """Each batch of the rows, with the workspace that holds its scores."""
        members, count = rows.shape
        most = rows_at_once(self._network.layout.shape)
        for start in range(0, count, most):
            part = slice(start, min(start + most, count))
            size = part.stop - part.start
            if size not in self._workspaces:
                self._workspaces[size] = Workspace(
                    self._network.layout.shape, members, size, self._network.parameters.dtype, training=False
                )
            work = self._workspaces[size]
            gather(self._pool, rows[:, part], work)
            self._network.forward(work)
            yield part, work

"""The base of all losses: a loss overwrites the scores of a batch with the output layer's error terms."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.targets import TargetArray, Targets
from fnnctl.nn.losses.totals import LossTotals
from fnnctl.nn.shape import NetworkShape


class Loss:
    """The loss of K members' batches of one size, with its buffers."""

    target_type: ClassVar[type[np.generic] | None] = None
    """The type of targets and predictions; None for the working type."""

    def __init__(self, shape: NetworkShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self.shape, self.batch = shape, batch
        self._totals = LossTotals(members, batch, dtype)
        # An array, because NumPy is slower with a Python number.
        self._share = np.array(1.0 / batch, dtype)
        """The weight of an example in the mean, 1/N."""
        self._targets = Targets(np.zeros((members, batch), self.target_type or dtype))

    def set_targets(self, targets: Targets) -> None:
        """Set the targets of the following batches; they must not change."""
        self._targets = targets

    def error_terms(self, z: FloatArray) -> None:
        """Overwrite the scores z, (K, scores, batch), with ∂L/∂z of the mean loss, L = (1/N) Σ wᵢLᵢ."""
        raise NotImplementedError

    def totals(self) -> FloatArray:
        """Sums over the examples since the last call, (2, K): the loss and the task's training metric."""
        return self._totals.totals()

    def evaluate(self, z: FloatArray, y: TargetArray) -> tuple[FloatArray, TargetArray]:
        """The sum of the plain loss, (K,), and the predictions, (K, batch). z is overwritten."""
        raise NotImplementedError

    def evaluate_ensembles(self, z: FloatArray, y: TargetArray, size: int) -> tuple[FloatArray, TargetArray]:
        """As `evaluate`, for ensembles of `size` consecutive members: their average's loss and predictions.

        Loss (K / size,) and predictions (K / size, batch); the targets y, (K / size, batch), are those of the
        ensembles. Probabilities or values are averaged, in float64.
        """
        raise NotImplementedError

    def outputs(self, z: FloatArray) -> FloatArray:
        """The task's outputs, (K, outputs, batch), from the scores z, such as the arguments of softmax."""
        raise NotImplementedError

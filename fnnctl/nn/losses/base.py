"""What all losses share: the targets of a batch, the sums over its examples, and their base class.

A loss overwrites the scores of a batch with the output layer's error terms. Targets are soft if mixup or
smoothing made them so. Losses per example are stored for a few steps and then summed, because summing in
every step is slower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape

TargetArray: TypeAlias = npt.NDArray[Any]
"""Indices of classes, or real values."""
STEPS = 8
"""The number of stored steps. It affects the last bits of all results, so it is the same for all stacks."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of K members' batches; an array that the techniques do not need is None."""

    y: TargetArray
    """(K, batch): the target of each example; with T targets (K, batch, T), and so are its weights."""
    weights: FloatArray | None = None
    """(K, batch): each example's factor in the loss. Losses of counts and amounts have them also in
    validation: see `log_means`."""
    partners: TargetArray | None = None
    """(K, batch): the targets of the examples that were mixed in."""
    share: FloatArray | None = None
    """(K, batch): the example's own share of its target; its partner has the rest."""
    smoothing: FloatArray | None = None
    """(K, 1): the share of a target that is spread over all classes (Szegedy et al., 2016, section 7)."""

    @property
    def soft(self) -> bool:
        """Whether a target is more than one class: mixed or smoothed."""
        return self.partners is not None or self.smoothing is not None

    def of_ensembles(self, size: int) -> Targets:
        """What a loss evaluates for ensembles of `size` consecutive members, which have equal targets."""
        return Targets(self.y[::size], None if self.weights is None else self.weights[::size])

    def repeated(self, times: int) -> Targets:
        """The targets of `times` copies of the batch, one after the other, (K, times · batch)."""
        arrays = (self.weights, self.partners, self.share)
        weights, partners, share = (None if array is None else _repeated(array, times) for array in arrays)
        return Targets(_repeated(self.y, times), weights, partners, share, self.smoothing)

    def probabilities(self, out: FloatArray) -> None:
        """Write the target probabilities, (K, classes, batch): (1 − ε)(ρy + (1 − ρ)y′) + ε/classes."""
        members, classes, batch = out.shape
        weight = 1.0 if self.smoothing is None else 1.0 - self.smoothing
        spread = np.zeros((1, 1)) if self.smoothing is None else self.smoothing / classes
        out[...] = spread[:, :, None]
        at = np.arange(members)[:, None], self.y, np.arange(batch)
        if self.partners is None or self.share is None:
            out[at] = spread + weight  # no two examples share a place, so the sum need not be read back
            return
        out[at] += weight * self.share
        at_partner = at[0], self.partners, at[2]
        out[at_partner] += weight * (1.0 - self.share)


def _repeated(values: npt.NDArray[Any], times: int) -> npt.NDArray[Any]:
    """The values, (K, batch, …), of `times` copies of the batch."""
    return np.concatenate([values] * times, axis=1)


class LossTotals:
    """The losses and the training metric of K members' batches of one size, summed over steps."""

    def __init__(self, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self._stored = np.empty((2, members, STEPS, batch), dtype)
        self._steps = [(self._stored[0, :, step], self._stored[1, :, step]) for step in range(STEPS)]
        self._used = 0
        self._sums = np.zeros((2, members))

    def next_step(self) -> tuple[FloatArray, FloatArray]:
        """The arrays for the next step's losses and training metric per example, (K, batch) each."""
        if self._used == STEPS:
            self._add_up()
        arrays = self._steps[self._used]
        self._used += 1
        return arrays

    def totals(self) -> FloatArray:
        """The sums since the last call, of the losses and of the training metric: (2, K)."""
        self._add_up()
        totals, self._sums = self._sums, np.zeros(self._sums.shape)
        return totals

    def _add_up(self) -> None:
        """Sum each member's row separately in float64, so that it has the same bits in any stack."""
        if self._used:
            losses = self._stored[:, :, : self._used].astype(np.float64)
            self._sums += np.add.reduce(losses.reshape(*self._sums.shape, -1), axis=2)
            self._used = 0


class Loss:
    """The loss of K members' batches of one size, with its buffers."""

    target_type: ClassVar[type[np.generic] | None] = None
    """The type of targets and predictions; None for the working type."""

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self.output, self.batch = output, batch
        self._totals = LossTotals(members, batch, dtype)
        # An array, because NumPy is slower with a Python number.
        self._share = np.array(1.0 / batch, dtype)
        """The weight of an example in the mean, 1/N."""
        self._targets = Targets(np.zeros((members, batch), self.target_type or dtype))

    @classmethod
    def scores_of(cls, output: OutputShape) -> int:
        """The number of a network's scores, from which the outputs of the task follow; see `outputs`."""
        return output.size

    def set_targets(self, targets: Targets) -> None:
        """Set the targets of the following batches; they must not change."""
        self._targets = targets

    def error_terms(self, z: FloatArray) -> None:
        """Overwrite the scores z, (K, scores, batch), with ∂L/∂z of the mean loss, L = (1/N) Σ wᵢLᵢ."""
        raise NotImplementedError

    def totals(self) -> FloatArray:
        """Sums over the examples since the last call: the loss and the task's training metric, (2, K)."""
        return self._totals.totals()

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, TargetArray]:
        """The plain loss and the prediction of each example, (K, batch) each. z is overwritten."""
        raise NotImplementedError

    def evaluate_ensembles(
        self, z: FloatArray, targets: Targets, size: int
    ) -> tuple[FloatArray, TargetArray]:
        """As `evaluate`, for ensembles of `size` consecutive members: their average's loss and predictions.

        Losses, predictions and targets, (K / size, batch) each, are those of the ensembles. Outputs are
        averaged, in float64: probabilities or values.
        """
        raise NotImplementedError

    def outputs(self, z: FloatArray) -> FloatArray:
        """The task's outputs, (K, outputs, batch), from the scores z, such as the arguments of softmax."""
        raise NotImplementedError

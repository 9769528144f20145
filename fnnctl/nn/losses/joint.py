"""The loss of several targets: the sum of the losses of the parts of the output layer, one per target.

Each part has scores, targets and factors of its own. The factors of a target make its loss comparable with
those of the others, and are 0 in rows without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import Loss, Targets
from fnnctl.nn.losses.registry import loss_of

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape


def loss_class(output: OutputShape) -> type[Loss]:
    """The loss of an output layer, with one part or several."""
    return JointLoss if output.parts else loss_of(output.kind)


def target_type(output: OutputShape, dtype: np.dtype[np.floating]) -> np.dtype[np.generic]:
    """The type of targets and predictions for this output layer and this working type."""
    return np.dtype(loss_class(output).target_type or dtype)


class _Part(NamedTuple):
    """One target of several."""

    loss: Loss
    scores: slice
    """Its part of the scores of the network."""
    buffer: FloatArray
    """(K, scores, batch): losses need contiguous scores."""


class JointLoss(Loss):
    """L = Σ wₜLₜ over the T parts of the output, with the factor wₜ of each example and target.

    Targets and factors are (K, batch, T), and so are the losses and predictions of an evaluation; classes are
    given by their indices. The totals are the sum of the losses, and the loss of each target.
    """

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self.output, self.batch = output, batch
        self._parts = []
        for part, loss, scores in _of_parts(output):
            buffer = np.empty((members, scores.stop - scores.start, batch), dtype)
            self._parts.append(_Part(loss(part, members, batch, dtype), scores, buffer))

    @classmethod
    def scores_of(cls, output: OutputShape) -> int:
        *_, (_, _, last) = _of_parts(output)
        return int(last.stop)

    def set_targets(self, targets: Targets) -> None:
        for number, part in enumerate(self._parts):
            part.loss.set_targets(_of_target(targets, number, part.loss))

    def error_terms(self, z: FloatArray) -> None:
        for loss, scores, buffer in self._parts:
            buffer[...] = z[:, scores]
            loss.error_terms(buffer)
            z[:, scores] = buffer

    def totals(self) -> FloatArray:
        """Sums over the examples since the last call, (1 + T, K): the loss, and that of each target."""
        of_targets = np.stack([part.loss.totals()[0] for part in self._parts])
        return np.concatenate([of_targets.sum(axis=0, keepdims=True), of_targets])

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, FloatArray]:
        evaluated = [
            part.loss.evaluate(scores, own) for part, scores, own in self._of_parts_alone(z, targets)
        ]
        return _joined(evaluated, targets.weights)

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, FloatArray]:
        evaluated = [
            part.loss.evaluate_ensembles(scores, own, size)
            for part, scores, own in self._of_parts_alone(z, targets)
        ]
        return _joined(evaluated, targets.weights)

    def outputs(self, z: FloatArray) -> FloatArray:
        of_parts = [part.loss.outputs(np.ascontiguousarray(z[:, part.scores])) for part in self._parts]
        return np.concatenate(of_parts, axis=1)

    def _of_parts_alone(self, z: FloatArray, targets: Targets) -> Iterator[tuple[_Part, FloatArray, Targets]]:
        """Each part with its scores and its targets, without their factors."""
        for number, part in enumerate(self._parts):
            scores = np.ascontiguousarray(z[:, part.scores])
            yield part, scores, replace(_of_target(targets, number, part.loss), weights=None)


def _joined(
    evaluated: Sequence[tuple[FloatArray, FloatArray]], weights: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """The losses times their factors, and the predictions, (K, batch, T) each, from those of each part."""
    losses = np.stack([of_part for of_part, _ in evaluated], axis=2)
    predictions = np.stack([predicted for _, predicted in evaluated], axis=2)
    return losses if weights is None else losses * weights, predictions


def _of_parts(output: OutputShape) -> Iterator[tuple[OutputShape, type[Loss], slice]]:
    """The parts of an output, each with its loss and its part of the scores."""
    first = 0
    for part in output.parts:
        loss = loss_of(part.kind)
        scores = slice(first, first + loss.scores_of(part))
        yield part, loss, scores
        first = scores.stop


def score_slices(output: OutputShape) -> list[tuple[OutputShape, slice]]:
    """The parts of an output, each with its part of the scores."""
    return [(part, scores) for part, _, scores in _of_parts(output)]


def places_of_outputs(former: OutputShape, output: OutputShape) -> IntArray:
    """The places of the scores of a former output layer in one whose targets may have further classes."""
    parts = zip(former.parts or (former,), output.parts or (output,), strict=True)
    sizes = [(loss_of(old.kind).scores_of(old), loss_of(new.kind).scores_of(new)) for old, new in parts]
    ends = np.cumsum([new for _, new in sizes])
    return np.concatenate(
        [np.arange(end - new, end - new + old) for (old, new), end in zip(sizes, ends, strict=True)]
    )


def _of_target(targets: Targets, number: int, loss: Loss) -> Targets:
    """The targets of one part, (K, batch)."""
    y = np.ascontiguousarray(targets.y[..., number])
    weights = None if targets.weights is None else np.ascontiguousarray(targets.weights[..., number])
    return Targets(y if loss.target_type is None else y.astype(loss.target_type), weights)

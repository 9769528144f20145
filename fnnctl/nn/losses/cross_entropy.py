"""The cross-entropy of K members' batches, computed from scores and never from clipped probabilities.

The training metric beside the loss is the accuracy. Logarithms are computed in contiguous arrays and not in
those of `LossTotals`, because NumPy's last bits may depend on the stride.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.limits import exp_or_zero
from fnnctl.nn.losses.base import Loss, Targets

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape


class SoftmaxCrossEntropy(Loss):
    """L = −Σ t_c log softmax(z)_c = log Σ exp(z_c − max) − Σ t_c(z_c − max); ∂L/∂z = softmax(z) − t.

    (Qiu, sections 3.3 and 4.2.) The target t is the label's unit vector or a soft target; both sum to 1.
    """

    target_type = np.intp

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(output, members, batch, dtype)
        self._row = np.empty((members, 1, batch), dtype)
        self._of_examples = self._row[:, 0]
        self._picked, self._logs = np.empty((2, members, batch), dtype)
        self._is_largest = np.empty((members, output.size, batch), np.bool_)
        self._at_label = np.empty((members, batch), np.intp)
        first = np.arange(members, dtype=np.intp)[:, None] * (output.size * batch)
        self._class_zero = first + np.arange(batch, dtype=np.intp)
        self._zero, self._batch = np.zeros((), dtype), np.array(batch, dtype)
        self._stride = np.array(batch, np.intp)
        self._t = np.empty((members, 0, batch), dtype)
        """Soft targets, allocated when first needed."""

    def set_targets(self, targets: Targets) -> None:
        super().set_targets(targets)
        if targets.soft:
            if not self._t.size:
                members, batch = targets.y.shape
                self._t = np.empty((members, self.output.size, batch), self._row.dtype)
            targets.probabilities(out=self._t)
        if targets.partners is None:
            self._locate(targets.y, out=self._at_label)

    def error_terms(self, z: FloatArray) -> None:
        losses, correct = self._totals.next_step()
        np.maximum.reduce(z, axis=1, out=self._row, keepdims=True)
        z -= self._row
        if self._targets.soft:
            self._soft_error_terms(z, losses, correct)
        else:
            self._hard_error_terms(z, losses, correct)
        if (weights := self._targets.weights) is not None:
            losses *= weights
            z *= weights[:, None]

    def _hard_error_terms(self, z: FloatArray, losses: FloatArray, correct: FloatArray) -> None:
        flat, at_label, picked = z.reshape(-1), self._at_label, self._picked
        self._pick_and_mark_correct(z, out=correct)
        self._losses_from_shifted(z, out=losses)
        self._row *= self._batch
        z /= self._row
        flat.take(at_label, out=picked, mode="clip")
        picked -= self._share
        flat[at_label] = picked

    def _soft_error_terms(self, z: FloatArray, losses: FloatArray, correct: FloatArray) -> None:
        """With soft targets the picked score is the mean of the scores weighted by the target."""
        t = self._t
        if self._targets.partners is None:
            self._pick_and_mark_correct(z, out=correct)
        else:
            share_correct(z.argmax(axis=1), self._targets, out=correct)
        np.add.reduce(t * z, axis=1, out=self._picked)
        self._losses_from_shifted(z, out=losses)
        z /= self._row
        z -= t
        z *= self._share

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, IntArray]:
        y, predictions = targets.y, z.argmax(axis=1)
        np.maximum.reduce(z, axis=1, out=self._row, keepdims=True)
        z -= self._row
        losses, at_label = np.empty(y.shape, z.dtype), np.empty_like(self._at_label)
        self._locate(y, out=at_label)
        z.reshape(-1).take(at_label, out=self._picked, mode="clip")
        self._losses_from_shifted(z, out=losses)
        return losses, predictions

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, IntArray]:
        return averaged_cross_entropy(self.outputs(z), targets.y, size)

    def outputs(self, z: FloatArray) -> FloatArray:
        return z

    def _locate(self, y: IntArray, out: IntArray) -> None:
        """The index of each label's score in the flat scores."""
        np.multiply(y, self._stride, out=out)
        out += self._class_zero

    def _pick_and_mark_correct(self, z: FloatArray, out: FloatArray) -> None:
        """Pick the labels' shifted scores, and mark the largest ones; a tie goes to the first class.

        The shifted scores are 0 at the largest one. Only ties and values that are not finite need argmax,
        which is slow here.
        """
        z.reshape(-1).take(self._at_label, out=self._picked, mode="clip")
        np.equal(self._picked, self._zero, out=out)
        # To count the zeros of z itself takes three times as long.
        np.equal(z, self._zero, out=self._is_largest)
        picked = self._picked.reshape(-1)
        if np.count_nonzero(self._is_largest) != picked.size or not picked.dot(picked) < np.inf:
            np.equal(z.argmax(axis=1), self._targets.y, out=out)

    def _losses_from_shifted(self, z: FloatArray, out: FloatArray) -> None:
        """The losses log Σ exp(z) − picked score, (K, batch); leaves exp(z) in z and its sum in the row."""
        exp_or_zero(z)
        np.add.reduce(z, axis=1, out=self._row, keepdims=True)
        np.log(self._of_examples, out=self._logs)
        np.subtract(self._logs, self._picked, out=out)


class LogisticCrossEntropy(Loss):
    """One score z for two classes: L = log(1 + exp(z)) − tz and ∂L/∂z = logistic(z) − t (Qiu, section 3.2).

    t is 1 for the positive class. It is the softmax of the two scores 0 and z.
    """

    target_type = np.intp

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(output, members, batch, dtype)
        self._t = np.empty((members, batch), dtype)
        """The share of the positive class in each target."""
        self._logs, self._spare = np.empty((2, members, batch), dtype)
        self._half, self._one = np.array(0.5, dtype), np.ones((), dtype)
        self._zero, self._positive = np.zeros((), dtype), np.array(output.positive)

    def set_targets(self, targets: Targets) -> None:
        super().set_targets(targets)
        if targets.soft:
            self._t[...] = self._positive_share(targets)
        else:
            np.equal(targets.y, self._positive, out=self._t)

    def error_terms(self, z: FloatArray) -> None:
        score, t = z[:, 0], self._t
        losses, correct = self._totals.next_step()
        share_correct(self._predictions(score), self._targets, out=correct)
        self._losses(score, t, out=losses)
        score *= self._half  # logistic(z) is ½(1 + tanh(z/2)), which cannot overflow
        np.tanh(score, out=score)
        score += self._one
        score *= self._half
        score -= t
        score *= self._share
        if (weights := self._targets.weights) is not None:
            losses *= weights
            score *= weights

    @classmethod
    def scores_of(cls, output: OutputShape) -> int:
        return 1

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, IntArray]:
        score, losses = z[:, 0], np.empty(targets.y.shape, z.dtype)
        self._losses(score, self._is_positive(targets.y).astype(z.dtype), out=losses)
        return losses, self._predictions(score)

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, IntArray]:
        return averaged_cross_entropy(self.outputs(z), targets.y, size)

    def outputs(self, z: FloatArray) -> FloatArray:
        scores = np.zeros((len(z), 2, z.shape[2]), z.dtype)
        scores[:, self.output.positive] = z[:, 0]
        return scores

    def _positive_share(self, targets: Targets) -> FloatArray:
        """t, (K, batch)."""
        t: FloatArray = self._is_positive(targets.y).astype(self._t.dtype)
        if targets.partners is not None and targets.share is not None:
            t = targets.share * t + (1.0 - targets.share) * self._is_positive(targets.partners)
        if targets.smoothing is not None:
            t = (1.0 - targets.smoothing) * t + 0.5 * targets.smoothing
        return t

    def _is_positive(self, y: IntArray) -> IntArray:
        return np.equal(y, self.output.positive).astype(np.intp)

    def _predictions(self, score: FloatArray) -> IntArray:
        """The class with the larger score; a tie goes to the first class, as for softmax."""
        one_wins = score > self._zero if self.output.positive == 1 else score < self._zero
        return one_wins.view(np.int8)

    def _losses(self, z: FloatArray, t: FloatArray, out: FloatArray) -> None:
        """log(1 + exp(z)) − tz as max(z, 0) + log1p(exp(−|z|)) − tz, (K, batch)."""
        logs, spare = self._logs, self._spare
        np.abs(z, out=logs)
        np.negative(logs, out=logs)
        np.exp(logs, out=logs)
        np.log1p(logs, out=logs)
        np.multiply(t, z, out=spare)
        logs -= spare
        np.maximum(z, self._zero, out=spare)
        np.add(logs, spare, out=out)


CROSS_ENTROPIES: Final[dict[str, type[Loss]]] = {
    "softmax": SoftmaxCrossEntropy,
    "logistic": LogisticCrossEntropy,
}
"""By the name of the output."""


def share_correct(predictions: IntArray, targets: Targets, out: FloatArray) -> None:
    """The share of each example's target that is predicted, (K, batch): 0 or 1, or a share of a mixture."""
    np.equal(predictions, targets.y, out=out)
    if targets.partners is not None and targets.share is not None:
        out *= targets.share
        out += (1.0 - targets.share) * np.equal(predictions, targets.partners)


def softmax(z: FloatArray) -> FloatArray:
    """The probabilities of scores z, (…, classes), along the last axis, in float64."""
    probabilities = np.exp(_shifted(z))
    probabilities /= _totals(probabilities)
    return probabilities


def log_softmax(z: FloatArray) -> FloatArray:
    """The logarithms of the probabilities of scores z, (…, classes), in float64; all are finite."""
    shifted = _shifted(z)
    shifted -= np.log(_totals(np.exp(shifted)))
    return shifted


def log_odds(z: FloatArray, index: int) -> FloatArray:
    """log(p / (1 − p)) of the class of this index, (…), from scores z, (…, classes), in float64.

    It is computed on logarithms, so that it is finite even if p is 1.
    """
    others = np.delete(z, index, axis=-1).astype(np.float64)
    of_others: FloatArray = others.max(axis=-1) + np.log(_totals(np.exp(_shifted(others)))[..., 0])
    return z[..., index] - of_others


def cross_entropy(z: FloatArray, y: IntArray) -> FloatArray:
    """The loss of each example, (n,), from scores (n, classes) and labels (n,), in float64."""
    shifted = _shifted(z)
    label_scores = np.take_along_axis(shifted, y[:, None], axis=1)[:, 0]
    loss: FloatArray = np.log(np.exp(shifted).sum(axis=1)) - label_scores
    return loss


def averaged_cross_entropy(scores: FloatArray, y: IntArray, size: int) -> tuple[FloatArray, IntArray]:
    """The losses of averaged probabilities, and the classes predicted, (G, batch) each.

    From the scores of `size` members per ensemble, (G·size, classes, batch), and labels, (G, batch). The
    label's mean probability is computed on logarithms, so that a very small one does not become 0.
    """
    p = scores.reshape(-1, size, *scores.shape[1:]).astype(np.float64)
    p -= p.max(axis=2, keepdims=True)
    label_probabilities = np.take_along_axis(p, np.repeat(y[:, None, None], size, axis=1), axis=2)
    np.exp(p, out=p)
    total = p.sum(axis=2, keepdims=True)
    p /= total
    logs = np.logaddexp.reduce((label_probabilities - np.log(total))[:, :, 0], axis=1)
    losses: FloatArray = np.log(size) - logs
    return losses, p.sum(axis=1).argmax(axis=1)


def _shifted(z: FloatArray) -> FloatArray:
    """The scores minus the largest of each example, in float64."""
    shifted = z.astype(np.float64)
    if _are_two(shifted):
        shifted -= np.maximum(shifted[..., :1], shifted[..., 1:])
    else:
        shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted


def _totals(values: FloatArray) -> FloatArray:
    """The sums over the classes, (…, 1)."""
    if _are_two(values):
        return values[..., :1] + values[..., 1:]
    totals: FloatArray = values.sum(axis=-1, keepdims=True)
    return totals


def _are_two(values: FloatArray) -> bool:
    """Whether there are two classes, for which reductions take five times as long as operations."""
    classes: int = values.shape[-1]
    return classes == 2

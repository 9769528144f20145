"""The cross-entropy of K members' batches, from scores: never from probabilities that were clipped.

A loss overwrites the scores with the last layer's error terms, and keeps a tally of the examples' losses
until `totals` asks for the sums.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.shape import NetworkShape
from fnnctl.nn.tally import Tally
from fnnctl.nn.targets import Targets


class Loss:
    """What both outputs have in common; buffers are for batches of one size."""

    def __init__(self, shape: NetworkShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self.shape, self.batch = shape, batch
        self._tally = Tally(members, batch, dtype)

    def error_terms(self, z: FloatArray, targets: Targets) -> None:
        """Overwrite the scores z, (K, scores, batch), with ∂L/∂z of the mean loss, L = (1/N) Σ wᵢLᵢ."""
        raise NotImplementedError

    def totals(self) -> FloatArray:
        """What `error_terms` has found since the last call, (2, K): the sum of the losses over the examples,
        and of how much of their targets is predicted. Divided by their number these are means.
        """
        return self._tally.totals()

    def evaluate(self, z: FloatArray, y: IntArray) -> tuple[FloatArray, IntArray]:
        """The sum of the plain loss, (K,), and the predicted classes, (K, batch). z is overwritten."""
        raise NotImplementedError

    def class_scores(self, z: FloatArray) -> FloatArray:
        """A score a class, (K, classes, batch), whose softmax are the probabilities."""
        raise NotImplementedError


class SoftmaxCrossEntropy(Loss):
    """L = −Σ t_c log softmax(z)_c = log Σ exp(z_c − max) − Σ t_c(z_c − max); ∂L/∂z = softmax(z) − t.

    (Qiu, sections 3.3 and 4.2.) The target t is the label's unit vector, or soft; then t sums to 1, too.
    """

    def __init__(self, shape: NetworkShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(shape, members, batch, dtype)
        self._row = np.empty((members, 1, batch), dtype)
        self._picked = np.empty((members, batch), dtype)
        self._at_label = np.empty((members, batch), np.intp)
        first = np.arange(members, dtype=np.intp)[:, None] * (shape.classes * batch)
        self._class_zero = first + np.arange(batch, dtype=np.intp)
        # Arrays, since NumPy takes longer with a number than with one of these.
        self._zero = np.zeros((1, 1), dtype)
        self._batch, self._share = np.full((1, 1, 1), batch, dtype), np.full((1, 1), 1.0 / batch, dtype)
        self._t: FloatArray | None = None

    def error_terms(self, z: FloatArray, targets: Targets) -> None:
        if targets.soft:
            self._soft_error_terms(z, targets)
        else:
            self._hard_error_terms(z, targets)

    def _hard_error_terms(self, z: FloatArray, targets: Targets) -> None:
        losses, right = self._tally.room()
        self._shift(z)
        self._pick(z, targets.labels)
        self._judge(z, targets.labels, out=right)
        self._losses_from_shifted(z, out=losses)
        self._row *= self._batch
        z /= self._row
        flat = z.reshape(-1)
        flat.take(self._at_label, out=self._picked, mode="clip")
        self._picked -= self._share
        flat[self._at_label] = self._picked
        if targets.weights is not None:
            losses *= targets.weights
            z *= targets.weights[:, None]

    def _soft_error_terms(self, z: FloatArray, targets: Targets) -> None:
        """The picked score is then the mean of all scores under the target."""
        losses, right = self._tally.room()
        if self._t is None:
            self._t = np.empty(z.shape, z.dtype)
        t = self._t
        targets.probabilities(out=t)
        self._shift(z)
        right[...] = share_right(z.argmax(axis=1), targets)
        np.add.reduce(t * z, axis=1, out=self._picked)
        self._losses_from_shifted(z, out=losses)
        z /= self._row
        z -= t
        z *= 1.0 / self.batch
        if targets.weights is not None:
            losses *= targets.weights
            z *= targets.weights[:, None]

    def evaluate(self, z: FloatArray, y: IntArray) -> tuple[FloatArray, IntArray]:
        predictions = z.argmax(axis=1)
        self._shift(z)
        self._pick(z, y)
        losses = np.empty(y.shape, z.dtype)
        self._losses_from_shifted(z, out=losses)
        return losses.sum(axis=1, dtype=np.float64), predictions

    def class_scores(self, z: FloatArray) -> FloatArray:
        return z

    def _shift(self, z: FloatArray) -> None:
        """Subtract each example's largest score."""
        np.maximum.reduce(z, axis=1, keepdims=True, out=self._row)
        z -= self._row

    def _pick(self, z: FloatArray, y: IntArray) -> None:
        """Pick out the score of each example's label."""
        np.multiply(y, self.batch, out=self._at_label)
        self._at_label += self._class_zero
        z.reshape(-1).take(self._at_label, out=self._picked, mode="clip")

    def _judge(self, z: FloatArray, y: IntArray, out: FloatArray) -> None:
        """Whether the label has the largest score; a tie goes to the first class. (argmax is slow here.)"""
        np.equal(self._picked, self._zero, out=out)
        largest = z.size - np.count_nonzero(z)
        if largest != self._picked.size or not np.isfinite(self._picked.sum()):
            np.equal(z.argmax(axis=1), y, out=out)

    def _losses_from_shifted(self, z: FloatArray, out: FloatArray) -> None:
        """The examples' losses, log Σ exp(z) less what was picked; leaves exp(z) in z, its sum in the row."""
        np.exp(z, out=z)
        np.add.reduce(z, axis=1, keepdims=True, out=self._row)
        np.log(self._row[:, 0], out=out)
        out -= self._picked


class LogisticCrossEntropy(Loss):
    """One score z for two classes: L = log(1 + exp(z)) − tz and ∂L/∂z = logistic(z) − t (Qiu, section 3.2).

    t is 1 for the positive class. It is the softmax of the two scores 0 and z.
    """

    def error_terms(self, z: FloatArray, targets: Targets) -> None:
        score, t = z[:, 0], self._positive_share(targets, z.dtype)
        losses, right = self._tally.room()
        right[...] = share_right(self._predictions(score), targets)
        losses[...] = _logistic_losses(score, t)
        np.multiply(score, 0.5, out=score)  # logistic(z) is ½(1 + tanh(z/2)), which cannot overflow
        np.tanh(score, out=score)
        score += 1.0
        score *= 0.5
        score -= t
        score *= 1.0 / self.batch
        if targets.weights is not None:
            losses *= targets.weights
            score *= targets.weights

    def evaluate(self, z: FloatArray, y: IntArray) -> tuple[FloatArray, IntArray]:
        score = z[:, 0]
        losses = _logistic_losses(score, self._is_positive(y).astype(z.dtype))
        return losses.sum(axis=1, dtype=np.float64), self._predictions(score)

    def class_scores(self, z: FloatArray) -> FloatArray:
        scores = np.zeros((len(z), 2, z.shape[2]), z.dtype)
        scores[:, self.shape.positive] = z[:, 0]
        return scores

    def _positive_share(self, targets: Targets, dtype: np.dtype[np.floating]) -> FloatArray:
        """t, (K, batch)."""
        t: FloatArray = self._is_positive(targets.labels).astype(dtype)
        if targets.partners is not None and targets.share is not None:
            t = targets.share * t + (1.0 - targets.share) * self._is_positive(targets.partners)
        if targets.smoothing is not None:
            t = (1.0 - targets.smoothing) * t + 0.5 * targets.smoothing
        return t.astype(dtype, copy=False)

    def _is_positive(self, y: IntArray) -> IntArray:
        return np.equal(y, self.shape.positive).astype(np.intp)

    def _predictions(self, score: FloatArray) -> IntArray:
        """A tie goes to the first class, as softmax has it."""
        positive = self.shape.positive
        chosen = score > 0.0 if positive == 1 else score >= 0.0
        return np.where(chosen, positive, 1 - positive)


def _logistic_losses(z: FloatArray, t: FloatArray) -> FloatArray:
    """log(1 + exp(z)) − tz as max(z, 0) + log1p(exp(−|z|)) − tz."""
    losses: FloatArray = np.log1p(np.exp(-np.abs(z)))
    losses += np.maximum(z, 0.0)
    losses -= t * z
    return losses


def share_right(predictions: IntArray, targets: Targets) -> FloatArray:
    """How much of each example's target the prediction, (K, batch), has: one, or its share of a mixture."""
    right = np.equal(predictions, targets.labels).astype(np.float64)
    if targets.partners is not None and targets.share is not None:
        right = targets.share * right + (1.0 - targets.share) * np.equal(predictions, targets.partners)
    return right


LOSSES: dict[str, type[Loss]] = {"softmax": SoftmaxCrossEntropy, "logistic": LogisticCrossEntropy}
"""The loss of each kind of output."""


def softmax(z: FloatArray) -> FloatArray:
    """The probabilities of scores z along their last axis, in float64."""
    probabilities = np.exp(_shifted(z))
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    return probabilities


def cross_entropy(z: FloatArray, y: IntArray) -> FloatArray:
    """The loss of each example, (n,), from scores (n, classes) and labels (n,), in float64."""
    shifted = _shifted(z)
    label_scores = np.take_along_axis(shifted, y[:, None], axis=1)[:, 0]
    loss: FloatArray = np.log(np.exp(shifted).sum(axis=1)) - label_scores
    return loss


def _shifted(z: FloatArray) -> FloatArray:
    """The scores less each example's largest, in float64."""
    shifted = z.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted

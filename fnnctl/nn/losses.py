"""Softmax with cross-entropy, from the scores: never from probabilities that were clipped.

L = −log softmax(z)_y = log Σ exp(z_c − max) − (z_y − max), and ∂L/∂z = softmax(z) − onehot(y)
(Qiu, sections 3.3 and 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class LossTotals:
    """Sums over the examples of several batches, each (K,): divide by their number for means."""

    loss: FloatArray
    correct: IntArray


class SoftmaxCrossEntropy:
    """The loss of K members on batches of one size, with its buffers.

    What `error_terms` finds is added up example by example until `totals` asks for the sums: a sum a
    step would cost more than the addition.
    """

    def __init__(self, members: int, classes: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self.batch = batch
        self._row = np.empty((members, 1, batch), dtype)
        self._picked = np.empty((members, batch), dtype)
        self._right = np.empty((members, batch), np.bool_)
        self._at_label = np.empty((members, batch), np.intp)
        first = np.arange(members, dtype=np.intp)[:, None] * (classes * batch)
        self._class_zero = first + np.arange(batch, dtype=np.intp)
        self._loss = np.zeros((members, batch))
        self._correct = np.zeros((members, batch), np.int64)

    def error_terms(self, z: FloatArray, y: IntArray) -> None:
        """Overwrite the scores z, (K, classes, batch), with the last layer's error terms of the mean loss.

        y holds the labels, (K, batch). The error terms are (softmax(z) − onehot(y)) / batch.
        """
        self._shift(z, y)
        self._correct += self._label_is_largest(z, y)
        self._loss += self._losses_from_shifted(z)
        self._row *= self.batch
        z /= self._row
        flat = z.reshape(-1)
        np.take(flat, self._at_label, out=self._picked, mode="clip")
        self._picked -= 1.0 / self.batch
        flat[self._at_label] = self._picked

    def totals(self) -> LossTotals:
        """What `error_terms` has found since the last call."""
        totals = LossTotals(self._loss.sum(axis=1), self._correct.sum(axis=1))
        self._loss.fill(0.0)
        self._correct.fill(0)
        return totals

    def evaluate(self, z: FloatArray, y: IntArray) -> tuple[FloatArray, IntArray]:
        """The sum of the loss, (K,), and the predicted classes, (K, batch). z is overwritten."""
        predictions = z.argmax(axis=1)
        self._shift(z, y)
        return self._losses_from_shifted(z).sum(axis=1, dtype=np.float64), predictions

    def _shift(self, z: FloatArray, y: IntArray) -> None:
        """Subtract each example's largest score, and pick out its label's."""
        np.maximum.reduce(z, axis=1, keepdims=True, out=self._row)
        z -= self._row
        np.multiply(y, self.batch, out=self._at_label)
        self._at_label += self._class_zero
        np.take(z.reshape(-1), self._at_label, out=self._picked, mode="clip")

    def _label_is_largest(self, z: FloatArray, y: IntArray) -> BoolArray:
        """Whether the label has the largest score; a tie goes to the first class. (argmax is slow here.)"""
        largest = z.size - np.count_nonzero(z)
        if largest == self._picked.size:
            np.equal(self._picked, 0.0, out=self._right)
        else:
            np.equal(z.argmax(axis=1), y, out=self._right)
        return self._right

    def _losses_from_shifted(self, z: FloatArray) -> FloatArray:
        """The examples' losses, log Σ exp(z) − z_y; leaves exp(z) in z, and its sum over the classes."""
        np.exp(z, out=z)
        np.add.reduce(z, axis=1, keepdims=True, out=self._row)
        losses: FloatArray = np.log(self._row[:, 0])
        losses -= self._picked
        return losses


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

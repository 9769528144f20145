"""Softmax with cross-entropy, from the scores: never from probabilities that were clipped.

L = −log softmax(z)_y = log Σ exp(z_c − max) − (z_y − max), and ∂L/∂z = softmax(z) − onehot(y)
(Qiu, sections 3.3 and 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class LossSums:
    """Sums over a batch, each (K,): divide by the number of examples for means."""

    loss: FloatArray
    correct: IntArray


class SoftmaxCrossEntropy:
    """The loss of K members on batches of one size, with its buffers."""

    def __init__(self, members: int, classes: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        self.batch = batch
        self._row = np.empty((members, 1, batch), dtype)
        self._picked = np.empty((members, batch), dtype)
        self._at_label = np.empty((members, batch), np.intp)
        first = np.arange(members, dtype=np.intp)[:, None] * (classes * batch)
        self._class_zero = first + np.arange(batch, dtype=np.intp)

    def error_terms(self, z: FloatArray, y: IntArray) -> LossSums:
        """Overwrite the scores z, (K, classes, batch), with the last layer's error terms of the mean loss.

        y holds the labels, (K, batch). The error terms are (softmax(z) − onehot(y)) / batch.
        """
        self._shift(z, y)
        correct = self._correct(z, y)
        loss = self._loss_from_shifted(z)
        z /= self._row
        probabilities = z.reshape(-1)
        np.take(probabilities, self._at_label, out=self._picked, mode="clip")
        self._picked -= 1.0
        probabilities[self._at_label] = self._picked
        z *= 1.0 / self.batch
        return LossSums(loss, correct)

    def evaluate(self, z: FloatArray, y: IntArray) -> tuple[FloatArray, IntArray]:
        """The sum of the loss, (K,), and the predicted classes, (K, batch). z is overwritten."""
        predictions = z.argmax(axis=1)
        self._shift(z, y)
        return self._loss_from_shifted(z), predictions

    def _shift(self, z: FloatArray, y: IntArray) -> None:
        """Subtract each example's largest score, and pick out its label's."""
        np.maximum.reduce(z, axis=1, keepdims=True, out=self._row)
        z -= self._row
        np.multiply(y, self.batch, out=self._at_label)
        self._at_label += self._class_zero
        np.take(z.reshape(-1), self._at_label, out=self._picked, mode="clip")

    def _correct(self, z: FloatArray, y: IntArray) -> IntArray:
        """How often the label has the largest score; a tie goes to the first class. (argmax is slow here.)"""
        largest = z.size - np.count_nonzero(z)
        tie = largest != self._picked.size
        right = np.equal(z.argmax(axis=1), y) if tie else np.equal(self._picked, 0.0)
        count: IntArray = right.sum(axis=1)
        return count

    def _loss_from_shifted(self, z: FloatArray) -> FloatArray:
        """Σ log Σ exp(z) − z_y over the examples; leaves exp(z) in z, and its sum over the classes."""
        np.exp(z, out=z)
        np.add.reduce(z, axis=1, keepdims=True, out=self._row)
        loss: FloatArray = np.log(self._row).sum(axis=(1, 2)) - self._picked.sum(axis=1)
        return loss


def softmax(z: FloatArray) -> FloatArray:
    """The probabilities of scores z along their last axis, in float64."""
    shifted = z.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted

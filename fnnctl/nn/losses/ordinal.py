"""The cross-entropy of ordered classes by cumulative logits, whose thresholds cannot cross.

C classes have C − 1 logits lₖ of the probabilities that the class is above the k-th one, counted from 1:

    P(y > k) = σ(lₖ),  l₁ = u₁,  lₖ = lₖ₋₁ − softplus(uₖ),  u = z + the scores of equal probabilities

(McCullagh, Regression models for ordinal data, 1980, with thresholds that depend on the row). They fall with
k, because softplus is positive. With lₖ₋₁ − lₖ = softplus(uₖ), the difference of two neighbours is a product,
σ(lₖ₋₁) − σ(lₖ) = σ(lₖ₋₁) σ(−lₖ) σ(uₖ). So the logarithm of a class's probability is a sum without
cancellation:

    log pₖ = log σ(lₖ₋₁) + log σ(−lₖ) + log σ(uₖ)

where the first class has the second term alone, and the last one the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.limits import exp_or_zero
from fnnctl.nn.losses.base import Loss, Targets
from fnnctl.nn.losses.cross_entropy import averaged_cross_entropy, share_correct

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape


class OrdinalCrossEntropy(Loss):
    """L = −Σ tₖ log pₖ of C − 1 scores for C classes in order; see the module.

    With gⱼ = ∂L/∂lⱼ = tⱼσ(lⱼ) − tⱼ₊₁σ(−lⱼ) and Gₖ = Σⱼ≥ₖ gⱼ: ∂L/∂z₁ = G₁, and ∂L/∂zₖ = −σ(uₖ)Gₖ − tₖσ(−uₖ).
    """

    target_type = np.intp

    @classmethod
    def scores_of(cls, output: OutputShape) -> int:
        return output.size - 1

    def __init__(self, output: OutputShape, members: int, batch: int, dtype: np.dtype[np.floating]) -> None:
        super().__init__(output, members, batch, dtype)
        self._start = scores_of_equal_probabilities(output.size).astype(dtype)[:, None]
        self._t = np.empty((members, output.size, batch), dtype)
        self._half, self._one = np.array(0.5, dtype), np.ones((), dtype)

    def set_targets(self, targets: Targets) -> None:
        super().set_targets(targets)
        targets.probabilities(out=self._t)

    def error_terms(self, z: FloatArray) -> None:
        losses, correct = self._totals.next_step()
        z += self._start
        logits, logs = log_probabilities(z)
        share_correct(logs.argmax(axis=1), self._targets, out=correct)
        t = self._t
        logs *= t
        np.negative(np.add.reduce(logs, axis=1), out=losses)
        lower, upper = t[:, :-1], t[:, 1:]
        slopes = (lower + upper) * self._logistic(logits)
        slopes -= upper
        slopes[:, ::-1].cumsum(axis=1, out=slopes[:, ::-1])
        gaps = self._logistic(z[:, 1:])
        z[:, 0] = slopes[:, 0]
        # tₖ is that of the class between two thresholds
        np.multiply(gaps, lower[:, 1:] - slopes[:, 1:], out=z[:, 1:])
        z[:, 1:] -= lower[:, 1:]
        z *= self._share
        if (weights := self._targets.weights) is not None:
            losses *= weights
            z *= weights[:, None]

    def evaluate(self, z: FloatArray, targets: Targets) -> tuple[FloatArray, IntArray]:
        logs = self.outputs(z)
        at_label = np.take_along_axis(logs, targets.y[:, None], axis=1)[:, 0]
        return -at_label, logs.argmax(axis=1)

    def evaluate_ensembles(self, z: FloatArray, targets: Targets, size: int) -> tuple[FloatArray, IntArray]:
        return averaged_cross_entropy(self.outputs(z), targets.y, size)

    def outputs(self, z: FloatArray) -> FloatArray:
        return log_probabilities(z + self._start)[1]

    def _logistic(self, x: FloatArray) -> FloatArray:
        """½(1 + tanh(x/2)), which can neither overflow nor be subnormal."""
        values = np.tanh(x * self._half)
        values += self._one
        values *= self._half
        return values


def scores_of_equal_probabilities(classes: int) -> FloatArray:
    """The u, (C − 1,), with which all C classes are equally probable: lₖ = log((C − k) / k)."""
    k = np.arange(2, classes, dtype=np.float64)
    gaps = np.log(classes / ((k - 1) * (classes - k)))
    return np.append(np.log(classes - 1.0), gaps)


def log_probabilities(u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The cumulative logits, (K, C − 1, batch), and log p of each class, (K, C, batch), from u."""
    members, scores, batch = u.shape
    logits = u.copy()
    above, below = _softplus_of_both_signs(u[:, 1:])
    np.negative(above, out=logits[:, 1:])
    logits.cumsum(axis=1, out=logits)
    logs = np.zeros((members, scores + 1, batch), u.dtype)
    not_above, not_below = _softplus_of_both_signs(logits)
    logs[:, :-1] -= not_above
    logs[:, 1:] -= not_below
    logs[:, 1:-1] -= below
    return logits, logs


def _softplus_of_both_signs(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """log(1 + exp(x)) = −log σ(−x) and log(1 + exp(−x)) = −log σ(x), without loss of small values."""
    tails = -np.abs(x)
    exp_or_zero(tails)
    np.log1p(tails, out=tails)
    positive = np.maximum(x, 0)
    return positive + tails, positive - x + tails

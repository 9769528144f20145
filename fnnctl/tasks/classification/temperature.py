"""Temperature scaling: a single number that calibrates the confidence of a trained network."""

from __future__ import annotations

import math

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

LOWEST, HIGHEST = 1e-6, 1e6
"""Beyond these temperatures all probabilities are practically 0 or 1, or practically equal."""
TOLERANCE = 1e-10
"""The allowed relative error."""
BLOCK_SCORES = 2**16
"""The number of scores per block, so that temporary arrays stay in the cache."""


def fit_temperature(scores: FloatArray, labels: IntArray) -> float | None:
    """The T that minimizes the mean cross-entropy of softmax(scores / T) (Guo et al., ICML 2017, 4.2).

    Scores (n, C) before softmax, labels (n,). The mean is convex in β = 1/T: the root of `_slope` is found by
    Newton's method, safeguarded by an interval around the root. The interval is bisected if a step leaves it
    or is more than half as long as the step before the last (Press et al., Numerical Recipes, section 9.4).

    None if there is no minimum between `LOWEST` and `HIGHEST`: if all rows are classified correctly,
    certainty is best; if the scores are no better than chance, equal probabilities are. Also None if scores
    are not finite.
    """
    low, high = 1 / HIGHEST, 1 / LOWEST
    if not np.isfinite(scores).all():
        return None
    if _slope(scores, labels, low)[0] >= 0 or _slope(scores, labels, high)[0] <= 0:
        return None
    beta, last, before_last = 1.0, high, high
    while last > TOLERANCE * beta:
        slope, curvature = _slope(scores, labels, beta)
        low, high = (beta, high) if slope < 0 else (low, beta)
        step = -slope / curvature if 0 < curvature < math.inf else math.inf
        if abs(step) > before_last / 2 or not low <= beta + step <= high:
            step = math.sqrt(low * high) - beta
        before_last, last = last, abs(step)
        beta += step
    return 1 / beta


def scaled(scores: FloatArray, temperature: float | None) -> FloatArray:
    """The scores, (n, C), divided by the temperature, in float64; unchanged if the temperature is None."""
    return scores if temperature is None else scores.astype(np.float64) / temperature


def _slope(scores: FloatArray, labels: IntArray, beta: float) -> tuple[float, float]:
    """The first and second β-derivative of the mean cross-entropy of softmax(β·z), where z are the scores.

    They are the mean of E[z] − z_label and the mean of z's variance, under each row's probabilities.
    """
    first = second = 0.0
    step = max(1, BLOCK_SCORES // scores.shape[1])
    for start in range(0, len(labels), step):
        z = scores[start : start + step].astype(np.float64)
        z -= z.max(axis=1, keepdims=True)
        of_label = z[np.arange(len(z)), labels[start : start + step]]
        p = np.exp(beta * z)
        p /= p.sum(axis=1, keepdims=True)
        mean = (p * z).sum(axis=1)
        z -= mean[:, np.newaxis]
        first += float((mean - of_label).sum())
        second += float((p * z * z).sum())
    return first / len(labels), second / len(labels)

"""From scores to probabilities: a temperature that calibrates them, and the correction for class weights.

A temperature is a single number that calibrates the confidence of a trained network. With class weights w a
network that realizes them fully estimates probabilities proportional to w·p: each class seems w times as
frequent as it is. Most networks realize a part, and their probabilities are proportional to w^λ·p. So the
probabilities are divided by w^λ, after the temperature. This changes no decision: the largest w^λ·p stays the
largest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.model import Calibration
from fnnctl.nn.losses.cross_entropy import log_softmax
from fnnctl.tasks.decoding import calibration_steps, decoded

LOWEST, HIGHEST = 1e-6, 1e6
"""Beyond these temperatures all probabilities are practically 0 or 1, or practically equal."""
TOLERANCE = 1e-10
"""The allowed relative error."""
MAX_STEPS = 100
"""Of Newton's method with two unknowns, which needs about ten."""
BLOCK_SCORES = 2**16
"""The number of scores per block, so that temporary arrays stay in the cache."""
FITTED_ROWS, STEPS, LARGEST_CHANGE, ROUGHLY = 4_000, 8, 3.0, 0.03
"""Of the temperature of an epoch's loss: the most rows that it is fitted to, the most steps, the factor by
which a step changes it at most, and the relative size of the last step. Exact ones took ten times as long."""
PRIOR_ROWS: Final = 10
"""The weight of the priors of a shrunk temperature and of λ, in rows. On the training folds of 41 tables,
temperatures with 3, 10 and 30 prior rows lower the mean log loss by 0.0218, 0.0213 and 0.0200. More prior
rows do less harm where there are few validation rows."""


def fit_temperature(
    scores: FloatArray,
    labels: IntArray,
    *,
    class_weights: Sequence[float] | None = None,
    prior_rows: int = 0,
) -> float | None:
    """The T that minimizes the mean cross-entropy of softmax(scores / T) (Guo et al., ICML 2017, 4.2).

    Scores (n, C) before softmax, labels (n,). With class weights, the probabilities are corrected for them:
    see `calibrated`. `prior_rows` shrink T towards 1: the prior of β = 1/T is the gamma distribution with
    mode 1 whose logarithm is prior_rows·(log β − β). It counts like `prior_rows` further rows whose scores
    have variance 1 under the network's probabilities. Its negative logarithm is convex in β, like the mean
    cross-entropy, so there is one minimum.

    The root of the slope is found by Newton's method, safeguarded by an interval around the root. It is
    bisected if a step leaves it or is more than half as long as the step before the last (Press et al.,
    Numerical Recipes, section 9.4).

    None if there is no minimum between `LOWEST` and `HIGHEST`, or if scores are not finite. Without a prior
    there is none if all rows are classified correctly (certainty is best), or if the scores are no better
    than chance (equal probabilities are best).
    """
    if not np.isfinite(scores).all():
        return None
    logs = np.zeros(scores.shape[1]) if class_weights is None else np.log(class_weights)
    prior = prior_rows / len(labels)

    def slope(beta: float) -> tuple[float, float]:
        derivatives = _derivatives(scores, labels, (beta, 1.0), logs)
        first, second = float(derivatives.slopes[0]), float(derivatives.curvatures[0, 0])
        return first + prior * (1 - 1 / beta), second + prior / beta**2

    low, high = 1 / HIGHEST, 1 / LOWEST
    if slope(low)[0] >= 0 or slope(high)[0] <= 0:
        return None
    beta, last, before_last = 1.0, high, high
    while last > TOLERANCE * beta:
        first, second = slope(beta)
        low, high = (beta, high) if first < 0 else (low, beta)
        step = -first / second if 0 < second < math.inf else math.inf
        if abs(step) > before_last / 2 or not low <= beta + step <= high:
            step = math.sqrt(low * high) - beta
        before_last, last = last, abs(step)
        beta += step
    return 1 / beta


def calibrated_losses(scores: FloatArray, labels: IntArray, networks: int, *, out_of_bag: bool) -> FloatArray:
    """The mean cross-entropy of each of E ensembles once a temperature has calibrated it, (E,).

    Labels (E, n). `networks` consecutive ones of the scores, (…, rows, C), are of the same rows, and their
    probabilities are averaged. These are the n rows or, with bags, the rows of one bag after the other. T is
    shrunk and, `out_of_bag`, at most 1, as at the end of training: see `PostTraining`. It is fitted to some
    of the rows, because close to its minimum the loss hardly depends on T. Class weights are not corrected
    for, as in the loss of the scores themselves.
    """
    if networks > 1:
        logs = log_softmax(scores.reshape(-1, networks, *scores.shape[1:]))
        scores = np.logaddexp.reduce(logs, axis=1)
    scores = scores.reshape(*labels.shape, -1)
    (_, rows, classes), losses = scores.shape, np.zeros(len(labels))
    step, block = math.ceil(rows / FITTED_ROWS), max(1, BLOCK_SCORES // classes)
    for k, (z, y) in enumerate(zip(scores, labels, strict=True)):
        beta = _rough_beta(*_by_class(z[::step], y[::step]), prior=PRIOR_ROWS / rows)
        if out_of_bag:
            beta = max(beta, 1.0)
        for start in range(0, rows, block):
            shifted, of_labels = _by_class(z[start : start + block], y[start : start + block])
            shifted *= beta
            losses[k] += np.log(np.exp(shifted).sum(axis=0)).sum() - beta * of_labels.sum()
    losses /= rows
    return losses


def _by_class(scores: FloatArray, labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """The scores less the largest of each row, (C, n), and those of the labels, (n,), in float64.

    With an axis of few classes in front, sums over it are fast.
    """
    z = scores.T.astype(np.float64, order="C")
    z -= z.max(axis=0)
    return z, z[labels, np.arange(len(labels))]


def _rough_beta(z: FloatArray, of_labels: FloatArray, *, prior: float) -> float:
    """About the β = 1/T of `fit_temperature`, from what `_by_class` returns: a few of Newton's steps."""
    beta, mean = 1.0, float(of_labels.mean())
    for _ in range(STEPS):
        p = np.exp(beta * z)
        total = p.sum(axis=0)
        p *= z
        expected = p.sum(axis=0) / total
        p *= z
        variance = p.sum(axis=0) / total - expected * expected
        slope = float(expected.mean()) - mean + prior * (1.0 - 1.0 / beta)
        curvature = float(variance.mean()) + prior / beta**2
        step = slope / curvature
        beta = min(max(beta - step, beta / LARGEST_CHANGE), beta * LARGEST_CHANGE)
        if abs(step) < ROUGHLY * beta:
            break
    return beta


def fit_with_weights(
    scores: FloatArray, labels: IntArray, class_weights: Sequence[float], calibration: Calibration
) -> tuple[float | None, float] | None:
    """T and λ that minimize the mean cross-entropy of softmax(scores / T − λ·log w).

    λ is the share of the weights' logarithms that training has realized: a network that fits its training
    rows well depends less on their weights (Byrd and Lipton, ICML 2019). Its prior is normal,
    −PRIOR_ROWS·(λ − 1)²/2, so that few rows leave it near 1. T has the prior of `fit_temperature` only in
    `shrunk_temperature`; with the calibration `none` it is 1 and returned as None. The sum of the mean and
    the priors is convex, so Newton's method converges if steps that do not lower it enough are halved.

    None if there is no minimum, as in `fit_temperature`.
    """
    if not np.isfinite(scores).all():
        return None
    logs, prior, beta = np.log(class_weights), PRIOR_ROWS / len(labels), 1.0
    beta_prior = prior if calibration == "shrunk_temperature" else 0.0
    if calibration == "temperature":
        start = fit_temperature(scores, labels, class_weights=class_weights)
        if start is None:
            return None
        beta = 1 / start
    free = slice(1, 2) if calibration == "none" else slice(0, 2)

    def derivatives(beta: float, share: float) -> _Derivatives:
        cross_entropy = _derivatives(scores, labels, (beta, share), logs)
        return _Derivatives(
            cross_entropy.value + beta_prior * (beta - 1 - math.log(beta)) + prior * (share - 1) ** 2 / 2,
            cross_entropy.slopes + np.array([beta_prior * (1 - 1 / beta), prior * (share - 1)]),
            cross_entropy.curvatures + np.diag([beta_prior / beta**2, prior]),
        )

    point, here = np.array([beta, 1.0]), derivatives(beta, 1.0)
    for _ in range(MAX_STEPS):
        step = np.zeros(2)
        step[free] = -np.linalg.solve(here.curvatures[free, free], here.slopes[free])
        decrease = float(here.slopes @ step) / 10
        while abs(step).max() > TOLERANCE:
            beta, share = (point + step).tolist()
            if 1 / HIGHEST < beta < 1 / LOWEST:
                there = derivatives(beta, share)
                if there.value <= here.value + decrease:
                    point, here = point + step, there
                    break
            step, decrease = step / 2, decrease / 2
        else:
            break
    beta, share = point.tolist()
    if calibration == "none":
        return None, share
    return None if 1 / beta > HIGHEST / 2 else (1 / beta, share)


def calibrated(
    scores: FloatArray, temperature: float | None, class_weights: Sequence[float] | None = None
) -> FloatArray:
    """Scores, (n, C), whose softmax are the probabilities, in float64; unchanged without both corrections."""
    return decoded(scores, calibration_steps(temperature, class_weights))


@dataclass(frozen=True, slots=True)
class _Derivatives:
    """A function of β and λ, and its derivatives by them."""

    value: float
    slopes: FloatArray
    """(2,)"""
    curvatures: FloatArray
    """(2, 2)"""


def _derivatives(
    scores: FloatArray, labels: IntArray, point: tuple[float, float], logs: FloatArray
) -> _Derivatives:
    """The mean cross-entropy of softmax(β·z − λ·logs) at (β, λ); z are the scores, and `logs` is (C,).

    The slopes are the means of E[z] − z_label and E[−logs] + logs_label, the curvatures those of the
    covariances of z and −logs, under each row's probabilities.
    """
    value, slopes, curvatures = 0.0, np.zeros(2), np.zeros((2, 2))
    step = max(1, BLOCK_SCORES // scores.shape[1])
    for start in range(0, len(labels), step):
        y, z = labels[start : start + step], scores[start : start + step].astype(np.float64)
        z -= z.max(axis=1, keepdims=True)
        rows = np.arange(len(z))
        p = point[0] * z
        p -= point[1] * logs
        p -= p.max(axis=1, keepdims=True)
        label_probabilities = p[rows, y]
        np.exp(p, out=p)
        total = p.sum(axis=1, keepdims=True)
        value += float((np.log(total[:, 0]) - label_probabilities).sum())
        p /= total
        deviations = []
        for k, values in enumerate((z, np.broadcast_to(-logs, z.shape))):
            means = (p * values).sum(axis=1)
            slopes[k] += (means - values[rows, y]).sum()
            deviations.append(values - means[:, np.newaxis])
        for k, one in enumerate(deviations):
            for j, other in enumerate(deviations):
                curvatures[k, j] += (p * one * other).sum()
    return _Derivatives(value / len(labels), slopes / len(labels), curvatures / len(labels))

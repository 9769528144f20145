"""A metric as what it is computed from, row by row, so that its uncertainty follows from resampled rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.classification import log_losses
from fnnctl.metrics.confusion import balanced_accuracy, class_rates, mean_over
from fnnctl.metrics.ranking import add_influences, class_rankings, estimate_auc, mean_auc

Combine: TypeAlias = Callable[[FloatArray], FloatArray]
"""From sums over rows, (…, m), to the metric, (…); NaN where it does not exist."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The share of rows that are predicted correctly."""

    hits: BoolArray
    """(n,)"""

    @property
    def value(self) -> float:
        """The share."""
        return float(np.mean(self.hits))


@dataclass(frozen=True, slots=True)
class RowSums:
    """A metric that follows from sums over the rows."""

    values: FloatArray | IntArray
    """(n, m) what is summed; counts are integers of one byte, as there may be very many."""
    combine: Combine

    @property
    def value(self) -> float:
        """The metric of all rows."""
        return float(self.combine(self.values.sum(axis=0, dtype=np.float64)))


@dataclass(frozen=True, slots=True)
class Influences:
    """A ROC AUC, or the mean of some, with each row's influence on it."""

    value: float
    influences: FloatArray
    """(n,) their squares add up to the variance."""
    interval: list[float] | None


Measure: TypeAlias = Hits | RowSums | Influences

RATES: Final = ("precision", "recall", "f1")
OF_CLASSES: Final = (
    "balanced_accuracy",
    *(f"{rate}_{mean}" for mean in ("macro", "weighted") for rate in RATES),
    "matthews_correlation",
    "cohens_kappa",
)
OF_ROWS: Final = ("log_loss", "loss", "brier_score")
OF_PART: Final = ("accuracy", *OF_CLASSES, "roc_auc_macro", *OF_ROWS)
"""The metrics of a classification that can be compared on one test part."""
OF_CLASS: Final = (*RATES, "roc_auc")
"""The metrics of one class that can be compared on one test part."""
OF_ERRORS: Final = ("r2", "rmse", "mae")
"""The metrics of a regression that can be compared on one test part."""


def class_measure(
    metric: str,
    labels: IntArray,
    predictions: IntArray,
    probabilities: FloatArray,
    of_class: int | None = None,
) -> Measure | None:
    """One of `OF_PART` or, of one class, of `OF_CLASS`; None if it has no value.

    Labels and predictions are (n,), probabilities (n, C).
    """
    if metric == "accuracy":
        return Hits(labels == predictions)
    if metric.startswith("roc_auc"):
        return _areas(labels, probabilities, of_class)
    if metric in OF_ROWS:
        losses = _row_losses(metric, labels, probabilities)
        return _known(RowSums(np.stack([np.ones(len(losses)), losses], axis=1), _mean))
    classes = probabilities.shape[1]
    return _known(RowSums(_counts(labels, predictions, classes), _rate(metric, of_class)))


def error_measure(metric: str, targets: FloatArray, estimates: FloatArray) -> RowSums | None:
    """One of `OF_ERRORS` from targets and estimates, (n,); None if it has no value."""
    centred, errors = targets - targets.mean(), np.abs(targets - estimates)
    values = np.stack([np.ones(len(errors)), errors**2, errors, centred, centred**2], axis=1)
    return _known(RowSums(values, {"r2": _r2, "rmse": _rmse, "mae": _mae}[metric]))


def _known(measure: RowSums) -> RowSums | None:
    return measure if math.isfinite(measure.value) else None


def _areas(labels: IntArray, probabilities: FloatArray, of_class: int | None) -> Influences | None:
    influences, estimates = np.zeros(len(labels)), []
    for index, (ranking, reached) in enumerate(class_rankings(labels, probabilities)):
        if of_class in (None, index) and (estimate := estimate_auc(ranking)) is not None:
            estimates.append(estimate)
            if estimate.variance is not None:
                add_influences(influences, ranking, reached, labels == index)
    mean = mean_auc(estimates, influences)
    if mean is None:
        return None
    return Influences(mean.area, influences / len(estimates), mean.interval())


def _row_losses(metric: str, labels: IntArray, probabilities: FloatArray) -> FloatArray:
    if metric == "log_loss":
        return log_losses(labels, probabilities)
    of_label = probabilities[np.arange(len(labels)), labels]
    if metric == "loss":
        with np.errstate(divide="ignore"):
            losses: FloatArray = -np.log(of_label)
        return losses
    squares: FloatArray = (probabilities**2).sum(axis=1) - 2 * of_label + 1
    return squares / 2 if probabilities.shape[1] == 2 else squares


def _counts(labels: IntArray, predictions: IntArray, classes: int) -> IntArray:
    """(n, 3C): whether the row is a hit, has the label, and has the prediction, for each class."""
    rows = np.arange(len(labels))
    counts = np.zeros((len(labels), 3, classes), np.int8)
    counts[rows, 0, labels] = labels == predictions
    counts[rows, 1, labels] = 1
    counts[rows, 2, predictions] = 1
    return counts.reshape(len(labels), 3 * classes)


def _rate(metric: str, of_class: int | None) -> Combine:
    def combine(sums: FloatArray) -> FloatArray:
        counts = np.rint(sums).astype(np.int64).reshape(*sums.shape[:-1], 3, -1)
        hits, support, predicted = (counts[..., place, :] for place in range(3))
        if metric in ("matthews_correlation", "cohens_kappa"):
            return _agreement(metric, hits, support, predicted)
        rates = class_rates(hits, support, predicted)
        if metric == "balanced_accuracy":
            return balanced_accuracy(rates)
        name, _, mean = metric.partition("_")
        values: FloatArray = getattr(rates, name)
        if of_class is not None:
            return np.where(rates.occurs[..., of_class], values[..., of_class], np.nan)
        return mean_over(values, rates.occurs if mean == "macro" else rates.support)

    return combine


def _agreement(metric: str, hits: IntArray, support: IntArray, predicted: IntArray) -> FloatArray:
    """Matthews' correlation and Cohen's kappa, as in `metrics.confusion`."""
    rows = support.sum(axis=-1).astype(np.float64)
    expected = (support * predicted).sum(axis=-1)
    excess = hits.sum(axis=-1) * rows - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric == "cohens_kappa":
            return np.where(rows**2 > expected, excess / (rows**2 - expected), np.nan)
        spread = np.sqrt((rows**2 - (support**2).sum(axis=-1)) * (rows**2 - (predicted**2).sum(axis=-1)))
        return np.where(spread > 0, excess / spread, 0.0)


def _mean(sums: FloatArray) -> FloatArray:
    mean: FloatArray = sums[..., 1] / sums[..., 0]
    return mean


def _rmse(sums: FloatArray) -> FloatArray:
    return np.sqrt(sums[..., 1] / sums[..., 0])


def _mae(sums: FloatArray) -> FloatArray:
    mean: FloatArray = sums[..., 2] / sums[..., 0]
    return mean


def _r2(sums: FloatArray) -> FloatArray:
    rows, squares, _, centred, centred_squares = np.moveaxis(sums, -1, 0)
    spread = centred_squares - centred**2 / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 1e-12 * centred_squares, 1 - squares / spread, np.nan)

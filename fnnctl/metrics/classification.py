"""The scores of one part of the data, as stored in metrics.json.

A score that does not exist is None, never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.metric_names import BINARY_METRICS
from fnnctl.metrics.calibration import brier_score, class_calibration_errors, reliability
from fnnctl.metrics.confusion import (
    ClassRates,
    balanced_accuracy,
    class_rates,
    cohens_kappa,
    confusion_matrix,
    matthews_correlation,
    mean_over,
)
from fnnctl.metrics.ranking import AucEstimate, RankedPart, average_precision, roc_auc, wilson_interval


def score(
    labels: IntArray,
    probabilities: FloatArray,
    ranked: RankedPart,
    classes: Sequence[str],
    predictions: IntArray | None = None,
    *,
    loss: float,
    positive: int | None = None,
) -> dict[str, Any]:
    """Every metric of n rows as a JSON-safe mapping: labels (n,), probabilities (n, C), C class names.

    `ranked` is the result of `rank_part` for the same labels and probabilities.

    - The most probable class is predicted, unless other `predictions` (n,) are given.
    - Precision, recall and F1 are scikit-learn's with `zero_division=0`. Macro averages are over the classes
      that occur in labels or predictions, balanced accuracy over those in the labels. A class that occurs in
      neither has no rates.
    - A class with no rows or with all rows has no AUC; one without rows has no average precision. Averages
      are over the classes that have one. Micro averages pool all (row, class) pairs.
    - Calibration errors are those of `metrics.calibration`, for the most probable class; a class without
      rows also has one.
    - `loss` is copied unchanged.
    - With two classes, `BINARY_METRICS` and their intervals are those of the class `positive`.

    Raises ValueError if there are no rows.
    """
    if not len(labels):
        raise ValueError("there are no rows to score")
    predicted = probabilities.argmax(axis=1) if predictions is None else predictions
    matrix = confusion_matrix(labels, predicted, len(classes))
    rates = class_rates(np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0))
    ranked_by_class, averages = _ranked_scores(ranked, rates.support)
    bins, class_errors = reliability(labels, probabilities), class_calibration_errors(labels, probabilities)
    per_class = {
        name: {
            **_class_counts(rates, index),
            **ranked_by_class[index],
            "expected_calibration_error": error,
        }
        for index, (name, error) in enumerate(zip(classes, class_errors.tolist(), strict=True))
    }
    return {
        "loss": loss if math.isfinite(loss) else None,
        **_counted_scores(matrix, rates),
        "log_loss": float(log_losses(labels, probabilities).mean()),
        **averages,
        **({} if positive is None else _of_positive(per_class[classes[positive]])),
        "brier_score": brier_score(labels, probabilities),
        "expected_calibration_error": bins.expected_error,
        "maximum_calibration_error": bins.maximum_error,
        "expected_calibration_error_macro": float(class_errors.mean()),
        "support": len(labels),
        "per_class": per_class,
    }


def _counted_scores(matrix: IntArray, rates: ClassRates) -> dict[str, Any]:
    hits, rows = int(np.trace(matrix)), int(matrix.sum())
    by_class = _rates_by_name(rates)
    return {
        "accuracy": hits / rows,
        "accuracy_ci95": wilson_interval(hits, rows),
        "balanced_accuracy": float(balanced_accuracy(rates)),
        **{f"{name}_macro": float(mean_over(values, rates.occurs)) for name, values in by_class.items()},
        **{f"{name}_weighted": float(mean_over(values, rates.support)) for name, values in by_class.items()},
        "matthews_correlation": matthews_correlation(matrix),
        "cohens_kappa": cohens_kappa(matrix),
    }


def _of_positive(scores: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of one class, under names that a part has only with two classes."""
    of_positive: dict[str, Any] = {}
    for name, name_of_class in BINARY_METRICS.items():
        of_positive[name] = scores[name_of_class]
        if (interval := f"{name_of_class}_ci95") in scores:
            of_positive[f"{name}_ci95"] = scores[interval]
    return of_positive


def _class_counts(rates: ClassRates, index: int) -> dict[str, Any]:
    exists = bool(rates.occurs[index])
    of_class = {name: float(each[index]) if exists else None for name, each in _rates_by_name(rates).items()}
    return {**of_class, "support": int(rates.support[index])}


def _rates_by_name(rates: ClassRates) -> dict[str, FloatArray]:
    return {"precision": rates.precision, "recall": rates.recall, "f1": rates.f1}


def log_losses(labels: IntArray, probabilities: FloatArray) -> FloatArray:
    """−log p of the true class of each row, (n,); p is at least the machine epsilon, as in scikit-learn."""
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    losses: FloatArray = -np.log(np.clip(of_label, np.finfo(np.float64).eps, 1.0))
    return losses


def _ranked_scores(ranked: RankedPart, support: IntArray) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The scores that depend on the order of the probabilities: one class against the rest, and averages."""
    precisions = [average_precision(ranking) for ranking in ranked.classes]
    of_classes = [
        {**_area_and_interval(estimate, "roc_auc"), "average_precision": precision}
        for estimate, precision in zip(ranked.areas, precisions, strict=True)
    ]
    return of_classes, {
        **_area_and_interval(ranked.mean_area, "roc_auc_macro"),
        "roc_auc_micro": roc_auc(ranked.pooled),
        "roc_auc_weighted": _mean([scores["roc_auc"] for scores in of_classes], support),
        "average_precision_macro": _mean(precisions),
        "average_precision_micro": average_precision(ranked.pooled),
    }


def _area_and_interval(estimate: AucEstimate | None, name: str) -> dict[str, Any]:
    return {
        name: estimate.area if estimate else None,
        f"{name}_ci95": estimate.interval() if estimate else None,
    }


def _mean(values: Sequence[float | None], weights: IntArray | None = None) -> float | None:
    """The mean of the values that exist, or None."""
    exists = np.array([value is not None for value in values])
    if not exists.any():
        return None
    kept = np.array(values, dtype=np.float64)[exists]
    return float(np.average(kept, weights=None if weights is None else weights[exists]))

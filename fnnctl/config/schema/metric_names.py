"""The names of the metrics that metrics.json holds, and which way each is good.

The config speaks of them (a search's objective) and so does the gate, long before anything is measured; a
test holds them to what `metrics.classification.score` and `metrics.regression.score` return.
"""

from __future__ import annotations

from typing import Final

CLASSIFICATION_METRICS: Final = (
    "accuracy", "balanced_accuracy",
    "precision_macro", "recall_macro", "f1_macro",
    "precision_weighted", "recall_weighted", "f1_weighted",
    "matthews_correlation", "cohens_kappa",
    "roc_auc_macro", "roc_auc_micro", "roc_auc_weighted",
    "average_precision_macro", "average_precision_micro",
    "loss", "log_loss", "brier_score",
    "expected_calibration_error", "expected_calibration_error_macro", "maximum_calibration_error",
)  # fmt: skip
"""Of a part of the data, in a classification."""
REGRESSION_METRICS: Final = ("r2", "rmse", "mae", "median_absolute_error", "loss")
"""Of a part of the data, in a regression."""
METRICS: Final = tuple(dict.fromkeys((*CLASSIFICATION_METRICS, *REGRESSION_METRICS)))
CLASS_METRICS: Final = (
    "precision", "recall", "f1", "roc_auc", "average_precision", "expected_calibration_error",
)  # fmt: skip
"""Of a class, as `per_class.CLASS.recall`."""
LOSSES: Final = frozenset(
    {
        "loss", "loss_uncalibrated", "log_loss", "brier_score",
        "expected_calibration_error", "expected_calibration_error_macro", "maximum_calibration_error",
        "expected_calibration_error_uncalibrated",
        "rmse", "mae", "median_absolute_error",
    }
)  # fmt: skip
"""Those of which small values are the good ones."""


def is_loss(metric: str) -> bool:
    """Whether small values of this metric, or of this metric of a class, are the good ones."""
    return metric.rpartition(".")[2] in LOSSES


def class_of(metric: str) -> str | None:
    """The class that `per_class.CLASS.recall` speaks of, whose name may have dots; None of other metrics."""
    first, _, rest = metric.partition(".")
    name, _, last = rest.rpartition(".")
    return name if first == "per_class" and name and last in CLASS_METRICS else None

"""The names of the metrics in metrics.json, and whether small or large values are better.

The names are listed here because a config and a gate are checked before any metric is computed. A test
compares the lists with what `metrics.classification.score` and `metrics.regression.score` return.
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
"""The metrics of a part of the data in a classification."""
REGRESSION_METRICS: Final = ("r2", "rmse", "mae", "median_absolute_error", "loss")
"""The metrics of a part of the data in a regression."""
METRICS: Final = tuple(dict.fromkeys((*CLASSIFICATION_METRICS, *REGRESSION_METRICS)))
HEADLINES: Final = {"classification": ("accuracy", "accuracy"), "regression": ("R²", "r2")}
"""The label and name of the metric that a list of runs shows, by task: the first one of its report."""
CLASS_METRICS: Final = (
    "precision", "recall", "f1", "roc_auc", "average_precision", "expected_calibration_error",
)  # fmt: skip
"""The metrics of a single class; their names are like `per_class.CLASS.recall`."""
POSITIVE_ERROR: Final = "expected_calibration_error_positive"
POSITIVE_ERROR_UNCALIBRATED: Final = f"{POSITIVE_ERROR}_uncalibrated"
BINARY_METRICS: Final = {
    POSITIVE_ERROR if name == "expected_calibration_error" else name: name for name in CLASS_METRICS
}
"""The metrics of the positive class, which a part has as well if there are two classes, with their names in
`CLASS_METRICS`."""
ONLY_BINARY: Final = frozenset({*BINARY_METRICS, "roc_auc_ci95", POSITIVE_ERROR_UNCALIBRATED})
"""All that a part has only if there are two classes."""
LOSSES: Final = frozenset(
    {
        "loss", "loss_uncalibrated", "log_loss", "cost", "brier_score",
        "expected_calibration_error", "expected_calibration_error_macro", "maximum_calibration_error",
        "expected_calibration_error_uncalibrated", POSITIVE_ERROR, POSITIVE_ERROR_UNCALIBRATED,
        "rmse", "mae", "median_absolute_error",
    }
)  # fmt: skip
"""The metrics for which small values are better."""


def is_loss(metric: str) -> bool:
    """Whether small values of this metric are better; the name may be that of a class's metric."""
    return metric.rpartition(".")[2] in LOSSES


def class_of(metric: str) -> str | None:
    """The class in a name like `per_class.CLASS.recall`, which may contain dots; None for other metrics."""
    first, _, rest = metric.partition(".")
    name, _, last = rest.rpartition(".")
    return name if first == "per_class" and name and last in CLASS_METRICS else None

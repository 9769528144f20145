"""What each task shows in reports, as values that `report` renders; it loads no engine, as `fnnctl runs`
needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fnnctl.config.schema.metric_names import BINARY_METRICS, POSITIVE_ERROR, POSITIVE_ERROR_UNCALIBRATED
from fnnctl.store import names

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Labels of metrics and their keys in metrics.json, in the order of the report."""


@dataclass(frozen=True, slots=True)
class GroupMetrics:
    """A table of the metrics of groups of rows, such as classes, from a mapping by group name."""

    key: str
    """The mapping's key in a part's metrics."""
    title: str
    column: str
    """The heading of the column of group names."""
    metrics: Labels
    worst_by: tuple[str, str]
    """Label and key of the metric whose lowest values are shown if there are many groups."""


@dataclass(frozen=True, slots=True)
class FigureFile:
    """A figure of a part's predictions."""

    name: str
    """Its name in the run's folder."""
    source: str
    """The file with the figure's data."""
    what: str
    """What it shows."""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """The tables and figures of a report on the predictions of a task's networks."""

    metrics: Labels
    curve: tuple[str, str]
    """Label and history.csv name of the metric that the learning curve shows in addition to the loss."""
    figures: tuple[FigureFile, ...]
    first: tuple[str, ...]
    """The keys of the metrics that are shown first; others are shown only in complete tables."""
    baseline: Labels
    """What the baseline predicts, in sentences, each with the key of a metric to which it applies."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Metrics that are left out where another one, which says the same more precisely, has a value."""
    same: tuple[str, str] | None = None
    """The first metric is left out if it always equals the second."""
    groups: GroupMetrics | None = None
    matrix: tuple[str, str] | None = None
    """Title and corner of the table of the confusion matrix."""

    def shown(self, metrics: Mapping[str, Any]) -> Labels:
        """The labels and keys of these metrics that are not replaced by others; see `instead`."""
        return tuple(
            (label, key)
            for label, key in self.metrics
            if metrics.get(key) is not None and metrics.get(self.instead.get(key, "")) is None
        )


def without_repetition(task: TaskReport, rows: dict[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows of the metrics; of the pair `task.same`, only the second if both show the same numbers."""
    first, second = task.same or ("", "")
    if first in rows and second in rows and rows[first][1:] == rows[second][1:]:
        del rows[first]
    return tuple(rows.values())


CLASSIFICATION_REPORT: Final = TaskReport(
    metrics=(
        ("accuracy", "accuracy"),
        ("  95 % interval", "accuracy_ci95"),
        ("balanced accuracy", "balanced_accuracy"),
        ("precision", "precision"),
        ("recall", "recall"),
        ("F1", "f1"),
        ("ROC AUC", "roc_auc"),
        ("  95 % interval", "roc_auc_ci95"),
        ("average precision", "average_precision"),
        ("macro precision", "precision_macro"),
        ("macro recall", "recall_macro"),
        ("macro F1", "f1_macro"),
        ("macro ROC AUC", "roc_auc_macro"),
        ("  95 % interval", "roc_auc_macro_ci95"),
        ("macro average precision", "average_precision_macro"),
        ("log loss", "log_loss"),
        ("loss, unclipped", "loss"),
        ("  before calibration", "loss_uncalibrated"),
        ("Brier score", "brier_score"),
        ("calibration error", "expected_calibration_error"),
        ("  before calibration", "expected_calibration_error_uncalibrated"),
        ("class calibration error", POSITIVE_ERROR),
        ("  before calibration", POSITIVE_ERROR_UNCALIBRATED),
        ("threshold", "threshold"),
        ("cost per row", "cost"),
        ("rows", "support"),
    ),
    curve=("accuracy", "accuracy"),
    first=(
        "accuracy",
        "balanced_accuracy",
        "f1",
        "f1_macro",
        "roc_auc",
        "roc_auc_macro",
        "log_loss",
        "cost",
    ),
    instead={
        **{f"{name}_macro": name for name in BINARY_METRICS if name != POSITIVE_ERROR},
        "roc_auc_macro_ci95": "roc_auc",
        "expected_calibration_error": POSITIVE_ERROR,
        "expected_calibration_error_uncalibrated": POSITIVE_ERROR,
    },
    baseline=(
        (
            "Baseline: the training part's class shares, so always its most frequent class.",
            "accuracy",
        ),
        ("The baseline's cost is that of always predicting the class that costs less.", "cost"),
    ),
    # The log loss is clipped, so the two differ only if a true class has the probability 0.
    same=("loss", "log_loss"),
    groups=GroupMetrics(
        key="per_class",
        title="Classes",
        column="class",
        metrics=(
            ("precision", "precision"),
            ("recall", "recall"),
            ("F1", "f1"),
            ("ROC AUC", "roc_auc"),
            ("rows", "support"),
        ),
        worst_by=("F1", "f1"),
    ),
    matrix=("Confusion matrix", "true \\ predicted"),
    figures=(
        FigureFile(names.CONFUSION_MATRIX_FIGURE, names.CONFUSION_MATRIX, "confusion matrix"),
        FigureFile(names.ROC_CURVE_FIGURE, names.ROC_CURVE, "ROC curves"),
        FigureFile(names.PR_CURVE_FIGURE, names.PR_CURVE, "precision-recall curves"),
        FigureFile(names.CALIBRATION_FIGURE, names.CALIBRATION, "reliability diagram"),
        FigureFile(names.THRESHOLD_FIGURE, names.THRESHOLD, "the rates at each threshold"),
    ),
)


REGRESSION_REPORT: Final = TaskReport(
    metrics=(
        ("R²", "r2"),
        ("  95 % interval", "r2_ci95"),
        ("RMSE", "rmse"),
        ("  95 % interval", "rmse_ci95"),
        ("MAE", "mae"),
        ("  95 % interval", "mae_ci95"),
        ("median abs. error", "median_absolute_error"),
        ("  95 % interval", "median_absolute_error_ci95"),
        ("loss", "loss"),
        ("rows", "support"),
    ),
    curve=("R²", "r2"),
    first=("r2", "rmse", "mae"),
    baseline=(("Baseline: always the mean of the training part.", "r2"),),
    figures=(
        FigureFile(names.PREDICTED_ACTUAL_FIGURE, names.PREDICTIONS, "predictions over targets"),
        FigureFile(names.RESIDUALS_FIGURE, names.PREDICTIONS, "residuals over predictions"),
    ),
)


TASK_REPORTS: Final[Mapping[str, TaskReport]] = {
    "classification": CLASSIFICATION_REPORT,
    "regression": REGRESSION_REPORT,
}

"""The tables and figures in a report of a classification."""

from __future__ import annotations

from typing import Final

from fnnctl.config.schema.metric_names import BINARY_METRICS, POSITIVE_ERROR, POSITIVE_ERROR_UNCALIBRATED
from fnnctl.store import names
from fnnctl.tasks.reporting import FigureFile, GroupMetrics, TaskReport

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

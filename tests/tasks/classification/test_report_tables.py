"""The report of a classification: its rows and their order."""

from __future__ import annotations

from fnnctl.tasks.reports import CLASSIFICATION_REPORT, without_repetition


def test_the_rows_of_a_complete_table() -> None:
    """What stands in for a mean over the classes is in its place."""
    keys = [key for _, key in CLASSIFICATION_REPORT.metrics]
    shown = [
        "accuracy", "accuracy_ci95", "balanced_accuracy", "f1", "roc_auc", "roc_auc_ci95",
        "average_precision", "log_loss", "loss", "loss_uncalibrated", "brier_score",
        "expected_calibration_error_positive", "expected_calibration_error_positive_uncalibrated",
        "threshold", "cost", "support",
    ]  # fmt: skip
    assert [key for key in keys if key in shown] == shown
    assert keys.index("f1_macro") < keys.index("f1") < keys.index("roc_auc_macro") < keys.index("roc_auc")
    assert not {"cohens_kappa", "f1_weighted", "roc_auc_micro", "maximum_calibration_error"} & {*keys}


def test_the_loss_is_left_out_beside_an_equal_log_loss() -> None:
    equal = {"log_loss": ("log loss", "0.25"), "loss": ("loss, unclipped", "0.25")}
    assert without_repetition(CLASSIFICATION_REPORT, equal) == (equal["log_loss"],)
    unequal = {**equal, "loss": ("loss, unclipped", "0.26")}
    assert without_repetition(CLASSIFICATION_REPORT, unequal) == tuple(unequal.values())


def test_macro_means_are_left_out_only_beside_the_metrics_of_the_positive_class() -> None:
    macro = {"accuracy": 0.9, "f1_macro": 0.8, "average_precision_macro": 0.7}
    of_positive = {**macro, "f1": 0.5, "average_precision": None}
    shown = [[key for _, key in CLASSIFICATION_REPORT.reported_metrics(of)] for of in (macro, of_positive)]
    assert shown == [[*macro], ["accuracy", "f1", "average_precision_macro"]]

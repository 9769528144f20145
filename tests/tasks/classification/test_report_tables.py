"""The report of a classification shows existing metrics and figures."""

from __future__ import annotations

from fnnctl.config.schema.metric_names import BINARY_METRICS, CLASS_METRICS, LOSSES, METRICS
from fnnctl.report.figures.run_figures import _DRAW
from fnnctl.store import names
from fnnctl.tasks.reports import CLASSIFICATION_REPORT


def test_every_row_is_a_metric() -> None:
    intervals = {"accuracy_ci95", "roc_auc_ci95", "roc_auc_macro_ci95"}
    keys = {key for _, key in CLASSIFICATION_REPORT.metrics}
    assert keys <= {*METRICS, *BINARY_METRICS, *LOSSES, *intervals, "support", "threshold"}
    assert keys >= {*(CLASSIFICATION_REPORT.same or ())}


def test_macro_means_are_left_out_only_beside_the_metrics_of_the_positive_class() -> None:
    macro = {"accuracy": 0.9, "f1_macro": 0.8, "average_precision_macro": 0.7}
    assert CLASSIFICATION_REPORT.shown(macro) == (
        ("accuracy", "accuracy"),
        ("macro F1", "f1_macro"),
        ("macro average precision", "average_precision_macro"),
    )
    assert CLASSIFICATION_REPORT.shown({**macro, "f1": 0.5, "average_precision": None}) == (
        ("accuracy", "accuracy"),
        ("F1", "f1"),
        ("macro average precision", "average_precision_macro"),
    )


def test_every_column_of_the_classes_is_a_metric_of_a_class() -> None:
    groups = CLASSIFICATION_REPORT.groups
    assert groups
    assert {key for _, key in groups.metrics} <= {*CLASS_METRICS, "support"}
    assert groups.worst_by in groups.metrics


def test_every_figure_is_drawn_from_a_file_of_the_run() -> None:
    for figure in CLASSIFICATION_REPORT.figures:
        assert {figure.name, figure.source} <= {*names.LAYOUT}
        assert figure.name in _DRAW

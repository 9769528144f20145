"""Every metric is one record; what is looked up in the records."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from fnnctl.metrics import classification, regression
from fnnctl.metrics.metric import (
    CLASSIFICATION,
    INTERVAL,
    REGRESSION,
    SEVERAL,
    SUPPORT,
    Metric,
    OfCounts,
    OfRows,
    TargetKind,
)
from fnnctl.metrics.registry import (
    METRICS,
    PER_CLASS,
    PER_LEVEL,
    class_of,
    find_metric,
    headline,
    importance_metrics,
    is_loss,
    metric_of,
    metrics_of,
    monitors,
    objectives,
    positive_metric,
)
from fnnctl.metrics.rows import ClassRows, ErrorRows, LabelRows, Quantiles
from fnnctl.plugins import Plugin, Scope, scope
from fnnctl.tasks.joint.label_scores import score_labels

LABELS, PROBABILITIES = np.array([0, 1, 1, 0]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])


def scores_of(task: TargetKind) -> dict[str, Any]:
    if task == "several":
        truths = np.array([[True, False], [True, True]])
        return score_labels(LabelRows(truths, truths[::-1], np.ones((2, 2), np.bool_)))
    if task == "regression":
        estimates = np.array([1.0, 3.0, 2.0])
        quantiles = Quantiles((0.2, 0.5), np.stack([estimates - 1, estimates], axis=1))
        rows = ErrorRows(np.array([1.0, 2.0, 4.0]), estimates, 1.0, quantiles=quantiles)
        return regression.score(rows, loss=0.5, rng=np.random.default_rng(0))
    rows_of_classes = ClassRows(LABELS, PROBABILITIES.argmax(axis=1), 2, PROBABILITIES, is_ordered=True)
    return classification.score(rows_of_classes, ["a", "b"], loss=0.5, positive=1)


@pytest.mark.parametrize("task", get_args(TargetKind))
def test_a_part_has_exactly_the_metrics_of_its_task(task: TargetKind) -> None:
    scores = scores_of(task)
    given = {"threshold", "cost"}
    computed = [metric for metric in metrics_of(task) if metric.name not in given]
    intervals = {f"{metric.name}{INTERVAL}" for metric in computed if metric.interval}
    assert scores.keys() - {SUPPORT, PER_CLASS, PER_LEVEL} == {metric.name for metric in computed} | intervals
    for of_class in scores.get("per_class", {}).values():
        names = {metric.class_name for metric in computed if metric.per_class}
        assert of_class.keys() == names | {SUPPORT, "roc_auc_ci95"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: f"{metric.task} {metric.name}")
def test_a_record_is_consistent(metric: Metric[Any]) -> None:
    names = {other.name for other in metrics_of(metric.task)}
    assert sum(other.name == metric.name for other in metrics_of(metric.task)) == 1
    assert {metric.instead_of, metric.equals} <= {None, *names}
    assert metric.mean_of in {None, *(other.class_name for other in METRICS)}
    assert metric.lowest < metric.highest
    value = scores_of(metric.task).get(metric.name)
    assert value is None or metric.lowest <= value <= metric.highest
    intervals = {
        CLASSIFICATION: {"wilson", "delong", "fisher"},
        REGRESSION: {"bootstrap"},
        SEVERAL: {"wilson"},
    }
    assert metric.interval in {None, *intervals[metric.task]}


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.monitored])
def test_what_training_records_needs_no_probabilities_and_no_unit(metric: Metric[Any]) -> None:
    """After an epoch only labels and predictions are known, in a regression standardized ones."""
    assert metric.needs in {"predictions", "deviances"}
    assert isinstance(metric.formula, OfRows | OfCounts)
    if metric.task == REGRESSION:
        assert isinstance(metric.formula, OfRows)
        assert metric.formula.form == "explained"


def test_perfect_probabilities_have_the_best_value_of_each_metric() -> None:
    perfect = np.eye(2)[LABELS]
    best, worst = (
        classification.score(
            ClassRows(LABELS, each.argmax(axis=1), 2, each, is_ordered=True),
            ["a", "b"],
            loss=loss,
            positive=1,
        )
        for each, loss in ((perfect, 0.0), (perfect[:, ::-1], 9.0))
    )
    for metric in metrics_of(CLASSIFICATION):
        if metric.name in best and best[metric.name] != worst[metric.name]:
            assert (best[metric.name] < worst[metric.name]) == metric.lower_is_better, metric.name


def test_plugins_do_not_replace_metrics_of_fnnctl() -> None:
    made: Metric[Any] = Metric(
        name="made", label="made", task=REGRESSION, formula=OfRows(lambda rows: rows.errors)
    )
    names = ("made", "accuracy", "per_class.a.recall")
    with scope(Scope([Plugin("metric", name, made) for name in names])):
        assert [find_metric(name) for name in (*names, "unknown")] == [made, None, None, None]


def test_losses_and_errors_are_losses() -> None:
    losses = {metric for metric in objectives() if is_loss(metric)}
    named = {metric for metric in objectives() if "loss" in metric or "error" in metric}
    assert named | {"brier_score", "rmse", "mae"} <= losses
    assert not {"accuracy", "f1_macro", "roc_auc_macro", "matthews_correlation", "r2"} & losses
    assert is_loss("per_class.a.expected_calibration_error")
    assert is_loss("validation.loss")
    assert is_loss("loss_uncalibrated")
    assert not is_loss("per_class.loss.recall")
    assert not is_loss("unknown")


@pytest.mark.parametrize(("key", "class_name", "metric_name"), [
    ("per_class.a.recall", "a", "recall"),
    ("per_class.a.b.c.roc_auc", "a.b.c", "roc_auc"),
    ("per_class.a.b.expected_calibration_error", "a.b", "expected_calibration_error_positive"),
    ("per_class.a.support", None, None),
    ("per_class.recall", None, "recall"),
    ("per_class..recall", None, "recall"),
    ("other.a.recall", None, "recall"),
    ("accuracy", None, "accuracy"),
    ("test.accuracy_ci95", None, "accuracy"),
    ("loss_uncalibrated", None, "loss"),
    ("expected_calibration_error", None, "expected_calibration_error"),
    ("support", None, None),
    ("acuracy", None, None),
])  # fmt: skip
def test_the_class_and_the_metric_of_a_key(key: str, class_name: str | None, metric_name: str | None) -> None:
    metric = metric_of(key)
    assert (class_of(key), metric and metric.name) == (class_name, metric_name)


def test_the_positive_class_has_the_metrics_of_single_classes() -> None:
    for key in ("precision", "roc_auc_ci95", "expected_calibration_error_positive_uncalibrated"):
        metric = positive_metric(key)
        assert metric
        assert metric.per_class
    assert positive_metric("accuracy") is positive_metric("f1_macro") is None


def test_what_follows_from_the_records() -> None:
    assert (headline("classification").name, headline("regression").name) == ("accuracy", "r2")
    assert headline(None) == headline("classification")
    monitored = [metric.name for metric in METRICS if metric.monitored]
    assert monitors() == [
        "train_loss", "train_accuracy", "train_r2", "train_d2",
        "validation_loss", "validation_calibrated_loss", *(f"validation_{name}" for name in monitored),
    ]  # fmt: skip
    assert {"accuracy", "balanced_accuracy", "f1_macro", "r2"} <= {*monitored}
    of_class = [metric.class_name for metric in METRICS if metric.per_class and metric.in_class_table]
    assert of_class == ["precision", "recall", "f1", "roc_auc"]
    uncalibrated = [metric.name for metric in METRICS if metric.has_uncalibrated]
    assert uncalibrated == ["loss", "expected_calibration_error_positive", "expected_calibration_error"]
    of_classes = [metric.name for metric in importance_metrics("classification")]
    assert of_classes == ["log_loss", "accuracy", "rank_error"]
    kinds = ErrorRows(np.ones(2), np.ones(2)).kinds
    assert [metric.name for metric in importance_metrics("regression", kinds)] == ["r2", "rmse"]
    of_numbers = [metric.name for metric in importance_metrics("regression")]
    assert of_numbers == ["r2", "deviance", "rmse", "pinball"]
    assert {"r2", "rmse", "mae", "median_absolute_error", "loss"} <= {*objectives("regression")}
    assert not {"accuracy", "f1_macro"} & {*objectives("regression")}
    assert not {"precision", "cost", "threshold"} & {*objectives()}

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.config.schema.metric_names import (
    BINARY_METRICS,
    CLASS_METRICS,
    CLASSIFICATION_METRICS,
    METRICS,
    ONLY_BINARY,
    POSITIVE_ERROR_UNCALIBRATED,
    REGRESSION_METRICS,
    class_of,
    is_loss,
)
from fnnctl.metrics import regression
from fnnctl.metrics.classification import score
from fnnctl.metrics.ranking import rank_part


def test_they_are_those_that_are_measured_in_a_regression() -> None:
    measured = regression.score(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0]), loss=0.5)
    assert set(REGRESSION_METRICS) == {name for name, value in measured.items() if isinstance(value, float)}


def test_they_are_those_that_are_measured() -> None:
    labels = np.array([0, 1, 1, 0])
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    measured = score(labels, probabilities, rank_part(labels, probabilities), ["a", "b"], loss=0.5)
    single = {name for name, value in measured.items() if isinstance(value, float)}
    assert set(CLASSIFICATION_METRICS) == single
    of_class = {name for name, value in measured["per_class"]["a"].items() if isinstance(value, float)}
    assert set(CLASS_METRICS) == of_class


def test_a_part_has_the_metrics_of_the_positive_class_only_with_two_classes() -> None:
    labels, probabilities = np.array([0, 1, 1, 0]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    without, measured = (
        score(
            labels, probabilities, rank_part(labels, probabilities), ["a", "b"], loss=0.5, positive=positive
        )
        for positive in (None, 1)
    )
    assert measured.keys() - without.keys() == ONLY_BINARY - {POSITIVE_ERROR_UNCALIBRATED}
    for name, name_of_class in BINARY_METRICS.items():
        assert measured[name] == measured["per_class"]["b"][name_of_class]
        assert is_loss(name) is is_loss(name_of_class)
        assert f"{name_of_class}_macro" in CLASSIFICATION_METRICS


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("per_class.a.recall", "a"),
        ("per_class.a.b.c.roc_auc", "a.b.c"),
        ("per_class.a.support", None),
        ("per_class.recall", None),
        ("per_class..recall", None),
        ("accuracy", None),
        ("other.a.recall", None),
    ],
)
def test_the_class_of_a_metric(metric: str, name: str | None) -> None:
    assert class_of(metric) == name


def test_losses_and_errors_are_losses() -> None:
    losses = {metric for metric in METRICS if is_loss(metric)}
    named = {metric for metric in METRICS if "loss" in metric or "error" in metric}
    assert losses == named | {"brier_score", "rmse", "mae"}
    assert is_loss("per_class.a.expected_calibration_error")
    assert not is_loss("per_class.loss.recall")

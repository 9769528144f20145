from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sklearn import metrics as sk

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics import classification
from fnnctl.metrics.metric import CLASSIFICATION, INTERVAL
from fnnctl.metrics.registry import metrics_of
from fnnctl.metrics.rows import ClassRows

Outcomes = SearchStrategy[tuple[IntArray, FloatArray]]
Simulate = Callable[..., tuple[IntArray, FloatArray]]


def score(
    labels: IntArray,
    probabilities: FloatArray,
    classes: list[str],
    *,
    loss: float,
    positive: int | None = None,
) -> dict[str, Any]:
    rows = ClassRows(labels, probabilities.argmax(axis=1), len(classes), probabilities)
    return classification.score(rows, classes, loss=loss, positive=positive)


def names(probabilities: FloatArray) -> list[str]:
    return [f"class {index}" for index in range(probabilities.shape[1])]


def oracle(labels: IntArray, probabilities: FloatArray) -> dict[str, Any]:
    """The same scores from scikit-learn, with None for those that it cannot compute."""
    predictions = probabilities.argmax(axis=1)
    columns = range(probabilities.shape[1])
    hot = labels[:, np.newaxis] == np.arange(len(columns))
    support = hot.sum(axis=0)
    mixed = [index for index in columns if 0 < support[index] < len(labels)]
    areas = [sk.roc_auc_score(hot[:, index], probabilities[:, index]) for index in mixed]
    precisions = [
        sk.average_precision_score(hot[:, i], probabilities[:, i]) if support[i] else None for i in columns
    ]
    kappa = float(sk.cohen_kappa_score(labels, predictions))
    expected: dict[str, Any] = {
        "accuracy": sk.accuracy_score(labels, predictions),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, predictions),
        "matthews_correlation": sk.matthews_corrcoef(labels, predictions),
        "cohens_kappa": None if math.isnan(kappa) else kappa,
        "log_loss": sk.log_loss(labels, probabilities, labels=list(columns)),
        "roc_auc_macro": np.mean(areas) if areas else None,
        "roc_auc_weighted": np.average(areas, weights=support[mixed]) if areas else None,
        "roc_auc_micro": sk.roc_auc_score(hot.ravel(), probabilities.ravel()),
        "average_precision_macro": np.mean([value for value in precisions if value is not None]),
        "average_precision_micro": sk.average_precision_score(hot.ravel(), probabilities.ravel()),
        "brier_score": sk.brier_score_loss(labels, probabilities, labels=list(columns)),
        "support": len(labels),
        "loss": 0.25,
    }
    for average in ("macro", "weighted"):
        values = sk.precision_recall_fscore_support(labels, predictions, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), values, strict=False):
            expected[f"{name}_{average}"] = value
    return expected


@given(data=st.data())
def test_scores_are_those_of_scikit_learn(data: st.DataObject, outcomes: Outcomes) -> None:
    labels, probabilities = data.draw(outcomes)
    scores = score(labels, probabilities, names(probabilities), loss=0.25)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = oracle(labels, probabilities)
        columns = sk.precision_recall_fscore_support(
            labels, probabilities.argmax(axis=1), labels=range(probabilities.shape[1]), zero_division=0
        )
    for name, value in expected.items():
        assert scores[name] == (value if value is None else pytest.approx(value, abs=1e-12)), name
    tested_elsewhere = {  # in test_calibration.py
        "expected_calibration_error", "expected_calibration_error_macro", "maximum_calibration_error",
    }  # fmt: skip
    untested = {name for name in scores.keys() - expected.keys() if not name.endswith(INTERVAL)}
    assert untested == tested_elsewhere | {"per_class"}, "add a new metric to `oracle`"
    for index, of_class in enumerate(scores["per_class"].values()):
        support = int(columns[3][index])
        assert of_class["support"] == support
        of_predictions = [of_class[name] for name in ("precision", "recall", "f1")]
        if support or index in probabilities.argmax(axis=1):
            assert of_predictions == pytest.approx([column[index] for column in columns[:3]], abs=1e-12)
        else:
            assert of_predictions == [None] * 3
        assert (of_class["roc_auc"] is None) == (support in (0, len(labels)))
        assert (of_class["average_precision"] is None) == (support == 0)
    for value, interval in (
        (scores["accuracy"], scores["accuracy_ci95"]),
        (scores["roc_auc_macro"], scores["roc_auc_macro_ci95"]),
        *((of_class["roc_auc"], of_class["roc_auc_ci95"]) for of_class in scores["per_class"].values()),
    ):
        assert interval is None or 0 <= interval[0] <= value <= interval[1] <= 1


def test_the_metrics_of_two_classes_are_those_of_the_positive_one(simulate: Simulate) -> None:
    labels, probabilities = simulate(200, 2)
    for positive, name in enumerate(("no", "yes")):
        scores = score(labels, probabilities, ["no", "yes"], loss=0.25, positive=positive)
        predicted = probabilities.argmax(axis=1)
        assert scores["f1"] == pytest.approx(sk.f1_score(labels, predicted, pos_label=positive), abs=1e-12)
        precision = sk.average_precision_score(labels == positive, probabilities[:, positive])
        assert scores["average_precision"] == pytest.approx(precision, abs=1e-12)
        of_class = scores["per_class"][name]
        for metric in ("precision", "recall", "roc_auc", "roc_auc_ci95"):
            assert scores[metric] == of_class[metric]
        assert scores["expected_calibration_error_positive"] == of_class["expected_calibration_error"]
    without = score(labels, probabilities, ["no", "yes"], loss=0.25)
    of_class = [metric for metric in metrics_of(CLASSIFICATION) if metric.per_class]
    assert scores.keys() - without.keys() == {metric.name for metric in of_class} | {"roc_auc_ci95"}


def test_many_classes_agree_with_scikit_learn(simulate: Simulate) -> None:
    labels, probabilities = simulate(600, 100)
    scores = score(labels, probabilities, names(probabilities), loss=0.25)
    for name, value in oracle(labels, probabilities).items():
        assert scores[name] == pytest.approx(value, abs=1e-12), name


def test_a_class_that_is_found_nowhere_has_no_numbers() -> None:
    labels, probabilities = np.array([0, 1, 1]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]])
    scores = score(labels, probabilities, ["a", "b", "c"], loss=0.25)
    assert scores["per_class"]["c"] == {
        "precision": None, "recall": None, "f1": None, "support": 0,
        "roc_auc": None, "roc_auc_ci95": None, "average_precision": None, "expected_calibration_error": 0.0,
    }  # fmt: skip
    assert scores["f1_macro"] == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_calibration_errors_are_in_the_scores() -> None:
    labels, probabilities = np.array([0, 2]), np.array([[0.5, 0.3, 0.2], [0.5, 0.4, 0.1]])
    scores = score(labels, probabilities, ["a", "b", "c"], loss=0.25)
    assert scores["expected_calibration_error"] == scores["maximum_calibration_error"] == 0
    of_classes = [of_class["expected_calibration_error"] for of_class in scores["per_class"].values()]
    assert of_classes == pytest.approx([0, 0.35, 0.55])
    assert scores["expected_calibration_error_macro"] == pytest.approx(0.3)


def test_a_certain_error_costs_a_finite_log_loss() -> None:
    scores = score(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]), ["a", "b"], loss=math.inf)
    assert scores["log_loss"] == pytest.approx(-math.log(2.0**-52) / 2)
    assert scores["loss"] is None


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        score(np.array([], dtype=np.intp), np.empty((0, 2)), ["a", "b"], loss=0.0)

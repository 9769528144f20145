from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from fnnctl.config.schema.metric_names import CLASSIFICATION_METRICS, REGRESSION_METRICS
from fnnctl.metrics.classification import score
from fnnctl.metrics.comparison.measures import (
    OF_CLASS,
    OF_ERRORS,
    OF_PART,
    Influences,
    class_measure,
    error_measure,
)
from fnnctl.metrics.ranking import rank_part
from fnnctl.metrics.regression import score as regression_score


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("metric", OF_PART)
def test_a_measure_of_all_rows_is_the_metric(metric: str, classes: int) -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(classes, size=60)
    probabilities = rng.dirichlet(np.ones(classes), size=60)
    loss = metrics.log_loss(labels, probabilities)
    found = score(
        labels, probabilities, rank_part(labels, probabilities), [*map(str, range(classes))], loss=loss
    )
    measure = class_measure(metric, labels, probabilities.argmax(axis=1), probabilities)
    assert measure
    assert measure.value == pytest.approx(found[metric], rel=1e-12)
    for place in range(classes):
        for name in OF_CLASS:
            own = class_measure(name, labels, probabilities.argmax(axis=1), probabilities, place)
            assert own
            assert own.value == pytest.approx(found["per_class"][str(place)][name], rel=1e-12)


@pytest.mark.parametrize("metric", OF_ERRORS)
def test_a_measure_of_errors_is_the_metric(metric: str) -> None:
    rng = np.random.default_rng(6)
    targets = rng.normal(1000, 5, 40)
    estimates = targets + rng.normal(0, 2, 40)
    measure = error_measure(metric, targets, estimates)
    assert measure
    assert measure.value == pytest.approx(regression_score(targets, estimates, loss=0.0)[metric], rel=1e-12)


def test_only_metrics_of_metrics_json_are_offered() -> None:
    assert {*OF_PART} <= {*CLASSIFICATION_METRICS}
    assert {*OF_ERRORS} <= {*REGRESSION_METRICS}


def test_what_has_no_value() -> None:
    labels, probabilities = np.zeros(5, np.intp), np.full((5, 2), 0.5)
    assert class_measure("roc_auc_macro", labels, labels, probabilities) is None
    assert class_measure("cohens_kappa", labels, labels, probabilities) is None
    assert class_measure("f1", labels, labels, probabilities, 1) is None
    assert error_measure("r2", np.ones(5), np.zeros(5)) is None


def test_influences_are_those_of_leaving_a_row_out() -> None:
    """The jackknife: n − 1 times the change of the area is close to n times the influence."""
    rng = np.random.default_rng(7)
    labels = rng.integers(2, size=100)
    scores = np.clip(0.3 * labels + 0.7 * rng.random(100), 0, 1)
    probabilities = np.stack([1 - scores, scores], axis=1)
    measure = class_measure("roc_auc_macro", labels, labels, probabilities)
    assert isinstance(measure, Influences)
    left_out = [
        measure.value - metrics.roc_auc_score(np.delete(labels, row), np.delete(scores, row))
        for row in range(100)
    ]
    np.testing.assert_allclose(left_out, measure.influences, atol=1e-3)
    assert np.sum(np.square(measure.influences)) == pytest.approx(
        99 / 100 * np.sum(np.square(np.array(left_out) - np.mean(left_out))), rel=0.05
    )

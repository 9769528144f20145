from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from fnnctl.metrics.class_metrics import F1
from fnnctl.metrics.classification import score
from fnnctl.metrics.comparison.measures import Influences, RowSums, class_measure, error_measure, mean_measure
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION, Metric, TaskName
from fnnctl.metrics.number_metrics import R2
from fnnctl.metrics.registry import compared, metric_of, metrics_of
from fnnctl.metrics.regression import score as regression_score
from fnnctl.metrics.rows import ClassRows, ErrorRows, Quantiles

AREA, KAPPA = (metric for name in ("roc_auc_macro", "cohens_kappa") if (metric := metric_of(name)))


def compared_metrics(task: TaskName) -> list[Metric[Any]]:
    return [metric for metric in metrics_of(task) if metric.is_compared]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("metric", compared_metrics(CLASSIFICATION), ids=lambda metric: metric.name)
def test_a_measure_is_the_metric(metric: Metric[ClassRows], classes: int) -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(classes, size=60)
    probabilities = rng.dirichlet(np.ones(classes), size=60)
    loss = metrics.log_loss(labels, probabilities)
    rows = ClassRows(labels, probabilities.argmax(axis=1), classes, probabilities, is_ordered=True)
    scores = score(rows, [*map(str, range(classes))], loss=loss)
    of_classes = [*scores["per_class"].values()]
    expected = (
        {None: scores[metric.name]}
        if metric.class_name is None
        else {index: of_class[metric.class_name] for index, of_class in enumerate(of_classes)}
    )
    for index, value in expected.items():
        measure = class_measure(metric, rows, index)
        assert measure
        assert measure.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("metric", compared_metrics(REGRESSION), ids=lambda metric: metric.name)
def test_a_measure_of_errors_is_the_metric(metric: Metric[ErrorRows]) -> None:
    rng = np.random.default_rng(6)
    targets = rng.normal(1000, 5, 40)
    estimates, exposures = targets + rng.normal(0, 2, 40), rng.uniform(1, 2, 40)
    quantiles = Quantiles((0.2, 0.7), np.stack([estimates - 1, estimates + 1], axis=1))
    rows = ErrorRows(targets, estimates, 1.5, exposures, quantiles)
    measure = error_measure(metric, rows)
    assert measure
    assert measure.value == pytest.approx(regression_score(rows, loss=0.0)[metric.name], rel=1e-12)


def test_what_can_be_compared() -> None:
    assert {"r2", "rmse", "mae"} <= {*compared(REGRESSION)}
    assert not {"median_absolute_error", "loss"} & {*compared(REGRESSION)}
    of_classes = compared(CLASSIFICATION, per_class=True)
    assert {"precision", "recall", "f1", "roc_auc"} <= {*of_classes}
    assert not {"average_precision", "expected_calibration_error"} & {*of_classes}
    assert {"accuracy", "cohens_kappa", "roc_auc_macro", "brier_score"} <= {*compared(CLASSIFICATION)}
    assert not {"roc_auc_micro", "expected_calibration_error", "cost"} & {*compared(CLASSIFICATION)}


def test_what_has_no_value() -> None:
    rows = ClassRows(np.zeros(5, np.intp), np.zeros(5, np.intp), 2, np.full((5, 2), 0.5))
    assert class_measure(AREA, rows) is None
    assert class_measure(KAPPA, rows) is None
    assert class_measure(F1, rows, 1) is None
    assert error_measure(R2, ErrorRows(np.ones(5), np.zeros(5))) is None


def test_influences_are_those_of_leaving_a_row_out() -> None:
    """The jackknife: n − 1 times the change of the area is close to n times the influence."""
    rng = np.random.default_rng(7)
    labels = rng.integers(2, size=100)
    scores = np.clip(0.3 * labels + 0.7 * rng.random(100), 0, 1)
    measure = class_measure(AREA, ClassRows(labels, labels, 2, np.stack([1 - scores, scores], axis=1)))
    assert isinstance(measure, Influences)
    left_out = [
        measure.value - metrics.roc_auc_score(np.delete(labels, row), np.delete(scores, row))
        for row in range(100)
    ]
    np.testing.assert_allclose(left_out, measure.influences, atol=1e-3)


@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "roc_auc_macro", "cohens_kappa"])
def test_the_mean_of_targets_is_that_of_their_metrics_on_the_rows_that_have_them(name: str) -> None:
    """Rows without a target count for the others alone, also if rows are drawn again."""
    rng = np.random.default_rng(3)
    metric = metric_of(name)
    assert metric is not None
    present = [np.arange(0, 30), np.arange(20, 50)]
    measures = []
    for classes in (2, 3):
        probabilities = rng.dirichlet(np.ones(classes), size=30)
        rows = ClassRows(rng.integers(classes, size=30), probabilities.argmax(axis=1), classes, probabilities)
        measures.append(class_measure(metric, rows))
    known = [measure for measure in measures if measure is not None]
    mean = mean_measure(known, present, 50)
    assert mean is not None
    assert mean.value == pytest.approx(np.mean([measure.value for measure in known]), rel=1e-12)
    if isinstance(mean, RowSums):
        twice = mean.combine(np.concatenate([mean.values, mean.values]).sum(axis=0))
        assert twice == pytest.approx(mean.value, rel=1e-12)
        assert mean.combine(np.stack([mean.values.sum(axis=0)] * 3)).shape == (3,)
    if isinstance(mean, Influences):
        parts = [measure.influences for measure in known if isinstance(measure, Influences)]
        expected = np.zeros(50)
        expected[:30] += parts[0] / 2
        expected[20:] += parts[1] / 2
        np.testing.assert_allclose(mean.influences, expected)


def test_the_mean_of_numbers() -> None:
    errors = [np.array([1.0, 2.0]), np.array([3.0])]
    mae = metric_of("mae")
    assert mae is not None
    measures = [error_measure(mae, ErrorRows(np.zeros(len(each)), each)) for each in errors]
    mean = mean_measure([each for each in measures if each], [np.array([0, 1]), np.array([2])], 3)
    assert mean is not None
    assert mean.value == (1.5 + 3.0) / 2

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics import classification
from fnnctl.metrics.ranks import RankSums, rank_products
from fnnctl.metrics.rows import ClassRows

LABELS, PREDICTIONS = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])


def kappa_of(labels: IntArray, predictions: IntArray) -> float:
    return float(RankSums(rank_products(labels, predictions).sum(axis=0)).kappa())


def rows_of(labels: IntArray, predictions: IntArray, classes: int = 3) -> ClassRows:
    shares = np.full((len(labels), classes), 1 / classes)
    return ClassRows(labels, predictions, classes, shares, is_ordered=True)


def score(rows: ClassRows) -> dict[str, Any]:
    return classification.score(rows, [*map(str, range(rows.classes))], loss=0.0)


def test_kappa_by_hand() -> None:
    """Σ(y − ŷ)² = 2. By chance: Σy² + Σŷ² − 2ΣyΣŷ/n = 5 + 3 − 2·3·3/4 = 3.5; κ = 1 − 2/3.5 = 3/7."""
    assert kappa_of(LABELS, PREDICTIONS) == pytest.approx(3 / 7, rel=1e-15)


def test_the_mean_difference_of_ranks_by_hand() -> None:
    scores = score(rows_of(np.array([0, 3, 1, 2]), np.array([2, 0, 1, 1]), classes=4))
    assert scores["rank_error"] == (2 + 3 + 0 + 1) / 4


@pytest.mark.parametrize("classes", [2, 5])
def test_kappa_is_that_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    labels = rng.integers(classes, size=80)
    predictions = np.clip(labels + rng.integers(-1, 2, 80), 0, classes - 1)
    expected = cohen_kappa_score(labels, predictions, weights="quadratic")
    assert kappa_of(labels, predictions) == pytest.approx(expected, rel=1e-12)


def test_one_class_alone_has_no_kappa() -> None:
    same = np.full(5, 2)
    assert np.isnan(kappa_of(same, same))
    scores = score(rows_of(same, same))
    assert scores["quadratic_weighted_kappa"] is scores["quadratic_weighted_kappa_ci95"] is None


def test_one_prediction_for_all_rows_is_chance() -> None:
    assert kappa_of(LABELS, np.ones(4, np.intp)) == 0.0


def test_slopes_are_finite_differences() -> None:
    sums = rank_products(LABELS, PREDICTIONS).sum(axis=0)

    def changed(index: int, by: float) -> FloatArray:
        return RankSums(sums + by * np.eye(6)[index]).kappa()

    differences = [(changed(index, 1e-5) - changed(index, -1e-5)) / 2e-5 for index in range(6)]
    np.testing.assert_allclose(RankSums(sums).kappa_slopes(), differences, rtol=1e-8)


def test_the_interval_is_nearly_that_of_a_bootstrap() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(5, size=400)
    predictions = np.clip(labels + rng.integers(-2, 3, 400), 0, 4)
    interval = score(rows_of(labels, predictions, 5))["quadratic_weighted_kappa_ci95"]
    drawn = rng.integers(400, size=(4000, 400))
    kappas = [kappa_of(labels[rows], predictions[rows]) for rows in drawn]
    np.testing.assert_allclose(interval, np.quantile(kappas, [0.025, 0.975]), atol=0.005)


def test_full_agreement_has_no_interval() -> None:
    scores = score(rows_of(LABELS, LABELS))
    assert scores["quadratic_weighted_kappa"] == 1.0
    assert scores["quadratic_weighted_kappa_ci95"] is None


def test_classes_without_an_order_have_no_ranks() -> None:
    shares = np.full((4, 3), 1 / 3)
    scores = score(ClassRows(LABELS, PREDICTIONS, 3, shares))
    assert not {"quadratic_weighted_kappa", "rank_error"} & scores.keys()

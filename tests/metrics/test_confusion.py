from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import metrics as sk

from fnnctl.metrics.confusion import (
    balanced_accuracy,
    class_rates,
    cohens_kappa,
    confusion_matrix,
    matthews_correlation,
    mean_over,
)

# Three cats, of which one is called a dog and one a fox; three dogs, all found; no fox.
MATRIX = np.array([[1, 1, 1], [0, 3, 0], [0, 0, 0]])


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    predictions = np.array([0, 1, 2, 1, 1, 1])
    assert_array_equal(confusion_matrix(labels, predictions, 3), MATRIX)


def test_no_rows_are_a_matrix_of_zeros() -> None:
    nothing = np.array([], dtype=np.intp)
    assert_array_equal(confusion_matrix(nothing, nothing, 2), np.zeros((2, 2)))


def test_rates_worked_by_hand() -> None:
    rates = class_rates(np.array([1, 3, 0]), np.array([3, 3, 0]), np.array([1, 4, 1]))
    assert_allclose(rates.precision, [1, 3 / 4, 0])
    assert_allclose(rates.recall, [1 / 3, 1, 0])
    assert_allclose(rates.f1, [1 / 2, 6 / 7, 0])
    assert_array_equal(rates.occurs, [True, True, True])
    assert mean_over(rates.f1, rates.occurs) == pytest.approx((1 / 2 + 6 / 7 + 0) / 3)
    assert balanced_accuracy(rates) == pytest.approx((1 / 3 + 1) / 2)


def test_members_of_a_stack_have_the_rates_they_have_alone() -> None:
    support = np.random.default_rng(1).integers(0, 9, (3, 4))
    hits, predicted = support // 2, support[:, ::-1]
    stacked = class_rates(hits, support, predicted)
    for member in range(3):
        alone = class_rates(hits[member], support[member], predicted[member])
        assert_array_equal(stacked.f1[member], alone.f1)
        assert balanced_accuracy(stacked)[member] == balanced_accuracy(alone)


def test_agreement_beyond_chance_worked_by_hand() -> None:
    # 4 of 6 agree; by chance 3·1 + 3·4 + 0·1 = 15 of 36 do: (24 − 15)/(36 − 15).
    assert cohens_kappa(MATRIX) == pytest.approx(9 / 21)
    # Predicted 1, 4, 1 and true 3, 3, 0: (24 − 15)/√((36 − 18)(36 − 18)).
    assert matthews_correlation(MATRIX) == pytest.approx(9 / 18)


def test_one_class_only_has_no_kappa_and_no_correlation() -> None:
    matrix = np.array([[5, 0], [0, 0]])
    assert cohens_kappa(matrix) is None
    assert matthews_correlation(matrix) == 0.0


def test_large_counts_do_not_overflow() -> None:
    matrix = np.array([[400_000_000, 100_000_000], [100_000_000, 400_000_000]])
    assert cohens_kappa(matrix) == pytest.approx(0.6)
    assert matthews_correlation(matrix) == pytest.approx(0.6)


def test_many_classes_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    labels, predictions = rng.integers(0, 300, (2, 5_000))
    matrix = confusion_matrix(labels, predictions, 300)
    assert_array_equal(matrix, sk.confusion_matrix(labels, predictions, labels=range(300)))

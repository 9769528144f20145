from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import metrics as sk

from fnnctl.arrays import IntArray
from fnnctl.metrics.confusion import ClassCounts, class_counts, confusion_matrix

# Three cats, of which one is called a dog and one a fox; three dogs, all found; no fox.
MATRIX = np.array([[1, 1, 1], [0, 3, 0], [0, 0, 0]])


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    predictions = np.array([0, 1, 2, 1, 1, 1])
    assert_array_equal(confusion_matrix(labels, predictions, 3), MATRIX)


def test_no_rows_are_a_matrix_of_zeros() -> None:
    nothing = np.array([], dtype=np.intp)
    assert_array_equal(confusion_matrix(nothing, nothing, 2), np.zeros((2, 2)))


def counts_of(matrix: IntArray) -> ClassCounts:
    return ClassCounts(np.diagonal(matrix), matrix.sum(axis=1), matrix.sum(axis=0))


def test_shares_and_means_worked_by_hand() -> None:
    counts = ClassCounts(np.array([1, 3, 0]), np.array([3, 3, 0]), np.array([1, 4, 1]))
    recall = counts.share(counts.hits, counts.support)
    assert_allclose(recall, [1 / 3, 1, 0])
    assert_array_equal(counts.occurs, [True, True, True])
    assert counts.mean(recall, counts.occurs) == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert counts.mean(recall, counts.support) == pytest.approx((1 / 3 + 1) / 2)


def test_members_of_a_stack_have_the_counts_they_have_alone() -> None:
    labels, predictions = np.random.default_rng(1).integers(0, 4, (2, 3, 50))
    stacked = class_counts(labels, predictions, 5)
    for member in range(3):
        alone = class_counts(labels[member], predictions[member], 5)
        matrix = counts_of(confusion_matrix(labels[member], predictions[member], 5))
        for name in ("hits", "support", "predicted"):
            assert_array_equal(getattr(stacked, name)[member], getattr(alone, name))
            assert_array_equal(getattr(matrix, name), getattr(alone, name))
        for method in ("matthews_correlation", "cohens_kappa"):
            assert getattr(stacked, method)()[member] == getattr(alone, method)()


def test_agreement_beyond_chance_worked_by_hand() -> None:
    # 4 of 6 agree; by chance 3·1 + 3·4 + 0·1 = 15 of 36 do: (24 − 15)/(36 − 15).
    assert counts_of(MATRIX).cohens_kappa() == pytest.approx(9 / 21)
    # Predicted 1, 4, 1 and true 3, 3, 0: (24 − 15)/√((36 − 18)(36 − 18)).
    assert counts_of(MATRIX).matthews_correlation() == pytest.approx(9 / 18)


def test_one_class_only_has_no_kappa_and_no_correlation() -> None:
    counts = counts_of(np.array([[5, 0], [0, 0]]))
    assert np.isnan(counts.cohens_kappa())
    assert counts.matthews_correlation() == 0.0


def test_large_counts_do_not_overflow() -> None:
    counts = counts_of(np.array([[400_000_000, 100_000_000], [100_000_000, 400_000_000]]))
    assert counts.cohens_kappa() == pytest.approx(0.6)
    assert counts.matthews_correlation() == pytest.approx(0.6)


def test_many_classes_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    labels, predictions = rng.integers(0, 300, (2, 5_000))
    matrix = confusion_matrix(labels, predictions, 300)
    assert_array_equal(matrix, sk.confusion_matrix(labels, predictions, labels=range(300)))

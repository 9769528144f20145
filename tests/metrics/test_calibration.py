from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.calibration import (
    MIN_ROWS_OF_BIN,
    NO_ROWS,
    brier_score,
    class_calibration_errors,
    confidences,
    diagram_bins,
    reliability,
)
from fnnctl.metrics.ranking import wilson_interval

Outcomes = SearchStrategy[tuple[IntArray, FloatArray]]
Simulate = Callable[..., tuple[IntArray, FloatArray]]

# Five rows by hand: right, wrong, right, right, wrong. Their confidences fall into the bins from 8/15 to
# 9/15, from 13/15 to 14/15, and from 14/15 to 1.
LABELS = np.array([0, 1, 1, 1, 1])
FIRST = np.array([0.55, 0.56, 0.1, 0.05, 1.0])
PROBABILITIES = np.column_stack([FIRST, 1 - FIRST])


def gaps_of(is_true: BoolArray, said: FloatArray) -> tuple[FloatArray, IntArray]:
    """|accuracy − mean confidence| of each non-empty bin, from scikit-learn, and its number of rows."""
    shares, means = calibration_curve(is_true, said, n_bins=15)
    counts = np.bincount(np.digitize(said, np.linspace(0, 1, 16)[1:-1], right=True))
    return np.abs(shares - means), counts[counts > 0]


def test_five_rows_by_hand() -> None:
    bins = reliability(LABELS, PROBABILITIES)
    assert bins.rows.tolist() == [0] * 8 + [2] + [0] * 4 + [1, 2]
    assert bins.hits.tolist() == [0] * 8 + [1] + [0] * 4 + [1, 1]
    assert bins.expected_error == pytest.approx((1.11 - 1 + 1 - 0.9 + 1.95 - 1) / 5)
    assert bins.maximum_error == pytest.approx(0.95 / 2)
    assert brier_score(LABELS, PROBABILITIES) == pytest.approx((0.45**2 + 0.56**2 + 0.1**2 + 0.05**2 + 1) / 5)


def test_two_classes_are_binned_by_the_probability_of_the_positive_one() -> None:
    """0.45, 0.44, 0.9, 0.95 and 0 are said of class 1, and all but the first row are of it."""
    bins = reliability(LABELS, PROBABILITIES, positive=1)
    assert bins.rows.tolist() == [1] + [0] * 5 + [2] + [0] * 6 + [1, 1]
    assert bins.hits.tolist() == [1] + [0] * 5 + [1] + [0] * 6 + [1, 1]
    assert bins.expected_error == pytest.approx((1 + (1 - 0.89) + 0.1 + 0.05) / 5)
    assert bins.expected_error == pytest.approx(class_calibration_errors(LABELS, PROBABILITIES)[1])


def of_positive(scores: FloatArray) -> FloatArray:
    return np.column_stack([1 - scores, scores])


@pytest.mark.parametrize(("rows", "counts"), [
    (4, [4]), (19, [19]), (20, [10, 10]), (32, [10, 11, 11]), (155, [*[10, 10, 11] * 5]), (3000, [200] * 15),
])  # fmt: skip
def test_the_bins_of_a_diagram_have_equal_counts(rows: int, counts: list[int]) -> None:
    rng = np.random.default_rng(rows)
    scores, labels = rng.permutation(np.linspace(0.01, 0.99, rows) ** 3), rng.integers(2, size=rows)
    bins = np.array(list(diagram_bins([confidences(labels, of_positive(scores), 1)])), np.float64)
    assert sorted(bins[:, 2].astype(int).tolist()) == sorted(counts)
    assert bins[:, 2].min() >= min(rows, MIN_ROWS_OF_BIN)
    assert bins[0, 0] == scores.min()
    assert bins[-1, 1] == scores.max()
    assert bins[1:, 0].tolist() == bins[:-1, 1].tolist()
    for low, high, count, mean, share, first, last in bins:
        is_inside = (low <= scores) & ((scores < high) | (high == scores.max()))
        assert is_inside.sum() == count
        assert mean == pytest.approx(scores[is_inside].mean())
        assert share == pytest.approx(labels[is_inside].mean())
        assert [first, last] == pytest.approx(wilson_interval(labels[is_inside].sum(), int(count)))


def test_rows_with_equal_confidence_are_in_one_bin() -> None:
    """25 rows say 0.2, so that a bin that would end among them has all; five rows are no bin of their own."""
    scores = np.repeat([0.1, 0.2, 0.9], [10, 25, 5])
    bins = list(diagram_bins([confidences(np.arange(40) % 2, of_positive(scores), 1)]))
    assert [row[:3] for row in bins] == [[0.1, pytest.approx(0.15), 10], [pytest.approx(0.15), 0.9, 30]]


def test_the_interval_of_a_bin_counts_a_row_once_for_all_repeats() -> None:
    part = confidences(np.arange(20) % 2, of_positive(np.linspace(0.3, 0.7, 20)), 1)
    (first, second), (once, _) = list(diagram_bins([part] * 3)), list(diagram_bins([part]))
    assert (first[2], second[2]) == (30, 30)
    assert first[3:] == pytest.approx(once[3:])


def test_without_a_positive_class_a_bin_has_the_confidence_of_the_predicted_one() -> None:
    (row,) = diagram_bins([confidences(LABELS, PROBABILITIES)])
    assert row[2] == len(LABELS)
    assert row[3] == pytest.approx(PROBABILITIES.max(axis=1).mean())
    assert row[4] == pytest.approx((PROBABILITIES.argmax(axis=1) == LABELS).mean())


@given(data=st.data())
def test_errors_are_those_of_scikit_learns_curve(data: st.DataObject, outcomes: Outcomes) -> None:
    labels, probabilities = data.draw(outcomes)
    bins = reliability(labels, probabilities)
    gaps, counts = gaps_of(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1))
    assert bins.rows[bins.rows > 0].tolist() == counts.tolist()
    assert bins.expected_error == pytest.approx(gaps @ counts / len(labels), abs=1e-12)
    assert bins.maximum_error == pytest.approx(gaps.max(), abs=1e-12)
    of_classes = [gaps_of(labels == index, of_class) for index, of_class in enumerate(probabilities.T)]
    assert class_calibration_errors(labels, probabilities) == pytest.approx(
        [gaps @ counts / len(labels) for gaps, counts in of_classes], abs=1e-12
    )


@given(data=st.data())
def test_the_brier_score_is_scikit_learns(data: st.DataObject, outcomes: Outcomes) -> None:
    labels, probabilities = data.draw(outcomes)
    expected = brier_score_loss(labels, probabilities, labels=range(probabilities.shape[1]))
    assert brier_score(labels, probabilities) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("classes", [2, 1000])
def test_no_large_copies_are_made(simulate: Simulate, classes: int) -> None:
    rows = 2_000_000 // classes
    labels, probabilities = simulate(rows, classes)
    tracemalloc.start()
    brier_score(labels, probabilities)
    class_calibration_errors(labels, probabilities)
    reliability(labels, probabilities)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # some bytes a row, and the temporary arrays of a block; the probabilities are 16 MB
    assert peak < 32 * rows + 4_000_000


def test_rows_can_be_binned_in_batches() -> None:
    rng = np.random.default_rng(4)
    probabilities, labels = rng.dirichlet(np.ones(3), 50), rng.integers(0, 3, 50)
    batches = [reliability(labels[part], probabilities[part]) for part in (slice(20), slice(20, 50))]
    together, whole = sum(batches, NO_ROWS), reliability(labels, probabilities)
    assert together.rows.tolist() == whole.rows.tolist()
    assert together.hits.tolist() == whole.hits.tolist()
    assert together.expected_error == pytest.approx(whole.expected_error, rel=1e-12)
    assert NO_ROWS.rows.sum() == 0

"""Metrics of labels: numbers worked by hand, and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.metrics.rows import LabelRows
from fnnctl.tasks.joint.label_scores import score_labels


def labels(truths: list[str], predictions: list[str]) -> LabelRows:
    """Rows of labels as texts of 0, 1, and ? for a label that a row does not tell."""
    is_known = np.array([[cell != "?" for cell in row] for row in truths])
    has_label = np.array([[cell == "1" for cell in row] for row in truths])
    is_predicted = np.array([[cell == "1" for cell in row] for row in predictions])
    return LabelRows(has_label, is_predicted & is_known, is_known)


def test_missing_labels_are_left_out() -> None:
    rows = labels(["101", "010", "0?1", "11?"], ["101", "011", "001", "100"])
    scores = score_labels(rows)
    assert scores["subset_accuracy"] == 1 / 2  # two rows tell all labels
    assert scores["hamming_loss"] == 2 / 10
    assert scores["f1_micro"] == 2 * 5 / (6 + 6)
    assert scores["subset_accuracy_ci95"][0] < 0.1


def test_metrics_that_do_not_exist_are_none() -> None:
    scores = score_labels(labels(["0?", "?0"], ["01", "10"]))
    assert scores["hamming_loss"] == 0.0
    assert {**scores, "hamming_loss": None} == dict.fromkeys(scores)


@pytest.mark.extra
@given(st.integers(1, 30), st.integers(2, 6), st.integers(0, 1000))
def test_metrics_are_those_of_scikit_learn(rows: int, count: int, seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    truths, predictions = (rng.random((rows, count)) < rng.random(count) for _ in range(2))
    scores = score_labels(LabelRows(truths, predictions, np.ones_like(truths)))
    assert scores["subset_accuracy"] == pytest.approx(metrics.accuracy_score(truths, predictions))
    assert scores["hamming_loss"] == pytest.approx(metrics.hamming_loss(truths, predictions))
    expected = metrics.f1_score(truths, predictions, average="micro", zero_division=0)
    assert (scores["f1_micro"] or 0.0) == pytest.approx(expected)

"""Metrics after every epoch are those of scikit-learn, for each member of a stack."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, r2_score

from fnnctl.tasks.epoch_metrics import (
    ClassificationEpochMetrics,
    DevianceEpochMetrics,
    JointEpochMetrics,
    RegressionEpochMetrics,
    target_monitor,
)

METRICS = RegressionEpochMetrics()


def test_each_member_has_the_r2_of_its_own_rows() -> None:
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(3, 40)).astype(np.float32)
    predictions = (targets + rng.normal(0.2, 0.5, (3, 40))).astype(np.float32)
    losses = np.array([1.0, 2.0, 3.0])
    record = METRICS.validation_record(losses, predictions, targets)
    assert list(record) == ["validation_loss", "validation_r2"]
    assert record["validation_loss"].tolist() == losses.tolist()
    for k in range(3):
        expected = r2_score(targets[k].astype(np.float64), predictions[k].astype(np.float64))
        assert record["validation_r2"][k] == pytest.approx(expected, rel=1e-12)


def test_equal_targets_have_none() -> None:
    targets = np.array([[2.0, 2.0], [1.0, 2.0]])
    record = METRICS.validation_record(np.zeros(2), targets + np.array([[1.0], [0.0]]), targets)
    assert np.isnan(record["validation_r2"][0])
    assert record["validation_r2"][1] == 1.0


def test_guessing_the_mean_has_the_loss_that_explosions_are_measured_by() -> None:
    """Of standardized targets, by the default loss."""
    targets = np.random.default_rng(1).normal(size=1000)
    targets = (targets - targets.mean()) / targets.std()
    assert METRICS.guessing_loss == pytest.approx(0.5 * np.mean(targets**2), rel=1e-12)


@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 2**32))
def test_metrics_agree_with_scikit_learn(classes: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(0, classes, (2, 2, rows))
    record = ClassificationEpochMetrics(classes).validation_record(np.zeros(2), predictions, labels)
    for k in range(2):
        truth, guess = labels[k], predictions[k]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            balanced = balanced_accuracy_score(truth, guess)
        np.testing.assert_allclose(record["validation_accuracy"][k], accuracy_score(truth, guess), rtol=1e-12)
        np.testing.assert_allclose(record["validation_balanced_accuracy"][k], balanced, rtol=1e-12)
        f1 = f1_score(truth, guess, average="macro", zero_division=0)
        np.testing.assert_allclose(record["validation_f1_macro"][k], f1, rtol=1e-12)


@given(st.integers(1, 30), st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_each_of_several_targets_has_the_metrics_of_the_rows_that_have_it(
    rows: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    metrics = JointEpochMetrics(
        {
            "a": ClassificationEpochMetrics(2),
            "price": RegressionEpochMetrics(),
            "b": ClassificationEpochMetrics(2),
            "days": DevianceEpochMetrics(1.0),
        }
    )
    targets, predictions = rng.integers(0, 2, (2, 2, rows, 4)).astype(np.float64)
    targets[..., 1] = rng.normal(size=(2, rows))
    factors = np.where(rng.random(targets.shape) < share, 0.0, [1.0, 2.0, 1.0, 0.5])
    losses = rng.random((2, 4))
    record = metrics.validation_record(losses, predictions, targets, factors)
    assert tuple(record) == metrics.validation_columns
    np.testing.assert_array_equal(record["validation_loss"], losses.sum(axis=1))
    for k in range(2):
        for t, (name, own) in enumerate(metrics.of_targets.items()):
            has = factors[k, :, t] > 0.0
            alone = {column: np.array([np.nan]) for column in own.validation_columns}
            if has.any():
                of_rows = [part[k, has, t][None] for part in (predictions, targets, factors)]
                alone |= own.validation_record(losses[k : k + 1, t] * rows / has.sum(), *of_rows)
            alone["validation_loss"] = losses[k : k + 1, t]
            for column, (expected,) in alone.items():
                value = record[f"validation_targets.{name}.{column.removeprefix('validation_')}"][k]
                np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_a_network_of_one_target_watches_its_own_column() -> None:
    assert target_monitor("train_loss", "a") == "train_targets.a.loss"
    assert target_monitor("validation_targets.b.r2", "a") == "validation_targets.a.loss"
    assert target_monitor("validation_targets.a.r2", "a") == "validation_targets.a.r2"
    assert target_monitor("validation_targets.a.b.r2", "a") == "validation_targets.a.loss"

"""R² after every epoch is scikit-learn's, for each member of a stack."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from fnnctl.tasks.epoch_metrics import RegressionEpochMetrics

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

"""The losses of counts and amounts worked out by hand; tests/contracts/test_losses.py has the gradients."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.log_means import BOUND, LOG_MEAN_LOSSES, LogMeanLoss
from fnnctl.nn.shape import OutputShape

TARGETS = np.array([[2.0, 0.5, 1.0]])
SCORES = np.log([[1.0, 0.5, 4.0]])
LOSSES = {
    "poisson": [2 * np.log(2) - 1, 0.0, 3 - np.log(4)],
    "gamma": [1 - np.log(2), 0.0, np.log(4) - 0.75],
    "tweedie": [2 * (np.sqrt(2) - 1) ** 2, 0.0, 1.0],  # 2(√y − √m)²/√m for the power 3/2
}
SLOPES = {
    "poisson": [-1.0, 0.0, 3.0],  # m − y
    "gamma": [-1.0, 0.0, 0.75],  # 1 − y/m
    "tweedie": [-1.0, 0.0, 1.5],  # (m − y)/√m
}


def loss_of(kind: str, members: int = 1) -> LogMeanLoss:
    return LOG_MEAN_LOSSES[kind](OutputShape(1, kind, loss_parameter=1.5), members, 3, np.dtype(np.float64))


def test_every_loss_is_here() -> None:
    assert LOSSES.keys() == SLOPES.keys() == LOG_MEAN_LOSSES.keys()


@pytest.mark.parametrize("kind", sorted(LOSSES))
class TestLoss:
    def test_losses_and_error_terms(self, kind: str) -> None:
        loss, z = loss_of(kind), SCORES[:, None].copy()
        loss.set_targets(Targets(TARGETS))
        loss.error_terms(z)
        assert 3 * z[0, 0] == pytest.approx(np.array(SLOPES[kind]))
        total, explained = loss.totals()[:, 0]
        assert total == pytest.approx(sum(LOSSES[kind]))
        assert explained == pytest.approx(3 - 2 * sum(LOSSES[kind]))

    def test_factors_count_in_training_and_in_validation(self, kind: str) -> None:
        loss, factors = loss_of(kind), np.array([[2.0, 1.0, 0.5]])
        targets = Targets(TARGETS, weights=factors)
        expected = factors[0] * LOSSES[kind]
        losses, means = loss.evaluate(SCORES[:, None].copy(), targets)
        assert losses[0] == pytest.approx(expected)
        assert means == pytest.approx(np.exp(SCORES))
        loss.set_targets(targets)
        z = SCORES[:, None].copy()
        loss.error_terms(z)
        assert 3 * z[0, 0] == pytest.approx(factors[0] * SLOPES[kind])
        assert loss.totals()[0] == pytest.approx(expected.sum())

    def test_networks_are_averaged_as_means(self, kind: str) -> None:
        """Not as logarithms: exp 0 and exp(log 3) have the mean 2."""
        loss, z = loss_of(kind, members=2), np.log([[[1.0] * 3], [[3.0] * 3]])
        losses, means = loss.evaluate_ensembles(z, Targets(np.full((2, 3), 2.0)).of_ensembles(2), 2)
        assert means == pytest.approx(2.0)
        assert losses == pytest.approx(0.0, abs=1e-12)

    def test_scores_are_bounded_and_come_back(self, kind: str) -> None:
        loss, z = loss_of(kind), np.array([[[1e6, -1e6, 0.0]]])
        assert loss.outputs(z)[0, 0].tolist() == pytest.approx([np.exp(BOUND), np.exp(-BOUND), 1.0])
        loss.set_targets(Targets(TARGETS))
        loss.error_terms(z)
        assert np.isfinite(z).all()
        assert z[0, 0, 0] > 0.0 > z[0, 0, 1]

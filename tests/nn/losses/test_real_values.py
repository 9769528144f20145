"""Losses of real values worked out by hand; their gradients are in tests/nn/test_gradients.py."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.real_values import ERROR_LOSSES
from fnnctl.nn.shape import OutputShape

ERRORS = np.array([-3.0, -0.5, 0.0, 1.0, 2.0])
LOSSES: dict[str, list[float]] = {
    "squared": [4.5, 0.125, 0.0, 0.5, 2.0],
    "absolute": [3.0, 0.5, 0.0, 1.0, 2.0],
    "huber": [2.5, 0.125, 0.0, 0.5, 1.5],  # δ = 1
}
SLOPES: dict[str, list[float]] = {
    "squared": [-3.0, -0.5, 0.0, 1.0, 2.0],
    "absolute": [-1.0, -1.0, 0.0, 1.0, 1.0],
    "huber": [-1.0, -0.5, 0.0, 1.0, 1.0],
}


def test_every_loss_is_here() -> None:
    assert LOSSES.keys() == SLOPES.keys() == ERROR_LOSSES.keys()


def loss_of(kind: str, targets: Targets) -> tuple[FloatArray, FloatArray]:
    """Error terms and totals of one member with the scores ERRORS + 10."""
    loss = ERROR_LOSSES[kind](OutputShape(1, kind), 1, 5, np.dtype(np.float64))
    loss.set_targets(targets)
    z = (ERRORS + 10.0)[None, None]
    loss.error_terms(z)
    return z[0, 0] * 5, loss.totals()[:, 0]


@pytest.mark.parametrize("kind", sorted(LOSSES))
class TestLoss:
    def test_losses_error_terms_and_predictions(self, kind: str) -> None:
        slopes, (total, explained) = loss_of(kind, Targets(np.full((1, 5), 10.0)))
        assert slopes.tolist() == pytest.approx(SLOPES[kind])
        assert total == pytest.approx(sum(LOSSES[kind]))
        assert explained == pytest.approx(5 - (ERRORS**2).sum())
        loss = ERROR_LOSSES[kind](OutputShape(1, kind), 2, 5, np.dtype(np.float64))
        z = np.stack([ERRORS + 10.0, ERRORS + 1.0])[:, None]
        losses, predictions = loss.evaluate(z, Targets(np.array([[10.0] * 5, [1.0] * 5])))
        assert losses == pytest.approx(np.array([LOSSES[kind]] * 2))
        assert predictions.tolist() == [(ERRORS + 10.0).tolist(), (ERRORS + 1.0).tolist()]

    def test_weights_are_factors_of_the_loss(self, kind: str) -> None:
        weights = np.array([[2.0, 0.0, 1.0, 3.0, 0.5]])
        slopes, (total, _) = loss_of(kind, Targets(np.full((1, 5), 10.0), weights=weights))
        assert slopes.tolist() == pytest.approx((weights[0] * SLOPES[kind]).tolist())
        assert total == pytest.approx((weights[0] * LOSSES[kind]).sum())

    def test_mixed_targets_are_means(self, kind: str) -> None:
        share = np.full((1, 5), 0.75)
        targets = Targets(np.full((1, 5), 8.0), partners=np.full((1, 5), 16.0), share=share)
        slopes, (total, _) = loss_of(kind, targets)
        assert slopes.tolist() == pytest.approx(SLOPES[kind])
        assert total == pytest.approx(sum(LOSSES[kind]))


def test_hubers_loss_is_linear_from_delta() -> None:
    errors, losses = np.array([-4.0, 1.0, 2.0, 5.0]), np.empty(4)
    ERROR_LOSSES["huber"].losses(errors, 2.0, out=losses)
    assert losses.tolist() == [6.0, 0.5, 2.0, 8.0]  # 2·(4 − 1), ½, ½·4, 2·(5 − 1)
    ERROR_LOSSES["huber"].derive(errors, 2.0)
    assert errors.tolist() == [-2.0, 1.0, 2.0, 2.0]

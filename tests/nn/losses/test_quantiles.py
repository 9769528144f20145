"""Quantiles and their pinball loss worked out by hand; the gradients are in tests/nn/test_gradients.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.quantiles import PinballLoss, reference_index, score_offsets
from fnnctl.nn.shape import OutputShape

FLOAT64 = np.dtype(np.float64)


def loss_of(
    levels: tuple[float, ...], members: int, batch: int, dtype: np.dtype[np.floating] = FLOAT64
) -> PinballLoss:
    return PinballLoss(OutputShape(len(levels), "quantile", levels=levels), members, batch, dtype)


@pytest.mark.parametrize(
    ("levels", "index"),
    [((0.5,), 0), ((0.1, 0.5, 0.9), 1), ((0.3, 0.7), 0), ((0.45, 0.55), 0), ((0.7, 0.9), 0), ((0.1, 0.2), 1)],
)
def test_the_reference_level_is_nearest_to_a_half(levels: tuple[float, ...], index: int) -> None:
    assert reference_index(levels) == index


@pytest.mark.parametrize("levels", [(0.1, 0.5, 0.9), (0.05, 0.1, 0.7), (0.01,), (0.3, 0.7)])
def test_scores_of_0_are_the_normal_quantiles(levels: tuple[float, ...]) -> None:
    quantiles = loss_of(levels, 1, 1).outputs(np.zeros((1, len(levels), 1)))
    assert quantiles[0, :, 0].tolist() == pytest.approx(norm.ppf(levels).tolist(), abs=1e-12)


def scores_of(levels: tuple[float, ...], quantiles: FloatArray) -> FloatArray:
    """The scores (levels,) with these quantiles (levels,), whose gaps are not 0."""
    reference = reference_index(levels)
    scores = np.log(np.expm1(np.insert(np.diff(quantiles), reference, 1.0)))
    scores[reference] = quantiles[reference]
    return np.asarray(scores - score_offsets(levels))


LEVELS = (0.1, 0.5, 0.8)
QUANTILES, TARGET = np.array([-1.0, 0.0, 2.0]), 1.0
"""The pinball losses are 0.1 · 2, 0.5 · 1 and 0.2 · 1, with the slopes −0.1, −0.5 and 0.2 by the quantiles.
Twice the mean of three has ⅔ of each."""


class TestByHand:
    def test_loss_and_prediction(self) -> None:
        loss, z = loss_of(LEVELS, 1, 1), scores_of(LEVELS, QUANTILES)[None, :, None]
        targets = Targets(np.array([[TARGET]]))
        assert loss.outputs(z)[0, :, 0].tolist() == pytest.approx(QUANTILES.tolist(), abs=1e-12)
        losses, prediction = loss.evaluate(z.copy(), targets)
        assert losses.tolist() == [[pytest.approx(1.8 / 3)]]
        assert prediction.tolist() == [[pytest.approx(0.0)]]

    def test_error_terms(self) -> None:
        """The lowest quantile has the median less softplus(x) = 1, whose slope is 1 − 1/e; the highest has
        softplus(x) = 2 more.
        """
        loss, z = loss_of(LEVELS, 1, 1), scores_of(LEVELS, QUANTILES)[None, :, None]
        loss.set_targets(Targets(np.array([[TARGET]])))
        loss.error_terms(z)
        expected = np.array([0.1 * (1 - np.exp(-1)), -0.4, 0.2 * (1 - np.exp(-2))]) * 2 / 3
        assert z[0, :, 0].tolist() == pytest.approx(expected.tolist())
        assert loss.totals()[:, 0].tolist() == pytest.approx([1.8 / 3, 1 - TARGET**2])

    def test_the_median_alone_has_the_absolute_error(self) -> None:
        loss, z = loss_of((0.5,), 1, 3), np.array([[[2.0, -1.0, 0.5]]])
        loss.set_targets(Targets(np.array([[0.5, 0.5, 0.5]]), np.array([[1.0, 2.0, 1.0]])))
        loss.error_terms(z)
        assert (z * 3).tolist() == [[[1.0, -2.0, 0.0]]]
        assert loss.totals()[0].tolist() == pytest.approx([1.5 + 2 * 1.5])


def test_row_losses_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    outputs, targets = np.sort(rng.normal(size=(50, 3)), axis=1), rng.normal(size=50)
    losses = PinballLoss.row_losses(outputs, targets, OutputShape(3, "quantile", levels=LEVELS))
    expected = [mean_pinball_loss(targets, outputs[:, k], alpha=level) for k, level in enumerate(LEVELS)]
    assert losses.mean() == pytest.approx(2 * np.mean(expected), rel=1e-12)
    several = PinballLoss.row_losses(
        np.stack([outputs, outputs + 1]), targets, OutputShape(3, "quantile", levels=LEVELS)
    )
    assert several[0].tolist() == losses.tolist()


LEVEL_SETS = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=6, unique=True).map(sorted).map(tuple)


@given(data=st.data(), levels=LEVEL_SETS, dtype=st.sampled_from([np.float32, np.float64]))
def test_quantiles_never_cross(data: st.DataObject, levels: tuple[float, ...], dtype: type) -> None:
    """Nor do the means of networks."""
    numbers = st.floats(-1e4, 1e4, width=32)
    z = data.draw(arrays(dtype, (4, len(levels), 3), elements=numbers))
    loss = loss_of(levels, 4, 3, np.dtype(dtype))
    quantiles = loss.outputs(z)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (np.diff(quantiles.sum(axis=0, dtype=np.float64) / 4, axis=0) >= 0).all()

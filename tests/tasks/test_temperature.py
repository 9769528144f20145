from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.tasks.temperature import BLOCK_SCORES, PRIOR_ROWS, calibrated_losses, fit_temperature


def drawn(
    rows: int, classes: int, *, signal: float, sharpness: float, seed: int
) -> tuple[FloatArray, IntArray]:
    """Scores, float32, of a classifier that is right more often than not, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, rows)
    scores = rng.normal(size=(rows, classes))
    scores[np.arange(rows), labels] += signal
    return (scores * sharpness).astype(np.float32), labels


def loss_at(temperature: float, scores: FloatArray, labels: IntArray) -> float:
    rows = np.arange(len(labels))
    return float(-log_softmax(scores.astype(np.float64) / temperature, axis=1)[rows, labels].mean())


def slope_at(scores: FloatArray, labels: IntArray) -> Callable[[float], float]:
    """The derivative by log β, with β = 1/T: Σ (p − y)·z."""
    z, hot = scores.astype(np.float64), np.eye(scores.shape[1])[labels]
    return lambda u: float(((softmax(z * math.exp(u), axis=1) - hot) * z).sum())


@pytest.mark.parametrize("margin", [1.0, 0.01, 500.0])
def test_three_right_in_four_by_hand(margin: float) -> None:
    """If all rows have the margin m, the probability should be ¾: logistic(m/T) = ¾, so T = m / ln 3."""
    temperature = fit_temperature(np.array([[margin, 0.0]] * 4), np.array([0, 0, 1, 0]))
    assert temperature == pytest.approx(margin / math.log(3), rel=1e-10)


@given(
    rows=st.integers(2, 60), classes=st.integers(2, 6), signal=st.floats(0, 3),
    sharpness=st.floats(-3, 3).map(lambda power: 10.0**power), seed=st.integers(0, 10_000),
)  # fmt: skip
@example(rows=17, classes=2, signal=2.0, sharpness=0.001, seed=30)
@example(rows=2, classes=2, signal=2.0, sharpness=0.001, seed=191)
def test_no_other_temperature_is_better(
    rows: int, classes: int, signal: float, sharpness: float, seed: int
) -> None:
    scores, labels = drawn(rows, classes, signal=signal, sharpness=sharpness, seed=seed)
    temperature = fit_temperature(scores, labels)
    slope = slope_at(scores, labels)
    if temperature is None:
        # If all rows are correct, the slope at the end is negative but too small for p − 1 to show it.
        assert slope(math.log(1e-6)) >= 0 or slope(math.log(1e6)) <= 1e-15
        return
    least = loss_at(temperature, scores, labels)
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert least <= loss_at(temperature * factor, scores, labels) + 1e-14  # some losses are almost flat


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, labels = drawn(BLOCK_SCORES // 4, 10, signal=1.0, sharpness=3.0, seed=3)
    in_blocks = fit_temperature(scores, labels)
    monkeypatch.setattr("fnnctl.tasks.temperature.BLOCK_SCORES", scores.size)
    assert in_blocks == pytest.approx(fit_temperature(scores, labels), rel=1e-12)


@pytest.mark.parametrize(
    ("scores", "labels", "of_prior"),
    [
        ([[3.0, 0.0], [0.0, 1e-3]], [0, 1], True),  # all correct: the lower the temperature, the better
        ([[3.0, 0.0], [0.0, 1.0]], [1, 0], True),  # all wrong: the higher the temperature, the better
        ([[1.0, 0.0], [1.0, 0.0]], [0, 1], True),  # half of them correct: equal probabilities are best
        ([[2.0, 2.0], [0.0, 0.0]], [0, 1], True),  # all scores 0: all temperatures are equally good
        ([[1e25, 0.0], [0.0, 1.0]], [1, 1], False),  # none is large enough
        ([[math.inf, 0.0], [0.0, 1.0]], [0, 0], False),
        ([[math.nan, 0.0], [0.0, 1.0]], [0, 0], False),
    ],
)
def test_if_there_is_no_minimum_a_prior_alone_gives_a_temperature(
    scores: list[list[float]], labels: list[int], of_prior: bool
) -> None:
    assert fit_temperature(np.array(scores), np.array(labels)) is None
    with_prior = fit_temperature(np.array(scores), np.array(labels), prior_rows=PRIOR_ROWS)
    assert (with_prior is not None) is of_prior


def test_the_slope_with_a_prior_and_class_weights_is_zero_there() -> None:
    scores, labels = drawn(200, 3, signal=1.0, sharpness=3.0, seed=6)
    weights = np.array([0.3, 1.0, 7.0])
    z, hot = scores.astype(np.float64), np.eye(3)[labels]

    def slope(beta: float) -> float:
        errors = softmax(beta * z - np.log(weights), axis=1) - hot
        return float((errors * z).sum()) + PRIOR_ROWS * (1 - 1 / beta)

    expected = brentq(slope, 1e-4, 1e4, xtol=1e-14, rtol=1e-14)
    found = fit_temperature(scores, labels, class_weights=weights.tolist(), prior_rows=PRIOR_ROWS)
    assert found == pytest.approx(1 / expected, rel=1e-8)


@pytest.mark.parametrize("out_of_bag", [True, False])
@pytest.mark.parametrize(("rows", "classes", "sharpness"), [(90, 3, 0.4), (90, 3, 2.5), (30_000, 2, 0.4)])
def test_the_losses_of_calibrated_probabilities(
    rows: int, classes: int, sharpness: float, out_of_bag: bool
) -> None:
    """Of two ensembles, whose scores are those of three bags; T is that of all rows, within the tolerance."""
    ensembles = [drawn(rows, classes, signal=1.5, sharpness=sharpness, seed=seed) for seed in (1, 2)]
    expected = []
    for scores, labels in ensembles:
        temperature = fit_temperature(scores, labels, prior_rows=PRIOR_ROWS)
        assert temperature
        assert (temperature < 1.0) == (sharpness < 1.0)
        expected.append(loss_at(min(temperature, 1.0) if out_of_bag else temperature, scores, labels))
    bags = np.array([scores for scores, _ in ensembles]).reshape(6, rows // 3, classes)
    losses = calibrated_losses(bags, np.array([labels for _, labels in ensembles]), 1, out_of_bag=out_of_bag)
    np.testing.assert_allclose(losses, expected, rtol=1e-3)
    nothing = np.full_like(bags, np.nan)
    assert np.isnan(calibrated_losses(nothing, np.zeros((2, rows), int), 1, out_of_bag=out_of_bag)).all()


def test_probabilities_are_averaged_before_they_are_calibrated() -> None:
    pair, labels = drawn(200, 3, signal=1.0, sharpness=0.5, seed=1)
    pair = pair.reshape(2, 100, 3)
    mean = np.log(softmax(pair.astype(np.float64), axis=2).mean(axis=0))
    losses = calibrated_losses(pair, labels[None, :100], 2, out_of_bag=False)
    np.testing.assert_allclose(losses, calibrated_losses(mean[None], labels[None, :100], 1, out_of_bag=False))

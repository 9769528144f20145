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
from fnnctl.tasks.temperature import (
    BLOCK_SCORES,
    PRIOR_ROWS,
    calibrated,
    calibrated_losses,
    fit_temperature,
)


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
    scores = np.array([[margin, 0.0]] * 4)
    temperature = fit_temperature(scores, np.array([0, 0, 1, 0]))
    assert temperature == pytest.approx(margin / math.log(3), rel=1e-10)


@pytest.mark.parametrize(
    ("rows", "classes", "signal", "sharpness"),
    [(1000, 2, 1.0, 5.0), (60, 10, 2.0, 0.1), (20, 3, 0.7, 40.0), (2000, 5, 0.1, 1.0), (500, 1000, 2.5, 3.0)],
)
def test_the_slope_is_zero_there(rows: int, classes: int, signal: float, sharpness: float) -> None:
    scores, labels = drawn(rows, classes, signal=signal, sharpness=sharpness, seed=1)
    expected = brentq(slope_at(scores, labels), -13, 13, xtol=1e-13, rtol=1e-14)
    temperature = fit_temperature(scores, labels)
    assert temperature is not None
    assert -math.log(temperature) == pytest.approx(expected, abs=1e-10)


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


def test_a_rescaled_network_is_calibrated_to_the_same_probabilities() -> None:
    scores, labels = drawn(300, 4, signal=1.5, sharpness=1.0, seed=2)
    one, other = fit_temperature(scores, labels), fit_temperature(8 * scores, labels)
    assert one is not None
    assert other == pytest.approx(8 * one, rel=1e-10)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, labels = drawn(BLOCK_SCORES // 4, 10, signal=1.0, sharpness=3.0, seed=3)
    in_blocks = fit_temperature(scores, labels)
    monkeypatch.setattr("fnnctl.tasks.temperature.BLOCK_SCORES", scores.size)
    assert in_blocks == pytest.approx(fit_temperature(scores, labels), rel=1e-12)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ([[3.0, 0.0], [0.0, 1e-3]], [0, 1]),  # all correct: the lower the temperature, the better
        ([[3.0, 0.0], [0.0, 1.0]], [1, 0]),  # all wrong: the higher the temperature, the better
        ([[1.0, 0.0], [1.0, 0.0]], [0, 1]),  # half of them correct: equal probabilities are best
        ([[2.0, 2.0], [0.0, 0.0]], [0, 1]),  # all scores 0: all temperatures are equally good
        ([[math.inf, 0.0], [0.0, 1.0]], [0, 0]),
        ([[math.nan, 0.0], [0.0, 1.0]], [0, 0]),
    ],
)
def test_if_there_is_no_minimum_there_is_no_temperature(scores: list[list[float]], labels: list[int]) -> None:
    assert fit_temperature(np.array(scores), np.array(labels)) is None


def test_no_temperature_is_large_enough_for_scores_of_a_training_that_almost_diverged() -> None:
    scores = np.array([[1e25, 0.0], [0.0, 1.0]])
    assert fit_temperature(scores, np.array([1, 1]), prior_rows=PRIOR_ROWS) is None


def test_scaled_scores_are_float64_or_untouched() -> None:
    scores = np.array([[1.0, 3.0]], np.float32)
    assert calibrated(scores, None) is scores
    assert calibrated(scores, 3.0).tolist() == [[1 / 3, 1.0]]


@pytest.mark.parametrize("rows", [40, 4000])
def test_a_prior_shrinks_the_temperature_towards_1_the_more_the_fewer_the_rows(rows: int) -> None:
    for sharpness in (0.2, 6.0):
        scores, labels = drawn(rows, 3, signal=1.5, sharpness=sharpness, seed=4)
        plain = fit_temperature(scores, labels)
        shrunk = fit_temperature(scores, labels, prior_rows=PRIOR_ROWS)
        assert plain is not None
        assert shrunk is not None
        left = math.log(shrunk) / math.log(plain)
        assert 0 < left < 1
        assert (left > 0.9) is (rows == 4000), left


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


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_with_a_prior_there_is_a_temperature_even_if_all_rows_are_right_or_all_are_wrong(sign: float) -> None:
    scores, labels = sign * np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    assert fit_temperature(scores, labels) is None
    found = fit_temperature(scores, labels, prior_rows=PRIOR_ROWS)
    assert found is not None
    assert (found < 1) is (sign > 0)
    assert fit_temperature(np.full((2, 2), np.nan), labels, prior_rows=PRIOR_ROWS) is None


@pytest.mark.parametrize("sharpness", [0.4, 2.5])
@pytest.mark.parametrize("out_of_bag", [True, False])
@pytest.mark.parametrize(("rows", "classes"), [(90, 3), (30_000, 2)])
def test_the_losses_of_calibrated_probabilities(
    rows: int, classes: int, out_of_bag: bool, sharpness: float
) -> None:
    """Of two ensembles, whose scores are those of three bags; T is that of all rows, within the tolerance."""
    drawings = [drawn(rows, classes, signal=1.5, sharpness=sharpness, seed=seed) for seed in (1, 2)]
    scores, labels = (np.array(part) for part in zip(*drawings, strict=True))
    bags = scores.reshape(6, rows // 3, classes)
    expected = []
    for own, targets in drawings:
        temperature = fit_temperature(own, targets, prior_rows=PRIOR_ROWS)
        assert temperature
        assert (temperature < 1.0) == (sharpness < 1.0)
        expected.append(loss_at(min(temperature, 1.0) if out_of_bag else temperature, own, targets))
    losses = calibrated_losses(bags, labels, 1, out_of_bag=out_of_bag)
    np.testing.assert_allclose(losses, expected, rtol=1e-3)


def test_probabilities_are_averaged_before_they_are_calibrated() -> None:
    pair, labels = drawn(200, 3, signal=1.0, sharpness=0.5, seed=1)
    pair = pair.reshape(2, 100, 3)
    mean = np.log(softmax(pair.astype(np.float64), axis=2).mean(axis=0))
    losses = calibrated_losses(pair, labels[None, :100], 2, out_of_bag=False)
    np.testing.assert_allclose(losses, calibrated_losses(mean[None], labels[None, :100], 1, out_of_bag=False))


def test_scores_that_are_not_finite_have_no_loss() -> None:
    scores = np.full((1, 4, 2), np.nan)
    assert np.isnan(calibrated_losses(scores, np.zeros((1, 4), np.intp), 1, out_of_bag=True)).all()

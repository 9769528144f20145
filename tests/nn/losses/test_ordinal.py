from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import Targets
from fnnctl.nn.losses.cross_entropy import LogisticCrossEntropy, softmax
from fnnctl.nn.losses.ordinal import OrdinalCrossEntropy, scores_of_equal_probabilities
from fnnctl.nn.shape import OutputShape

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def loss_for(z: FloatArray) -> OrdinalCrossEntropy:
    members, scores, batch = z.shape
    return OrdinalCrossEntropy(OutputShape(scores + 1, "ordinal"), members, batch, z.dtype)


def loss_of(targets: Targets, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The sums of losses and of correct shares, and the error terms."""
    loss, terms = loss_for(z), z.copy()
    loss.set_targets(targets)
    loss.error_terms(terms)
    loss_sum, correct = loss.totals()
    return loss_sum, correct, terms


def labels(*y: int) -> IntArray:
    return np.array([y])


def probabilities(z: FloatArray) -> FloatArray:
    """(K, batch, classes)"""
    return softmax(loss_for(z).outputs(z).transpose(0, 2, 1))


@pytest.mark.parametrize(
    ("targets", "terms", "loss"),
    [
        (Targets(labels(0)), [2 / 3, 0], np.log(3)),
        (Targets(labels(1)), [0, -1 / 2], np.log(3)),
        (Targets(labels(2)), [-2 / 3, 1 / 2], np.log(3)),
        (Targets(labels(2), weights=np.array([[3.0]])), [-2, 3 / 2], 3 * np.log(3)),
        (Targets(labels(0), partners=labels(1), share=np.array([[0.75]])), [1 / 2, -1 / 8], np.log(3)),
    ],
    ids=["first", "middle", "last", "weighted", "mixed"],
)
def test_error_terms_by_hand(targets: Targets, terms: list[float], loss: float) -> None:
    """Scores of 0: σ(l) = ⅔, ⅓ and σ(u₂) = ¾, so that all three classes have ⅓.

    The first class: g = (⅔, 0). The middle one: g = (−⅓, ⅓), so G = (0, ⅓) and −¾·⅓ − ¼ = −½. The last one:
    g = (0, −⅔), so G = (−⅔, −⅔) and ¾·⅔ = ½.
    """
    loss_sum, _, error_terms = loss_of(targets, np.zeros((1, 2, 1)))
    np.testing.assert_allclose(loss_sum, [loss], rtol=1e-14)
    np.testing.assert_allclose(error_terms.ravel(), terms, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("classes", [2, 3, 9])
def test_scores_of_zero_are_equal_probabilities(classes: int) -> None:
    np.testing.assert_allclose(probabilities(np.zeros((1, classes - 1, 1))), 1 / classes, rtol=1e-14)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_probabilities_are_differences_of_cumulative_ones(classes: int) -> None:
    rng = np.random.default_rng(classes)
    z, y = rng.normal(0, 2, (4, classes - 1, 9)), rng.integers(0, classes, (4, 9))
    u = z + scores_of_equal_probabilities(classes)[:, None]
    logits = u[:, :1] - np.concatenate([np.zeros((4, 1, 9)), np.log1p(np.exp(u[:, 1:]))], 1).cumsum(1)
    above = np.concatenate([np.ones((4, 1, 9)), expit(logits), np.zeros((4, 1, 9))], axis=1)
    p = above[:, :-1] - above[:, 1:]
    np.testing.assert_allclose(probabilities(z), p.transpose(0, 2, 1), rtol=1e-10)
    evaluated, predictions = loss_for(z).evaluate(z.copy(), Targets(y))
    np.testing.assert_array_equal(predictions, p.argmax(axis=1))
    expected = -np.log(np.take_along_axis(p, y[:, None], axis=1))[:, 0]
    np.testing.assert_allclose(evaluated, expected, rtol=1e-10)
    loss, correct, _ = loss_of(Targets(y), z)
    np.testing.assert_allclose(loss, expected.sum(axis=1), rtol=1e-10)
    np.testing.assert_array_equal(correct, (predictions == y).sum(axis=1))


def test_two_classes_are_those_of_a_logistic_output() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 3, (2, 1, 8)), rng.integers(0, 2, (2, 8))
    logistic, terms = LogisticCrossEntropy(OutputShape(2, "logistic"), 2, 8, z.dtype), z.copy()
    logistic.set_targets(Targets(y))
    logistic.error_terms(terms)
    loss, correct, own_terms = loss_of(Targets(y), z)
    np.testing.assert_allclose(own_terms, terms, rtol=1e-12)
    np.testing.assert_allclose([loss, correct], logistic.totals(), rtol=1e-12)


def test_an_ensemble_averages_probabilities() -> None:
    """Two members of each class's probability ⅓ and of a certain first class: p₀ = ⅔, p₂ = ⅙."""
    z = np.zeros((2, 2, 2))
    z[1, 0] = -1000.0
    losses, predictions = loss_for(z).evaluate_ensembles(z, Targets(labels(0, 2)), 2)
    np.testing.assert_allclose(losses, [[-np.log(2 / 3), -np.log(1 / 6)]], rtol=1e-12)
    assert predictions.tolist() == [[0, 0]]


@pytest.mark.filterwarnings("ignore:overflow")
@given(z=arrays(np.float32, (1, 4, 3), elements=FINITE), label=st.integers(0, 4))
def test_any_scores_have_probabilities_and_error_terms(z: FloatArray, label: int) -> None:
    p = probabilities(z)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=2), 1.0, rtol=1e-12)
    assert np.isfinite(loss_of(Targets(np.full((1, 3), label)), z)[2]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tiny_probability_keeps_its_logarithm(dtype: type[np.floating]) -> None:
    """The difference of the cumulative probabilities is 0 here.

    With z₁ = −1000 and three classes, l₁ = −1000 + ln 2 and l₂ = l₁ − ln(1 + 3), and σ(l) is exp(l).
    """
    outputs = loss_for(z := np.array([[[-1000.0], [0.0]]], dtype)).outputs(z)
    expected = [0.0, -1000 + np.log(2) + np.log(3 / 4), -1000 + np.log(2) - np.log(4)]
    np.testing.assert_allclose(outputs.ravel(), expected, rtol=1e-6)

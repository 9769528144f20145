from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, log_softmax
from scipy.special import softmax as scipy_softmax

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.losses.base import Loss, Targets
from fnnctl.nn.losses.cross_entropy import (
    LogisticCrossEntropy,
    SoftmaxCrossEntropy,
    cross_entropy,
    softmax,
)
from fnnctl.nn.losses.cross_entropy import log_softmax as own_log_softmax
from fnnctl.nn.shape import OutputShape

SCORES = np.log([[[1.0], [2.0], [5.0]]])
"""Softmax gives (1, 2, 5)/8."""


def loss_for(z: FloatArray, positive: int = 1) -> Loss:
    """The logistic loss for one score per example, else softmax."""
    members, scores, batch = z.shape
    if scores == 1:
        return LogisticCrossEntropy(OutputShape(2, "logistic", positive), members, batch, z.dtype)
    return SoftmaxCrossEntropy(OutputShape(scores), members, batch, z.dtype)


def loss_of(targets: Targets, z: FloatArray, positive: int = 1) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The sums of losses and of correct shares, and the error terms."""
    loss, terms = loss_for(z, positive), z.copy()
    loss.set_targets(targets)
    loss.error_terms(terms)
    loss_sum, correct = loss.totals()
    return loss_sum, correct, terms


def labels(*y: int) -> IntArray:
    return np.array([y])


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_loss_of_rows_is_that_of_scipy(rows: int, classes: int) -> None:
    z = np.random.default_rng(0).normal(size=(rows, classes))
    y = np.arange(rows) % classes
    np.testing.assert_allclose(cross_entropy(z, y), -log_softmax(z, axis=1)[np.arange(rows), y], rtol=1e-12)


@pytest.mark.parametrize(
    ("targets", "t", "correct"),
    [
        (Targets(labels(1)), [0, 1, 0], 0.0),
        (Targets(labels(1), smoothing=np.array([[0.3]])), [0.1, 0.8, 0.1], 0.0),
        # the prediction, class 2, has ¾ of the target
        (Targets(labels(2), partners=labels(0), share=np.array([[0.75]])), [0.25, 0, 0.75], 0.75),
        (Targets(labels(2), partners=labels(2), share=np.array([[0.3]])), [0, 0, 1], 1.0),
    ],
    ids=["plain", "smoothed", "mixed", "mixed with its own class"],
)
def test_softmax_by_hand(targets: Targets, t: list[float], correct: float) -> None:
    """Scores (ln 1, ln 2, ln 5): the losses of the classes are ln 8, ln 4 and ln 1.6."""
    loss, right, terms = loss_of(targets, SCORES)
    np.testing.assert_allclose(loss, [np.dot(t, np.log([8, 4, 1.6]))], rtol=1e-14)
    np.testing.assert_allclose(terms.ravel(), np.array([1, 2, 5]) / 8 - t, rtol=1e-14, atol=1e-15)
    assert right.tolist() == [correct]


def test_logistic_by_hand() -> None:
    """z = ln 3: the positive class has ¾. Labels 1 and 0: losses ln 4/3 and ln 4, terms (¾ − 1)/2 and ¾/2."""
    loss, correct, terms = loss_of(Targets(labels(1, 0)), np.full((1, 1, 2), np.log(3.0)))
    np.testing.assert_allclose(loss, [np.log(4 / 3) + np.log(4)], rtol=1e-15)
    np.testing.assert_allclose(terms.ravel(), [-1 / 8, 3 / 8], rtol=1e-15)
    assert correct.tolist() == [1.0]


@pytest.mark.parametrize("classes", [2, 11])
def test_agrees_with_scipy(classes: int) -> None:
    rng = np.random.default_rng(classes)
    z, y = rng.normal(0, 30, (4, classes, 9)), rng.integers(0, classes, (4, 9))
    expected = -np.take_along_axis(log_softmax(z, axis=1), y[:, None], axis=1)[:, 0]
    loss = loss_for(z)
    evaluated, predictions = loss.evaluate(z.copy(), Targets(y))
    loss.set_targets(Targets(y))
    for _ in range(2):  # the targets stay the same until others are set
        loss.error_terms(z.copy())
    loss_sum, correct = loss.totals()
    np.testing.assert_allclose(evaluated, expected, rtol=1e-12)
    np.testing.assert_allclose(loss_sum, 2 * expected.sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(predictions, z.argmax(axis=1))
    np.testing.assert_array_equal(correct, 2 * (z.argmax(axis=1) == y).sum(axis=1))
    assert loss.totals()[0].tolist() == [0.0] * 4
    np.testing.assert_array_equal(loss.outputs(z), z)
    np.testing.assert_allclose(cross_entropy(z[0].T, y[0]), expected[0], rtol=1e-12)


@pytest.mark.parametrize("positive", [0, 1])
def test_logistic_is_softmax_of_its_class_scores(positive: int) -> None:
    """Also with weights, mixtures and smoothing all at once."""
    rng = np.random.default_rng(4)
    y, partners = rng.integers(0, 2, (2, 3, 7))
    shares, epsilon = rng.uniform(0, 1, (3, 1)), rng.uniform(0, 0.5, (3, 1))
    z = rng.normal(0, 2, (3, 1, 7))
    scores = loss_for(z, positive).outputs(z)
    np.testing.assert_allclose(scipy_softmax(scores, axis=1)[:, positive], expit(z[:, 0]), rtol=1e-14)
    np.testing.assert_array_equal(scores[:, 1 - positive], 0.0)
    for targets in (Targets(y), Targets(y, rng.uniform(0, 2, (3, 7)), partners, shares, epsilon)):
        own, of_pair = loss_of(targets, z, positive), loss_of(targets, scores)
        np.testing.assert_allclose(own[0], of_pair[0], rtol=1e-12)
        np.testing.assert_allclose(own[1], of_pair[1], rtol=1e-12)
        np.testing.assert_allclose(own[2][:, 0], of_pair[2][:, positive], rtol=1e-12)
    for own_part, expected in zip(
        loss_for(z, positive).evaluate(z.copy(), Targets(y)),
        loss_for(scores).evaluate(scores.copy(), Targets(y)),
        strict=True,
    ):
        np.testing.assert_allclose(own_part, expected, rtol=1e-12)


def test_confident_and_wrong_is_a_large_finite_loss() -> None:
    loss, _ = loss_for(z := np.array([[[0.0], [1000.0]]])).evaluate(z, Targets(labels(0)))
    assert loss.tolist() == [[1000.0]]


@pytest.mark.parametrize(("scores", "positive"), [(3, 1), (1, 0), (1, 1)])
def test_equal_scores_count_for_the_first_class_only(scores: int, positive: int) -> None:
    """A dead network gives all classes the same score, which must not count as perfect accuracy."""
    z, y = np.zeros((1, scores, 4)), labels(0, 1, 1, 1)
    assert loss_of(Targets(y), z, positive)[1].tolist() == [1.0]
    assert loss_for(z, positive).evaluate(z, Targets(y))[1].tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores_are_exact(dtype: type[np.floating]) -> None:
    z = np.array([[[1000.0, 1000.0, -1000.0, -1000.0]]], dtype)
    loss, _, terms = loss_of(Targets(labels(0, 1, 0, 1)), z)
    assert loss.tolist() == [2000.0]
    assert terms.dtype == dtype
    assert terms.ravel().tolist() == [0.25, 0.0, 0.0, -0.25]
    np.testing.assert_allclose(softmax(np.array([[1e4, 1e4, -1e4]], dtype)), [[0.5, 0.5, 0.0]])


@pytest.mark.parametrize("scores", [1, 2])
def test_weights_multiply_losses_and_terms_but_not_what_is_right(scores: int) -> None:
    rng = np.random.default_rng(5)
    y, z = rng.integers(0, 2, (1, 4)), rng.normal(size=(1, scores, 4))
    single = [loss_of(Targets(y[:, i : i + 1]), z[:, :, i : i + 1])[::2] for i in range(4)]
    weights = np.array([[0.0, 0.5, 1.0, 2.5]])
    loss, correct, terms = loss_of(Targets(y, weights), z)
    np.testing.assert_allclose(loss, sum(w * own[0] for w, own in zip(weights[0], single, strict=True)))
    expected = np.concatenate([own[1] for own in single], axis=2) * weights / 4
    np.testing.assert_allclose(terms, expected, rtol=1e-12)
    assert correct.tolist() == loss_of(Targets(y), z)[1].tolist()


@pytest.mark.parametrize("classes", [2, 3])
def test_two_classes_have_the_bits_of_a_reduction(classes: int) -> None:
    z = np.random.default_rng(0).normal(0.0, 20.0, (3, 500, classes)).astype(np.float32)
    z[:, :50] = z[:, :50, :1]
    z[:, 50:60] = [np.inf, -np.inf, np.nan][:classes]
    shifted = z.astype(np.float64)
    with np.errstate(invalid="ignore"):
        shifted -= shifted.max(axis=-1, keepdims=True)
        total = np.exp(shifted).sum(axis=-1, keepdims=True)
        np.testing.assert_array_equal(softmax(z), np.exp(shifted) / total)
        np.testing.assert_array_equal(own_log_softmax(z), shifted - np.log(total))

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, log_softmax
from scipy.special import softmax as scipy_softmax
from sklearn.metrics import log_loss

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Loss, Targets
from fnnctl.nn.losses.cross_entropy import (
    LogisticCrossEntropy,
    SoftmaxCrossEntropy,
    cross_entropy,
    softmax,
)
from fnnctl.nn.losses.cross_entropy import log_softmax as own_log_softmax
from fnnctl.nn.shape import OutputShape

FLOAT64 = np.dtype(np.float64)


def test_worked_example() -> None:
    """Scores (ln 1, ln 2, ln 5), label 1: softmax (1, 2, 5)/8, loss ln 4, error terms (1, 2 − 8, 5)/8."""
    z = np.log([[[1.0], [2.0], [5.0]]])
    loss = SoftmaxCrossEntropy(OutputShape(3), 1, 1, FLOAT64)
    loss.set_targets(Targets(np.array([[1]])))
    loss.error_terms(z)
    loss_sum, correct = loss.totals()
    np.testing.assert_allclose(loss_sum, [np.log(4.0)], rtol=1e-15)
    np.testing.assert_allclose(z.ravel(), [1 / 8, -6 / 8, 5 / 8], rtol=1e-15)
    assert correct.tolist() == [0]


@pytest.mark.parametrize("classes", [2, 3, 11])
def test_agrees_with_scipy(classes: int) -> None:
    rng = np.random.default_rng(classes)
    z, y = rng.normal(0, 30, (4, classes, 9)), rng.integers(0, classes, (4, 9))
    expected = -np.take_along_axis(log_softmax(z, axis=1), y[:, None], axis=1).sum(axis=(1, 2))
    onehot = np.moveaxis(np.eye(classes)[y], 2, 1)
    terms = (scipy_softmax(z, axis=1) - onehot) / 9
    loss = SoftmaxCrossEntropy(OutputShape(classes), 4, 9, FLOAT64)
    evaluated, predictions = loss.evaluate(z.copy(), y)
    loss.set_targets(Targets(y))
    loss.error_terms(z.copy())
    loss.error_terms(z2 := z.copy())  # the targets stay the same until others are set
    loss_sum, correct = loss.totals()
    np.testing.assert_allclose(evaluated, expected, rtol=1e-12)
    np.testing.assert_allclose(loss_sum, 2 * expected, rtol=1e-12)
    np.testing.assert_allclose(z2, terms, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(predictions, z.argmax(axis=1))
    np.testing.assert_array_equal(correct, 2 * (z.argmax(axis=1) == y).sum(axis=1))
    assert loss.totals()[0].tolist() == [0.0] * 4


def test_confident_and_wrong_is_a_large_finite_loss() -> None:
    z = np.array([[[0.0], [1000.0]]])
    loss, _ = SoftmaxCrossEntropy(OutputShape(2), 1, 1, FLOAT64).evaluate(z, np.array([[0]]))
    assert loss.tolist() == [1000.0]


def test_equal_scores_count_for_the_first_class_only() -> None:
    """A dead network gives all classes the same score, which must not count as perfect accuracy."""
    y = np.array([[0, 1, 2, 1]])
    loss = SoftmaxCrossEntropy(OutputShape(3), 1, 4, FLOAT64)
    loss.set_targets(Targets(y))
    loss.error_terms(np.zeros((1, 3, 4)))
    assert loss.totals()[1].tolist() == [1]


def test_softmax_of_large_scores() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 1e4, -1e4]], np.float32)), [[0.5, 0.5, 0.0]])


def test_the_loss_of_each_example_agrees_with_scipy() -> None:
    rng = np.random.default_rng(8)
    z, y = rng.normal(0, 20, (30, 4)), rng.integers(0, 4, 30)
    np.testing.assert_allclose(cross_entropy(z, y), -log_softmax(z, axis=1)[range(30), y], rtol=1e-12)


def logistic(positive: int, members: int, batch: int, dtype: np.dtype[np.floating] = FLOAT64) -> Loss:
    return LogisticCrossEntropy(OutputShape(2, "logistic", positive), members, batch, dtype)


def test_logistic_by_hand() -> None:
    """z = ln 3: the positive class has ¾. Labels 1 and 0: losses ln 4/3 and ln 4, terms (¾ − 1)/2 and ¾/2."""
    loss, z = logistic(1, 1, 2), np.full((1, 1, 2), np.log(3.0))
    loss.set_targets(Targets(np.array([[1, 0]])))
    loss.error_terms(z)
    loss_sum, correct = loss.totals()
    np.testing.assert_allclose(loss_sum, [np.log(4 / 3) + np.log(4)], rtol=1e-15)
    np.testing.assert_allclose(z.ravel(), [-1 / 8, 3 / 8], rtol=1e-15)
    assert correct.tolist() == [1.0]


@pytest.mark.parametrize("positive", [0, 1])
def test_logistic_agrees_with_scikit_learn(positive: int) -> None:
    rng = np.random.default_rng(positive)
    z, y = rng.normal(0, 4, (3, 1, 40)), rng.integers(0, 2, (3, 40))
    is_positive = (y == positive).astype(int)
    expected = [log_loss(is_positive[k], expit(z[k, 0]), labels=[0, 1], normalize=False) for k in range(3)]
    loss = logistic(positive, 3, 40)
    evaluated, predictions = loss.evaluate(z.copy(), y)
    loss.set_targets(Targets(y))
    loss.error_terms(terms := z.copy())
    loss_sum, correct = loss.totals()
    np.testing.assert_allclose(evaluated, expected, rtol=1e-12)
    np.testing.assert_allclose(loss_sum, expected, rtol=1e-12)
    np.testing.assert_allclose(terms[:, 0], (expit(z[:, 0]) - is_positive) / 40, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(predictions == positive, z[:, 0] > 0)
    np.testing.assert_array_equal(correct, (predictions == y).sum(axis=1))


@pytest.mark.parametrize("positive", [0, 1])
def test_logistic_is_softmax_of_its_class_scores(positive: int) -> None:
    z = np.random.default_rng(2).normal(0, 3, (2, 1, 6))
    scores = logistic(positive, 2, 6).outputs(z)
    assert scores.shape == (2, 2, 6)
    chances = scipy_softmax(scores, axis=1)
    np.testing.assert_allclose(chances[:, positive], expit(z[:, 0]), rtol=1e-14)
    np.testing.assert_array_equal(scores[:, 1 - positive], 0.0)


@pytest.mark.parametrize("positive", [0, 1])
def test_a_logistic_tie_goes_to_the_first_class(positive: int) -> None:
    """As with softmax, whose two scores would both be 0."""
    y = np.array([[0, 1]])
    loss = logistic(positive, 1, 2)
    _, predictions = loss.evaluate(np.zeros((1, 1, 2)), y)
    loss.set_targets(Targets(y))
    loss.error_terms(np.zeros((1, 1, 2)))
    assert predictions.tolist() == [[0, 0]]
    assert loss.totals()[1].tolist() == [1.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logistic_of_large_scores_is_exact(dtype: type[np.floating]) -> None:
    z = np.array([[[1000.0, 1000.0, -1000.0, -1000.0]]], dtype)
    loss = logistic(1, 1, 4, np.dtype(dtype))
    loss.set_targets(Targets(np.array([[0, 1, 0, 1]])))
    loss.error_terms(z)
    assert loss.totals()[0].tolist() == [2000.0]
    assert z.dtype == dtype
    assert z.ravel().tolist() == [0.25, 0.0, 0.0, -0.25]


def soft_loss(output: str, targets: Targets, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The sums of losses and of correct shares, and the error terms."""
    members, _, batch = z.shape
    loss = (
        logistic(1, members, batch)
        if output == "logistic"
        else SoftmaxCrossEntropy(OutputShape(z.shape[1]), members, batch, FLOAT64)
    )
    loss.set_targets(targets)
    loss.error_terms(terms := z.copy())
    loss_sum, correct = loss.totals()
    return loss_sum, correct, terms


def test_smoothed_loss_by_hand() -> None:
    """Scores (ln 1, ln 2, ln 5), label 1, ε = 0.3: t = (0.1, 0.8, 0.1)."""
    z = np.log([[[1.0], [2.0], [5.0]]])
    loss, correct, terms = soft_loss("softmax", Targets(np.array([[1]]), smoothing=np.array([[0.3]])), z)
    np.testing.assert_allclose(loss, [0.1 * np.log(8) + 0.8 * np.log(4) + 0.1 * np.log(1.6)], rtol=1e-14)
    np.testing.assert_allclose(terms.ravel(), [1 / 8 - 0.1, 2 / 8 - 0.8, 5 / 8 - 0.1], rtol=1e-14)
    assert correct.tolist() == [0.0]


def test_mixed_loss_by_hand() -> None:
    """ρ = 0.75 of class 2 and ¼ of class 0: the prediction, class 2, has ¾ of the target."""
    z = np.log([[[1.0], [2.0], [5.0]]])
    targets = Targets(np.array([[2]]), partners=np.array([[0]]), share=np.array([[0.75]]))
    loss, correct, terms = soft_loss("softmax", targets, z)
    np.testing.assert_allclose(loss, [0.75 * np.log(1.6) + 0.25 * np.log(8)], rtol=1e-14)
    np.testing.assert_allclose(terms.ravel(), [1 / 8 - 0.25, 2 / 8, 5 / 8 - 0.75], rtol=1e-14)
    assert correct.tolist() == [0.75]


def test_a_mixture_of_one_class_is_right_as_a_whole() -> None:
    z = np.log([[[1.0], [2.0], [5.0]]])
    targets = Targets(np.array([[2]]), partners=np.array([[2]]), share=np.array([[0.3]]))
    assert soft_loss("softmax", targets, z)[1].tolist() == [1.0]


def test_soft_logistic_and_softmax_of_two_classes_are_one_loss() -> None:
    """With weights, mixtures and smoothing all at once."""
    rng = np.random.default_rng(4)
    labels, partners = rng.integers(0, 2, (2, 3, 7))
    targets = Targets(
        labels, rng.uniform(0, 2, (3, 7)), partners, rng.uniform(0, 1, (3, 1)), rng.uniform(0, 0.5, (3, 1))
    )
    z = rng.normal(0, 2, (3, 1, 7))
    pair = np.concatenate([np.zeros_like(z), z], axis=1)
    one, two = soft_loss("logistic", targets, z), soft_loss("softmax", targets, pair)
    np.testing.assert_allclose(one[0], two[0], rtol=1e-12)
    np.testing.assert_allclose(one[1], two[1], rtol=1e-12)
    np.testing.assert_allclose(one[2][:, 0], two[2][:, 1], rtol=1e-12)


@pytest.mark.parametrize("output", ["softmax", "logistic"])
def test_weights_multiply_losses_and_terms_but_not_what_is_right(output: str) -> None:
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, (1, 4))
    z = rng.normal(size=(1, 1 if output == "logistic" else 2, 4))
    single = [soft_loss(output, Targets(y[:, i : i + 1]), z[:, :, i : i + 1])[::2] for i in range(4)]
    weights = np.array([[0.0, 0.5, 1.0, 2.5]])
    loss, correct, terms = soft_loss(output, Targets(y, weights), z)
    np.testing.assert_allclose(loss, sum(w * own[0] for w, own in zip(weights[0], single, strict=True)))
    expected = np.concatenate([own[1] for own in single], axis=2) * weights / 4
    np.testing.assert_allclose(terms, expected, rtol=1e-12)
    assert correct.tolist() == soft_loss(output, Targets(y), z)[1].tolist()


def test_softmax_class_scores_are_the_scores() -> None:
    z = np.random.default_rng(6).normal(size=(2, 3, 4))
    loss = SoftmaxCrossEntropy(OutputShape(3), 2, 4, FLOAT64)
    np.testing.assert_array_equal(loss.outputs(z), z)


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

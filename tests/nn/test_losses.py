from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from fnnctl.nn.losses import SoftmaxCrossEntropy, softmax
from fnnctl.nn.shape import NetworkShape
from fnnctl.nn.targets import Targets

FLOAT64 = np.dtype(np.float64)


def test_worked_example() -> None:
    """Scores (ln 1, ln 2, ln 5), label 1: softmax (1, 2, 5)/8, loss ln 4, error terms (1, 2 − 8, 5)/8."""
    z = np.log([[[1.0], [2.0], [5.0]]])
    loss = SoftmaxCrossEntropy(NetworkShape(1, (), 3), 1, 1, FLOAT64)
    loss.error_terms(z, Targets(np.array([[1]])))
    totals = loss.totals()
    np.testing.assert_allclose(totals.loss, [np.log(4.0)], rtol=1e-15)
    np.testing.assert_allclose(z.ravel(), [1 / 8, -6 / 8, 5 / 8], rtol=1e-15)
    assert totals.correct.tolist() == [0]


@pytest.mark.parametrize("classes", [2, 3, 11])
def test_agrees_with_scipy(classes: int) -> None:
    rng = np.random.default_rng(classes)
    z, y = rng.normal(0, 30, (4, classes, 9)), rng.integers(0, classes, (4, 9))
    expected = -np.take_along_axis(log_softmax(z, axis=1), y[:, None], axis=1).sum(axis=(1, 2))
    onehot = np.moveaxis(np.eye(classes)[y], 2, 1)
    terms = (scipy_softmax(z, axis=1) - onehot) / 9
    loss = SoftmaxCrossEntropy(NetworkShape(1, (), classes), 4, 9, FLOAT64)
    evaluated, predictions = loss.evaluate(z.copy(), y)
    loss.error_terms(z.copy(), Targets(y))
    loss.error_terms(z2 := z.copy(), Targets(y))
    totals = loss.totals()
    np.testing.assert_allclose(evaluated, expected, rtol=1e-12)
    np.testing.assert_allclose(totals.loss, 2 * expected, rtol=1e-12)
    np.testing.assert_allclose(z2, terms, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(predictions, z.argmax(axis=1))
    np.testing.assert_array_equal(totals.correct, 2 * (z.argmax(axis=1) == y).sum(axis=1))
    assert loss.totals().loss.tolist() == [0.0] * 4


def test_confident_and_wrong_is_a_large_finite_loss() -> None:
    z = np.array([[[0.0], [1000.0]]])
    loss, _ = SoftmaxCrossEntropy(NetworkShape(1, (), 2), 1, 1, FLOAT64).evaluate(z, np.array([[0]]))
    assert loss.tolist() == [1000.0]


def test_equal_scores_count_for_the_first_class_only() -> None:
    """A dead network scores all classes alike: that is no perfect accuracy."""
    y = np.array([[0, 1, 2, 1]])
    loss = SoftmaxCrossEntropy(NetworkShape(1, (), 3), 1, 4, FLOAT64)
    loss.error_terms(np.zeros((1, 3, 4)), Targets(y))
    assert loss.totals().correct.tolist() == [1]


def test_softmax_of_large_scores() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 1e4, -1e4]], np.float32)), [[0.5, 0.5, 0.0]])

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.penalties import Penalty, bound_norms, clip_norms, clip_values
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape

LAYOUT = ParameterLayout(NetworkShape(2, (HiddenShape(1, "prelu"),), OutputShape(2)))
ROW = [3.0, -4.0, 9.0, 0.25, 2.0, 7.0, 0.0, -5.0]
"""One unit: weights 3 and −4, bias 9, slope 0.25; two scores: weights 2 and 0, biases 7 and −5."""
WEIGHTS = [3.0, -4.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
MASK = LAYOUT.weight_mask(np.dtype(np.float64))
SIGNS = [1.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]


def added(l2: list[float], l1: list[float] | None) -> FloatArray:
    parameters = np.array([ROW] * len(l2))
    gradient, scratch = np.full_like(parameters, 100.0), np.empty_like(parameters)
    penalty = Penalty(MASK, l2=np.array(l2), l1=None if l1 is None else np.array(l1))
    penalty.add_gradient(penalty.parts(parameters, gradient, scratch))
    np.testing.assert_array_equal(parameters, [ROW] * len(l2))
    return gradient - 100.0


def test_the_order_of_the_row() -> None:
    """The other tests of this file assume this order."""
    named = LAYOUT.named_arrays(np.array(ROW), np.empty(0))
    assert {name: array.ravel().tolist() for name, array in named.items()} == {
        "weights_1": [3.0, -4.0], "biases_1": [9.0], "slopes_1": [0.25],
        "weights_2": [2.0, 0.0], "biases_2": [7.0, -5.0],
    }  # fmt: skip


def test_l2_pulls_by_lambda_w_and_l1_by_the_sign_and_not_at_zero() -> None:
    np.testing.assert_array_equal(added([0.0, 0.5], None), np.outer([0.0, 0.5], WEIGHTS))
    np.testing.assert_array_equal(added([0.0, 0.0], [2.0, 0.25]), np.outer([2.0, 0.25], SIGNS))
    np.testing.assert_array_equal(added([0.5], [2.0])[0], np.multiply(0.5, WEIGHTS) + np.multiply(2, SIGNS))


def test_without_a_penalty_no_step_does_anything() -> None:
    arrays = np.empty((2, len(ROW)))
    nobody, somebody = (Penalty(MASK, l2=np.array(l2), l1=None) for l2 in ([0.0, 0.0], [0.0, 0.5]))
    assert not nobody.parts(arrays, arrays, arrays)
    assert somebody.parts(arrays, arrays, arrays)


def test_values_by_hand() -> None:
    """½λ(9 + 16 + 4) = 14.5λ and λ₁(3 + 4 + 2) = 9λ₁."""
    parameters = np.array([ROW, ROW])
    l2, l1 = np.array([2.0, 0.5]), np.array([0.0, 0.25])
    assert Penalty(MASK, l2=l2, l1=None).values(parameters).tolist() == [29.0, 7.25]
    assert Penalty(MASK, l2=l2, l1=l1).values(parameters).tolist() == [29.0, 7.25 + 2.25]


def test_gradients_are_clipped_by_hand() -> None:
    """Values by bounds of 1 and 0.2; a gradient of norm 5 by bounds of 1 and 10 keeps its direction."""
    values, gradient = np.array([[5.0, -5.0, 0.3, -0.3]] * 2), np.array([[3.0, -4.0]] * 2)
    clip_values(values, np.array([[1.0], [0.2]]))
    clip_norms(gradient, np.array([[1.0], [10.0]]))
    assert values.tolist() == [[1.0, -1.0, 0.3, -0.3], [0.2, -0.2, 0.2, -0.2]]
    np.testing.assert_allclose(gradient, [[0.6, -0.8], [3.0, -4.0]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_short_gradients_keep_their_bits(dtype: type[np.floating]) -> None:
    gradient: FloatArray = np.random.default_rng(0).normal(size=(50, 31)).astype(dtype)
    norms = np.linalg.norm(gradient.astype(np.float64), axis=1)
    kept = gradient.copy()
    clip_norms(gradient, (norms * (1.0 + 1e-5)).astype(dtype)[:, None])
    clip_values(gradient, np.abs(gradient).max(axis=1, keepdims=True))
    assert gradient.dtype == dtype
    assert gradient.tobytes() == kept.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_units_are_bounded_and_those_within_the_bound_keep_their_bits(dtype: type[np.floating]) -> None:
    """Every second of twelve rows is far too long; biases, gains and output weights are even larger."""
    hidden = (HiddenShape(12, "tanh"), HiddenShape(6, "maxout", pieces=2, normalization="layer"))
    layout = ParameterLayout(NetworkShape(12, hidden, OutputShape(12)))
    rng = np.random.default_rng(1)
    parameters = np.full((2, layout.size), 1000.0, dtype)
    for layer in layout.layers[:-1]:
        W = layer.weights_alone(parameters)
        W[...] = rng.normal(size=W.shape)
        W /= np.linalg.norm(W, axis=2, keepdims=True)
        W[:, ::2] *= 0.7
        W[:, 1::2] *= 3.0
    kept = parameters.copy()
    bound_norms(layout, parameters, np.full((2, 1), 1.0, dtype))
    for layer in layout.layers[:-1]:
        W, before = layer.weights_alone(parameters), layer.weights_alone(kept)
        np.testing.assert_array_equal(W[:, ::2], before[:, ::2])
        np.testing.assert_allclose(W[:, 1::2], before[:, 1::2] / 3.0, rtol=1e-6)
        W[...] = before
    np.testing.assert_array_equal(parameters, kept)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_whose_squares_overflow_is_clipped_and_a_nan_is_not_hidden(
    dtype: type[np.floating],
) -> None:
    huge = np.finfo(dtype).max / 8
    gradient = np.array([[3 * huge, -4 * huge], [3.0, 4.0], [np.nan, 1.0]], dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        clip_norms(gradient, np.full((3, 1), 2.5, dtype))
    np.testing.assert_allclose(gradient[:2], [[1.5, -2.0], [1.5, 2.0]], rtol=1e-6)
    clip_values(gradient, np.full((3, 1), 0.5, dtype))
    assert np.isnan(gradient[2]).any()

"""The cell by hand, and its backward pass by central differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.controller import lstm


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def test_two_steps_of_one_unit_by_hand() -> None:
    """Gates: input, forget, output, candidate; the second step has no input."""
    weights = lstm.Weights(
        np.array([[0.5, -1.0, 2.0, 1.5]]),
        np.array([[1.0, 0.5, -0.5, 2.0]]),
        np.array([0.1, 1.0, -0.2, 0.3]),
    )
    outputs, _ = lstm.unrolled(weights, np.array([[[2.0]], [[0.0]]]))
    memory = logistic(1.1) * math.tanh(3.3)
    first = logistic(3.8) * math.tanh(memory)
    memory = logistic(1.0 + 0.5 * first) * memory + logistic(0.1 + first) * math.tanh(0.3 + 2.0 * first)
    second = logistic(-0.2 - 0.5 * first) * math.tanh(memory)
    np.testing.assert_allclose(outputs.ravel(), [first, second], rtol=1e-14)


def central_differences(loss: Callable[[], float], array: FloatArray) -> FloatArray:
    """Of a loss by each number of an array that it depends on."""
    differences = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        value = array[place]
        array[place] = value + 1e-5
        above = loss()
        array[place] = value - 1e-5
        differences[place] = (above - loss()) / 2e-5
        array[place] = value
    return differences


def test_the_backward_pass_agrees_with_central_differences() -> None:
    """The loss is a weighted sum of all outputs of five steps, for three independent sequences."""
    rng = np.random.default_rng(0)
    weights = lstm.Weights(rng.normal(size=(3, 16)), rng.normal(size=(4, 16)), rng.normal(size=16))
    inputs, factors = rng.normal(size=(5, 3, 3)), rng.normal(size=(5, 3, 4))

    def loss() -> float:
        return float((lstm.unrolled(weights, inputs)[0] * factors).sum())

    of_inputs, of_weights = lstm.backward(weights, lstm.unrolled(weights, inputs)[1], factors)
    arrays = [inputs, weights.input, weights.hidden, weights.bias]
    gradients = [of_inputs, of_weights.input, of_weights.hidden, of_weights.bias]
    for array, gradient in zip(arrays, gradients, strict=True):
        np.testing.assert_allclose(gradient, central_differences(loss, array), rtol=1e-6, atol=1e-8)
    for row in range(3):
        alone, _ = lstm.unrolled(weights, inputs[:, [row]])
        np.testing.assert_allclose(alone[:, 0], lstm.unrolled(weights, inputs)[0][:, row], rtol=1e-12)

"""The cell by hand, and its backward pass by central differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

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


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_backward_pass_agrees_with_central_differences(rng: np.random.Generator) -> None:
    """The loss is a weighted sum of all outputs of five steps, for three sequences."""
    weights = lstm.Weights(rng.normal(size=(3, 16)), rng.normal(size=(4, 16)), rng.normal(size=16))
    inputs, factors = rng.normal(size=(5, 3, 3)), rng.normal(size=(5, 3, 4))

    def loss() -> float:
        return float((lstm.unrolled(weights, inputs)[0] * factors).sum())

    of_inputs, of_weights = lstm.backward(weights, lstm.unrolled(weights, inputs)[1], factors)
    arrays = [inputs, weights.input, weights.hidden, weights.bias]
    for array, gradient in zip(
        arrays, [of_inputs, of_weights.input, of_weights.hidden, of_weights.bias], strict=True
    ):
        differences = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            value = array[place]
            array[place] = value + 1e-5
            above = loss()
            array[place] = value - 1e-5
            differences[place] = (above - loss()) / 2e-5
            array[place] = value
        np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-8)


def test_sequences_of_a_batch_do_not_depend_on_one_another(rng: np.random.Generator) -> None:
    weights = lstm.Weights(rng.normal(size=(3, 16)), rng.normal(size=(4, 16)), rng.normal(size=16))
    inputs = rng.normal(size=(5, 3, 3))
    together, _ = lstm.unrolled(weights, inputs)
    for row in range(3):
        alone, _ = lstm.unrolled(weights, inputs[:, [row]])
        np.testing.assert_allclose(alone[:, 0], together[:, row], rtol=1e-12)

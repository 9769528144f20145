"""The neural-tangent parametrization against a network that is written with its √d."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.base import StepArrays
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.members import StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import OPTIMIZER_NUMBERS, member_of

ROWS, INPUTS, UNITS, EPOCHS = 30, 5, 8, 40
NUMBERS = OPTIMIZER_NUMBERS | {"epsilon": 0.01, "weight_decay": 0.3}

rng = np.random.default_rng(11)
X, Y = rng.normal(size=(ROWS, INPUTS)), rng.normal(size=(ROWS, 1))


class Explicit:
    """z = tanh(XW₁ᵀ/√5 + b₁)W₂ᵀ/√8 + b₂ with half the squared error; W and b are learned as they are."""

    def __init__(self, name: str, weights: list[FloatArray], biases: list[FloatArray], rate: float) -> None:
        self.weights, self.biases, self.rate = weights, biases, rate
        self._steps = [self._optimizer(name, W, 1.0) for W in weights]
        self._steps += [self._optimizer(name, b, 0.0) for b in biases]

    def _optimizer(self, name: str, array: FloatArray, is_weight: float) -> tuple[StepArrays, object]:
        flat = array.reshape(1, -1)
        arrays = StepArrays(flat, np.empty_like(flat), np.empty_like(flat), np.full(flat.shape, is_weight))
        return arrays, OPTIMIZERS[name]({key: np.array([n]) for key, n in NUMBERS.items()}, arrays)

    def gradients(self) -> list[FloatArray]:
        (W1, W2), (b1, b2) = self.weights, self.biases
        a = np.tanh(X @ W1.T / np.sqrt(INPUTS) + b1)
        delta = (a @ W2.T / np.sqrt(UNITS) + b2 - Y) / ROWS
        below = (delta @ W2 / np.sqrt(UNITS)) * (1.0 - a**2)
        of_weights = [below.T @ X / np.sqrt(INPUTS), delta.T @ a / np.sqrt(UNITS)]
        return [*of_weights, below.sum(axis=0), delta.sum(axis=0)]

    def train(self) -> None:
        for _ in range(EPOCHS):
            for gradient, (arrays, optimizer) in zip(self.gradients(), self._steps, strict=True):
                arrays.gradient[...] = gradient.reshape(1, -1)
                optimizer.step(np.array(self.rate))  # type: ignore[attr-defined]


def settings_with(optimizer: str, **changes: object) -> StackSettings:
    shape = NetworkShape(INPUTS, (HiddenShape(UNITS, "tanh"),), OutputShape(1, "squared"))
    return StackSettings(
        shape, optimizer, ROWS, shuffle=False, precision="float64",
        parametrization="neural_tangent", **changes,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_ordinary_network_takes_the_same_steps(name: str) -> None:
    settings, rate = settings_with(name), 1.0 if name == "adadelta" else 0.05
    member = member_of(
        settings, ROWS, epochs=EPOCHS, learning_rate=rate, l2=0.0, initial_biases="uniform",
        initializers=("lecun_normal",) * 2, optimizer_hyperparameters=NUMBERS,
    )  # fmt: skip
    stack = Stack(settings, [member], Examples(np.hstack([X, np.ones((ROWS, 1))]), Y[:, 0]))
    layout = ParameterLayout(settings.shape)
    first = {
        key: array.copy()
        for key, array in layout.named_arrays(stack.network.parameters[0], np.empty(0)).items()
    }
    roots = np.sqrt([INPUTS, UNITS])
    explicit = Explicit(
        name,
        [first["weights_1"] * roots[0], first["weights_2"] * roots[1]],
        [first["biases_1"], first["biases_2"]],
        rate,
    )
    before = [array.copy() for array in (*explicit.weights, *explicit.biases)]
    explicit.train()
    (trained,) = train_stack(stack)
    named = layout.named_arrays(trained.parameters, np.empty(0))
    for layer in (0, 1):
        np.testing.assert_allclose(
            named[f"weights_{layer + 1}"] * roots[layer], explicit.weights[layer], rtol=1e-10, atol=1e-10
        )
        np.testing.assert_allclose(
            named[f"biases_{layer + 1}"], explicit.biases[layer], rtol=1e-10, atol=1e-10
        )
    after = (*explicit.weights, *explicit.biases)
    assert all(np.abs(one - other).max() > 1e-4 for one, other in zip(before, after, strict=True))

"""Learning rates of single parameters; tests/training/test_neural_tangent.py trains with them."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers import blocks as module
from fnnctl.nn.optimizers.base import StepArrays
from fnnctl.nn.optimizers.blocks import shared
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from tests.training.recipes import OPTIMIZER_NUMBERS

SIZE = 21
GRADIENTS = np.random.default_rng(4).normal(size=(5, SIZE))
INPUTS = np.tile([1.0, 4.0, 9.0], 7)[None]


def moved(
    name: str,
    inputs: FloatArray | None,
    rate: FloatArray,
    *,
    members: int = 1,
    epsilon: float = 0.1,
    gradients: FloatArray = GRADIENTS,
    dtype: str = "float64",
) -> FloatArray:
    """The parameters, (K, P), after steps against the same gradients in all members."""
    parameters = np.ones((members, gradients.shape[1]), dtype)
    arrays = StepArrays(
        parameters, np.empty_like(parameters), np.empty_like(parameters), np.ones_like(parameters[:1])
    )
    numbers = OPTIMIZER_NUMBERS | {"epsilon": epsilon, "weight_decay": 0.0}
    hyperparameters = {key: np.full(members, value) for key, value in numbers.items()}
    optimizer = OPTIMIZERS[name](hyperparameters, arrays, inputs)
    for gradient in gradients:
        arrays.gradient[...] = gradient
        optimizer.step(rate.astype(dtype))
    return parameters


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_layers_of_one_input_change_no_bit(name: str) -> None:
    ones = np.ones((1, SIZE))
    for dtype in ("float32", "float64"):
        own = moved(name, ones, np.array(0.2), dtype=dtype)
        np.testing.assert_array_equal(own, moved(name, None, np.array(0.2), dtype=dtype))
        assert own.dtype == dtype


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_steps_of_a_neural_tangent_weight(name: str) -> None:
    """V = W/√d has the gradient √d·g and moves by 1/√d of what W moves by; V and W start at 1."""
    roots = np.sqrt(INPUTS[0])
    own = moved(name, INPUTS, np.array(0.2), gradients=GRADIENTS * roots)[0]
    plain = moved(name, None, np.array(0.2))[0]
    np.testing.assert_allclose(own - 1.0, (plain - 1.0) / roots, rtol=1e-12)


def test_the_decay_is_not_divided_by_the_root() -> None:
    """Without a gradient, two steps leave (1 − 0.1·0.5)² of each weight."""
    parameters = np.ones((1, 3))
    arrays = StepArrays(parameters, np.zeros((1, 3)), np.empty((1, 3)), np.array([[1.0, 1.0, 0.0]]))
    numbers = OPTIMIZER_NUMBERS | {"weight_decay": 0.5}
    inputs = np.array([[1.0, 9.0, 1.0]])
    optimizer = OPTIMIZERS["adamw"](
        {key: np.array([value]) for key, value in numbers.items()}, arrays, inputs
    )
    for _ in range(2):
        arrays.gradient[...] = 0.0
        optimizer.step(np.array(0.1))
    decayed = 0.95 * 0.95
    np.testing.assert_allclose(parameters, [[decayed, decayed, 1.0]], rtol=1e-14)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("rates", [[0.2, 0.2, 0.2], [0.2, 0.2, 0.1]])
def test_other_members_change_no_bit(name: str, rates: list[float]) -> None:
    """Their rates decide whether all members share a row of rates, but not a member's bits."""
    together = moved(name, INPUTS, shared(np.array(rates)[:, None]), members=3, dtype="float32")
    for member, rate in zip(together, rates, strict=True):
        np.testing.assert_array_equal(member, moved(name, INPUTS, np.array(rate), dtype="float32")[0])


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_blocks_have_the_bits_of_one_step(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    whole = moved(name, INPUTS, np.array(0.2))
    monkeypatch.setattr(module, "BLOCK", 4)
    np.testing.assert_array_equal(moved(name, INPUTS, np.array(0.2)), whole)

"""Bits of steps, and learning rates of single parameters; tests/training/test_trainer.py trains so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers import base as module
from fnnctl.nn.optimizers.base import BLOCK, StepArrays, blocks, shared
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.optimizers.penalties import Penalty
from tests.training.recipes import OPTIMIZER_NUMBERS

SIZE = 21
GRADIENTS = np.random.default_rng(4).normal(size=(5, SIZE))
INPUTS = np.tile([1.0, 4.0, 9.0], 7)[None]
MASK = np.tile([1.0, 1.0, 0.0], 7)[None]
ALIKE = OPTIMIZER_NUMBERS | {"epsilon": 0.1, "weight_decay": 0.0}


def moved(
    name: str,
    inputs: FloatArray | None,
    rates: list[float],
    *,
    numbers: list[dict[str, float]] | None = None,
    gradients: FloatArray = GRADIENTS,
    dtype: str = "float64",
    penalized: bool = False,
) -> FloatArray:
    """The parameters, (K, P), after steps against the same gradients in all members."""
    members = len(rates)
    parameters = np.ones((members, gradients.shape[1]), dtype)
    mask = MASK.astype(dtype)
    arrays = StepArrays(parameters, np.empty_like(parameters), np.empty_like(parameters), mask)
    own = numbers or [ALIKE] * members
    hyperparameters = {key: np.array([each[key] for each in own]) for key in ALIKE}
    optimizer = OPTIMIZERS[name](hyperparameters, arrays, inputs)
    l1 = np.full(members, 0.01)
    penalty = Penalty(mask, l2=np.full(members, 0.1), l1=l1) if penalized else None
    for gradient in gradients:
        arrays.gradient[...] = gradient
        if penalty:
            penalty.add_gradient(penalty.parts(parameters, arrays.gradient, arrays.scratch))
        optimizer.step(shared(np.array(rates)[:, None]).astype(dtype))
    return parameters


@given(st.integers(1, 300), st.integers(1, 10**6))
def test_blocks_are_the_columns_in_order(members: int, size: int) -> None:
    made = blocks(members, size)
    assert [block.start for block in made] == [0, *(block.stop for block in made[:-1])]
    assert made[-1].stop == size
    assert len(made) == 1 if members > 1 else all(block.stop - block.start <= 2 * BLOCK for block in made)


def test_numbers_that_are_one_for_all_are_shared() -> None:
    assert shared(np.full((3, 1), 0.5)).shape == ()
    assert shared(np.full((2, 3, 1), 0.5) * [[[1]], [[2]]]).tolist() == [0.5, 1.0]
    assert shared(np.array([[0.5], [0.25]])).tolist() == [[0.5], [0.25]]
    of_steps = np.array([[[1.0], [1.0]], [[1.0], [2.0]]])
    assert shared(of_steps) is of_steps


@pytest.mark.parametrize("inputs", [None, INPUTS], ids=["standard", "neural tangent"])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_blocks_have_the_bits_of_one_step(
    monkeypatch: pytest.MonkeyPatch, name: str, inputs: FloatArray | None
) -> None:
    whole = moved(name, inputs, [0.2], dtype="float32", penalized=True)
    monkeypatch.setattr(module, "BLOCK", 4)
    np.testing.assert_array_equal(moved(name, inputs, [0.2], dtype="float32", penalized=True), whole)


@pytest.mark.parametrize(("rate", "momentum"), [(0.2, 0.9), (0.1, 0.9), (0.1, 0.5), (0.2, 0.5)])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_other_members_change_no_bit(name: str, rate: float, momentum: float) -> None:
    """Their rates and numbers decide whether all members share one, but not a member's bits."""
    last = {key: momentum if value == 0.9 else value for key, value in ALIKE.items()}
    rates, numbers = [0.2, 0.2, rate], [ALIKE, ALIKE, last]
    together = moved(name, INPUTS, rates, numbers=numbers, dtype="float32")
    for k, member in enumerate(together):
        alone = moved(name, INPUTS, rates[k : k + 1], numbers=numbers[k : k + 1], dtype="float32")
        np.testing.assert_array_equal(member, alone[0])


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_layers_of_one_input_change_no_bit(name: str) -> None:
    for dtype in ("float32", "float64"):
        own = moved(name, np.ones((1, SIZE)), [0.2], dtype=dtype)
        np.testing.assert_array_equal(own, moved(name, None, [0.2], dtype=dtype))
        assert own.dtype == dtype


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_steps_of_a_neural_tangent_weight(name: str) -> None:
    """V = W/√d has the gradient √d·g and moves by 1/√d of what W moves by; V and W start at 1."""
    roots = np.sqrt(INPUTS[0])
    own, plain = moved(name, INPUTS, [0.2], gradients=GRADIENTS * roots), moved(name, None, [0.2])
    np.testing.assert_allclose(own[0] - 1.0, (plain[0] - 1.0) / roots, rtol=1e-12)


def test_the_decay_is_not_divided_by_the_root() -> None:
    """Without a gradient, two steps leave (1 − 0.1·0.5)² of each weight."""
    numbers = [ALIKE | {"weight_decay": 0.5}]
    own = moved("adamw", INPUTS, [0.1], numbers=numbers, gradients=np.zeros((2, SIZE)))
    np.testing.assert_allclose(own, np.where(MASK == 1.0, 0.95 * 0.95, 1.0), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_squares_of_tiny_gradients_can_be_multiplied_by_one_minus_beta2(dtype: str) -> None:
    """β₂ is at most 0.9999 or so: the product is no subnormal number, which would be slow."""
    ones = np.ones((1, 3), dtype)
    arrays = StepArrays(ones, ones.copy(), ones.copy(), ones.copy())
    hyperparameters = {key: np.array([value]) for key, value in ALIKE.items()}
    square = np.empty((1, 3), dtype)
    OPTIMIZERS["adam"](hyperparameters, arrays).square(np.array([[0.0, 1e-30, 1.0]], dtype), out=square)
    assert (square * (1 - 0.9999) > np.finfo(dtype).tiny).all()
    assert square[0, 2] == 1.0

"""Learning rates of single parameters; tests/training/test_neural_tangent.py trains with them."""

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


@given(st.integers(1, 300), st.integers(1, 10**6))
def test_blocks_are_the_columns_in_order(members: int, size: int) -> None:
    made = blocks(members, size)
    assert [block.start for block in made] == [0, *(block.stop for block in made[:-1])]
    assert made[-1].stop == size
    assert len(made) == 1 if members > 1 else all(block.stop - block.start <= 2 * BLOCK for block in made)


def stepped(name: str) -> bytes:
    rng = np.random.default_rng(0)
    W, gradient = rng.normal(size=(2, 1, 61)).astype(np.float32)
    is_weight = (rng.random((1, 61)) < 0.8).astype(np.float32)
    penalty = Penalty(is_weight, l2=np.full(1, 0.1), l1=np.full(1, 0.01))
    hyperparameters = {key: np.full(1, value) for key, value in OPTIMIZER_NUMBERS.items()}
    moved = StepArrays(W, np.empty_like(W), np.empty_like(W), is_weight)
    optimizer = OPTIMIZERS[name](hyperparameters, moved)
    for _ in range(3):
        moved.gradient[...] = gradient
        penalty.add_gradient(penalty.parts(W, moved.gradient, moved.scratch))
        optimizer.step(np.full((1, 1), 0.01, np.float32))
    bits: bytes = W.tobytes()
    return bits


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_walk_in_blocks_has_the_bits_of_one_step(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    whole = stepped(name)
    monkeypatch.setattr(module, "BLOCK", 8)
    assert len(blocks(1, 61)) == 8
    assert stepped(name) == whole


def test_numbers_that_are_one_for_all_are_shared() -> None:
    assert shared(np.full((3, 1), 0.5)).shape == ()
    assert shared(np.full((2, 3, 1), 0.5) * [[[1]], [[2]]]).tolist() == [0.5, 1.0]
    assert shared(np.array([[0.5], [0.25]])).tolist() == [[0.5], [0.25]]
    of_steps = np.array([[[1.0], [1.0]], [[1.0], [2.0]]])
    assert shared(of_steps) is of_steps


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

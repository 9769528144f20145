from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.nn.optimizers import blocks as module
from fnnctl.nn.optimizers.base import StepArrays
from fnnctl.nn.optimizers.blocks import BLOCK, blocks, shared
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

"""The recorded gradient norm of an epoch of several steps."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import member_of, pool_of, settings_of


def test_the_gradients_norm_is_the_root_mean_square_over_the_steps() -> None:
    """Three examples with x = 0 and label 0 of 2, one per step, α = 1: only the biases (b, −b) change.

    The gradient is (−q, q) with q = 1 − σ(2b), its square 2q², and b ← b + q. From b = 0: q = 0.5, then
    1 − σ(1) = 0.26894, then 1 − σ(1.53788) = 0.17684. Their squares sum to 0.35360, and
    √(2 · 0.35360 / 3) = 0.48553.
    """
    settings = settings_of(1, (), 2, optimizer="sgd", batch_size=1, precision="float64")
    member = member_of(settings, 3, learning_rate=1.0, l2=0.0, epochs=1)
    (result,) = train_stack(
        Stack(settings, [member], pool_of(np.zeros((3, 1)), np.zeros(3, int))), diagnose=True
    )
    assert result.history["gradient_norm"] == [pytest.approx(0.48553, abs=1e-5)]


def test_the_penalty_is_part_of_the_gradient_and_each_member_has_its_own() -> None:
    """Full batches and α = 0: the norm is |∂R/∂W| at the initial weights, dominated by λ ≫ 1."""
    settings = settings_of(3, (), 2, optimizer="sgd", batch_size=4, precision="float64")
    members = [member_of(settings, 4, seed=seed, learning_rate=0.0, l2=1e9, epochs=1) for seed in (0, 1)]
    pool = pool_of(np.ones((4, 3)), np.array([0, 1, 0, 1]))
    results = train_stack(Stack(settings, members, pool), diagnose=True)
    norms = [1e9 * np.linalg.norm(result.parameters) for result in results]  # the biases are 0
    assert [result.history["gradient_norm"][0] for result in results] == pytest.approx(norms, rel=1e-6)
    assert norms[0] != norms[1]

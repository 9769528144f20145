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

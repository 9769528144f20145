from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.share_schedules import SHARE_SCHEDULES, flat_cos


def over(epochs: int, steps: int, horizon: FloatArray) -> FloatArray:
    return np.concatenate([flat_cos(epoch, steps, horizon) for epoch in range(1, epochs + 1)])


def test_flat_cos_by_hand() -> None:
    """Eight steps of two epochs of the one member, four of the other, whose horizon is one epoch."""
    w = np.sqrt(0.5)
    shares = over(2, 4, np.array([2.0, 1.0]))
    assert shares[:5, 0].tolist() == [1.0] * 5
    np.testing.assert_allclose(shares[5:, 0], [0.5 * (1 + w), 0.5, 0.5 * (1 - w)], rtol=1e-14)
    np.testing.assert_allclose(shares[:, 1], [1.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0], atol=1e-15)


@pytest.mark.parametrize("name", sorted(SHARE_SCHEDULES))
def test_three_hundred_members_have_the_bits_of_one(name: str) -> None:
    horizons = np.random.default_rng(0).integers(1, 90, 300).astype(float)
    together = SHARE_SCHEDULES[name](20, 7, horizons)
    alone = [SHARE_SCHEDULES[name](20, 7, horizons[k : k + 1]) for k in range(300)]
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))

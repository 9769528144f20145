from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.layers.initializers import draw_biases, draw_weights


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [
        ("glorot_uniform", 2 / (300 + 200)),
        ("glorot_normal", 2 / (300 + 200)),
        ("he_uniform", 2 / 300),
        ("he_normal", 2 / 300),
        ("lecun_uniform", 1 / 300),
        ("lecun_normal", 1 / 300),
    ],
)
def test_variance_and_range(scheme: str, variance: float) -> None:
    weights = draw_weights(scheme, 200, 300, rng=np.random.default_rng(0))
    assert weights.shape == (200, 300)
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert weights.mean() == pytest.approx(0.0, abs=4 * np.sqrt(variance / weights.size))
    limit = np.sqrt(3 * variance)
    assert (np.abs(weights).max() <= limit) == scheme.endswith("uniform")


@pytest.mark.parametrize("shape", [(7, 7), (4, 9), (9, 4), (1, 5)])
def test_orthogonal(shape: tuple[int, int]) -> None:
    W = draw_weights("orthogonal", *shape, rng=np.random.default_rng(1))
    assert W.shape == shape
    short = W @ W.T if shape[0] <= shape[1] else W.T @ W
    np.testing.assert_allclose(short, np.eye(min(shape)), atol=1e-14)


def test_zero_biases() -> None:
    assert not draw_biases("zero", 3, 4, rng=np.random.default_rng(1)).any()


def test_biases_are_uniform_within_glorots_bound() -> None:
    biases = draw_biases("uniform", 20_000, 300, rng=np.random.default_rng(0))
    assert biases.shape == (20_000,)
    limit = np.sqrt(6 / (20_000 + 300))
    assert 0.999 * limit < biases.max() <= limit
    assert -limit <= biases.min() < -0.999 * limit
    assert biases.var() == pytest.approx(limit**2 / 3, rel=0.02)

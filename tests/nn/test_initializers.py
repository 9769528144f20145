from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.initializers import INITIALIZERS, default_initializer, draw_weights


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [
        ("glorot_uniform", 2 / (300 + 200)),
        ("glorot_normal", 2 / (300 + 200)),
        ("he_uniform", 2 / 300),
        ("he_normal", 2 / 300),
    ],
)
def test_variance_and_range(scheme: str, variance: float) -> None:
    weights = draw_weights(scheme, 200, 300, rng=np.random.default_rng(0))
    assert weights.shape == (200, 300)
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert weights.mean() == pytest.approx(0.0, abs=4 * np.sqrt(variance / weights.size))
    limit = np.sqrt(3 * variance)
    assert (np.abs(weights).max() <= limit) == scheme.endswith("uniform")


def test_default_follows_the_activation() -> None:
    assert default_initializer("relu") == default_initializer("elu") == "he_uniform"
    assert default_initializer("tanh") == default_initializer("softplus") == "glorot_uniform"
    assert {default_initializer(name) for name in ("relu", "identity")} <= set(INITIALIZERS)

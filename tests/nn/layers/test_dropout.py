from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.dropout import AlphaDropout, Dropout, DropoutBuffers
from fnnctl.nn.member_generators import MemberGenerators


def dropped(
    kind: type[Dropout], rates: list[float], activations: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The activations, and error terms of 1 passed backward."""
    a, buffers = activations.copy(), DropoutBuffers(np.empty(activations.shape, np.bool_), activations.copy())
    layer = kind(np.array(rates), a.dtype)
    layer.forward(a, buffers, MemberGenerators([np.random.default_rng((12, k)) for k in range(len(a))]))
    delta = np.ones_like(a)
    layer.backward(delta, buffers)
    return a, delta


@pytest.mark.parametrize("rate", [0.1, 0.8])
def test_what_is_kept_is_scaled_and_the_mean_stays(rate: float) -> None:
    a, delta = dropped(Dropout, [rate], np.full((1, 500, 400), 3.0))
    assert set(np.unique(a)) == {0.0, 3.0 * (1.0 / (1.0 - rate))}
    share = np.count_nonzero(a) / a.size
    assert abs(share - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / a.size)
    np.testing.assert_array_equal(3.0 * delta, a)


def test_members_have_rates_of_their_own_and_zero_changes_no_bit() -> None:
    activations = np.random.default_rng(1).normal(size=(3, 100, 300)).astype(np.float32)
    for kind in (AlphaDropout, Dropout):
        a, _ = dropped(kind, [0.0, 0.25, 0.75], activations)
        assert a.dtype == np.float32
        assert a[0].tobytes() == activations[0].tobytes()
    shares = np.count_nonzero(a, axis=(1, 2)) / a[0].size
    np.testing.assert_allclose(shares, [1.0, 0.75, 0.25], atol=0.015)


def test_alpha_dropout_by_hand() -> None:
    """q = ½ and α′ = −λα: A = (½ + ¼α′²)^(−½), B = −½Aα′; kept 2 becomes 2A + B, dropped Aα′ + B."""
    lowest = -1.0507009873554805 * 1.6732632423543772
    A = 1.0 / np.sqrt(0.5 + 0.25 * lowest**2)
    B = -0.5 * A * lowest
    a, delta = dropped(AlphaDropout, [0.5], np.full((1, 40, 50), 2.0))
    kept = a > 1.0
    assert 800 < kept.sum() < 1200
    np.testing.assert_allclose(a[kept], 2.0 * A + B, rtol=1e-14)
    np.testing.assert_allclose(a[~kept], A * lowest + B, rtol=1e-14)
    np.testing.assert_allclose(delta, A * kept, rtol=1e-14)


@pytest.mark.parametrize(
    ("kind", "rate", "variance"), [(AlphaDropout, 0.05, 1.0), (AlphaDropout, 0.7, 1.0), (Dropout, 0.5, 2.0)]
)
def test_alpha_dropout_keeps_mean_and_variance(kind: type[Dropout], rate: float, variance: float) -> None:
    """Those of selu's activations, 0 and 1; with q = ½, plain dropout doubles the mean square."""
    x = np.random.default_rng(0).normal(size=(1, 600, 600))
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    activations = scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))
    a, _ = dropped(kind, [rate], activations)
    assert abs(a.mean()) < 0.02
    assert abs(a.var() - variance) < 0.02

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.dropout import AlphaDropout, Dropout, DropoutBuffers
from fnnctl.nn.member_generators import MemberGenerators


def buffers_for(a: FloatArray) -> DropoutBuffers:
    return DropoutBuffers(np.empty(a.shape, np.bool_), np.empty_like(a))


def rngs(members: int) -> MemberGenerators:
    return MemberGenerators([np.random.default_rng((12, k)) for k in range(members)])


def dropped(
    kind: type[Dropout], rates: list[float], activations: FloatArray
) -> tuple[FloatArray, Dropout, DropoutBuffers]:
    a = activations.copy()
    layer, buffers = kind(np.array(rates), a.dtype), buffers_for(a)
    layer.forward(a, buffers, rngs(len(a)))
    return a, layer, buffers


def selu_of_normal(shape: tuple[int, ...]) -> FloatArray:
    """Activations with mean 0 and variance 1, as selu gives."""
    x = np.random.default_rng(0).normal(size=shape)
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return np.asarray(scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_what_is_kept_is_scaled_and_the_mean_stays(rate: float) -> None:
    a, _, _ = dropped(Dropout, [rate], np.full((1, 500, 400), 3.0))
    assert set(np.unique(a)) == {0.0, 3.0 * (1.0 / (1.0 - rate))}
    share = np.count_nonzero(a) / a.size
    assert abs(share - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / a.size)
    assert abs(a.mean() - 3.0) < 5 * 3.0 * np.sqrt(rate / (1 - rate) / a.size)


def test_members_have_rates_of_their_own_and_zero_changes_no_bit() -> None:
    activations = np.random.default_rng(1).normal(size=(3, 100, 300)).astype(np.float32)
    for kind in (Dropout, AlphaDropout):
        a, _, _ = dropped(kind, [0.0, 0.25, 0.75], activations)
        assert a.dtype == np.float32
        assert a[0].tobytes() == activations[0].tobytes()
    a, _, _ = dropped(Dropout, [0.0, 0.25, 0.75], activations)
    shares = np.count_nonzero(a, axis=(1, 2)) / a[0].size
    np.testing.assert_allclose(shares, [1.0, 0.75, 0.25], atol=0.015)


def test_backward_has_the_mask_and_the_scale_of_forward() -> None:
    activations = np.full((2, 20, 30), 1.0)
    a, layer, buffers = dropped(Dropout, [0.5, 0.2], activations)
    delta = np.full_like(a, 7.0)
    layer.backward(delta, buffers)
    np.testing.assert_array_equal(delta, 7.0 * a)


def test_alpha_dropout_by_hand() -> None:
    """q = ½ and α′ = −λα: A = (½ + ¼α′²)^(−½), B = −½Aα′; kept 2 becomes 2A + B, dropped Aα′ + B."""
    lowest = -1.0507009873554805 * 1.6732632423543772
    A = 1.0 / np.sqrt(0.5 + 0.25 * lowest**2)
    B = -0.5 * A * lowest
    a, layer, buffers = dropped(AlphaDropout, [0.5], np.full((1, 40, 50), 2.0))
    kept = a > 1.0
    assert 800 < kept.sum() < 1200
    np.testing.assert_allclose(a[kept], 2.0 * A + B, rtol=1e-14)
    np.testing.assert_allclose(a[~kept], A * lowest + B, rtol=1e-14)
    delta = np.full_like(a, 3.0)
    layer.backward(delta, buffers)
    np.testing.assert_allclose(delta, 3.0 * A * kept, rtol=1e-14)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7])
def test_alpha_dropout_keeps_mean_and_variance(rate: float) -> None:
    activations = selu_of_normal((1, 1000, 1000))
    a, _, _ = dropped(AlphaDropout, [rate], activations)
    assert abs(a.mean()) < 0.01
    assert abs(a.var() - 1.0) < 0.01


def test_plain_dropout_does_not_keep_the_variance() -> None:
    """So the test above can fail: with q = ½, plain dropout doubles the mean square."""
    a, _, _ = dropped(Dropout, [0.5], selu_of_normal((1, 1000, 1000)))
    assert abs(a.var() - 2.0) < 0.02

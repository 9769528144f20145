from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.normalization import BatchNormalization, LayerNormalization, NormalizationBuffers

BATCHES = ([1.0, 3.0], [5.0, 9.0], [0.0, 2.0])
"""Three batches of one unit: means 2, 7 and 1; unbiased variances 2, 8 and 2."""


def buffers_for(z: FloatArray, *, training: bool, layer: bool = False) -> NormalizationBuffers:
    shape = (len(z), 1, z.shape[2]) if layer else (*z.shape[:2], 1)
    return NormalizationBuffers(
        np.empty_like(z), np.empty(shape, z.dtype), np.empty_like(z), training=training
    )


def column(*members: float, units: int = 1, dtype: type[np.floating] = np.float64) -> FloatArray:
    """(K, units, 1)"""
    return np.repeat(np.array(members, dtype)[:, None, None], units, axis=1)


class Batch:
    """Batch normalization of K members with accessible statistics; gains 2 and shifts 1."""

    def __init__(
        self,
        momentum: list[float],
        units: int = 1,
        epsilon: float = 0.25,
        dtype: type[np.floating] = np.float64,
    ) -> None:
        members = [0.0] * len(momentum)
        self.means = column(*members, units=units, dtype=dtype)
        self.variances = np.ones_like(self.means)
        self.batches = column(*members, dtype=dtype)
        self.layer = BatchNormalization(
            np.full_like(self.means, 2.0),
            np.full_like(self.means, 1.0),
            np.full(len(momentum), epsilon),
            momentum=np.array(momentum),
            means=self.means,
            variances=self.variances,
            batches=self.batches,
        )

    def forward(self, z: FloatArray, *, training: bool = True) -> FloatArray:
        z = z.copy()
        self.layer.forward(z, buffers_for(z, training=training))
        return z


def test_batch_normalization_by_hand() -> None:
    """Mean 2, variance 1 (not the unbiased 2), ε = 1.25: x̂ = ∓1/1.5, y = 2x̂ + 1."""
    y = Batch([0.1], epsilon=1.25).forward(np.array([[BATCHES[0]]]))
    np.testing.assert_allclose(y.ravel(), [1 - 4 / 3, 1 + 4 / 3], rtol=1e-15)


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_agrees_with_the_definition(kind: str) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(3.0, 5.0, (3, 4, 9))
    gains, shifts, epsilon = rng.normal(size=(3, 4, 1)), rng.normal(size=(3, 4, 1)), np.array([1e-5, 0.1, 2])
    axis = 2 if kind == "batch" else 1
    mean, variance = z.mean(axis=axis, keepdims=True), z.var(axis=axis, keepdims=True)
    expected = gains * (z - mean) / np.sqrt(variance + epsilon[:, None, None]) + shifts
    if kind == "batch":
        layer: BatchNormalization | LayerNormalization = BatchNormalization(
            gains,
            shifts,
            epsilon,
            momentum=np.full(3, 0.1),
            means=np.zeros((3, 4, 1)),
            variances=np.ones((3, 4, 1)),
            batches=np.zeros((3, 1, 1)),
        )
    else:
        layer = LayerNormalization(gains, shifts, epsilon)
    y = z.copy()
    layer.forward(y, buffers_for(z, training=True, layer=kind == "layer"))
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_running_statistics_by_hand() -> None:
    """Plain averages (weights 1 and ½) while 1/n exceeds the momentum of 0.4, then the momentum.

    Means 2, (2 + 7)/2 = 4.5, 4.5 + 0.4(1 − 4.5) = 3.1; variances 2, 5, 5 + 0.4(2 − 5) = 3.8.
    """
    batch = Batch([0.4])
    seen = []
    for z in BATCHES:
        batch.forward(np.array([[z]]))
        seen.append((batch.means.item(), batch.variances.item(), batch.batches.item()))
    np.testing.assert_allclose(seen, [(2, 2, 1), (4.5, 5, 2), (3.1, 3.8, 3)], rtol=1e-15)


def test_momentum_zero_is_the_plain_mean_and_one_the_last_batch() -> None:
    batch = Batch([0.0, 1.0])
    for z in BATCHES:
        batch.forward(np.array([[z], [z]]))
    np.testing.assert_allclose(batch.means.ravel(), [10 / 3, 1.0], rtol=1e-15)
    np.testing.assert_allclose(batch.variances.ravel(), [4.0, 2.0], rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_first_running_statistics_are_exactly_the_first_batchs(scale: float) -> None:
    """The initial values leave no trace, even if the batch's variance is tiny."""
    z = (np.array([[[1.0, 3.0, 4.0, 8.0]]]) * scale).astype(np.float32)
    batch = Batch([0.1], dtype=np.float32)
    batch.forward(z)
    np.testing.assert_allclose(batch.means.item(), 4.0 * scale, rtol=2e-7)
    np.testing.assert_allclose(batch.variances.item(), (9 + 1 + 0 + 16) / 3 * scale**2, rtol=4e-7)


def test_evaluation_uses_the_running_statistics_and_leaves_them() -> None:
    """After two batches mean 4.5 and variance 5, with ε = 4: x̂ = (7.5 − 4.5)/3 = 1, y = 2 + 1."""
    batch = Batch([0.1], epsilon=4.0)
    for z in BATCHES[:2]:
        batch.forward(np.array([[z]]))
    y = batch.forward(np.array([[[7.5, 4.5, -1.5]]]), training=False)
    np.testing.assert_allclose(y.ravel(), [3.0, 1.0, -3.0], rtol=1e-15)
    assert (batch.means.item(), batch.variances.item(), batch.batches.item()) == (4.5, 5.0, 2.0)


def test_an_example_alone_can_be_evaluated() -> None:
    batch = Batch([0.1], epsilon=3.0)
    batch.means[...], batch.variances[...] = 2.0, 1.0
    assert batch.forward(np.array([[[6.0]]]), training=False).tolist() == [[[5.0]]]


def test_layer_normalization_is_the_same_in_training_and_evaluation() -> None:
    z = np.random.default_rng(1).normal(2.0, 3.0, (2, 5, 4))
    layer = LayerNormalization(column(2.0, 0.5, units=5), column(1.0, -1.0, units=5), np.full(2, 1e-5))
    trained, evaluated, single = z.copy(), z.copy(), z[:, :, 1:2].copy()
    layer.forward(trained, buffers_for(trained, training=True, layer=True))
    layer.forward(evaluated, buffers_for(evaluated, training=False, layer=True))
    layer.forward(single, buffers_for(single, training=False, layer=True))
    np.testing.assert_array_equal(trained, evaluated)
    np.testing.assert_allclose(single, trained[:, :, 1:2], rtol=1e-12)
    np.testing.assert_allclose(trained[0].mean(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(trained[1].std(axis=0), 0.5, rtol=1e-5)


def test_a_constant_batch_becomes_the_shift() -> None:
    y = Batch([0.1], units=2).forward(np.full((1, 2, 3), 7.0))
    np.testing.assert_array_equal(y, 1.0)


def test_float32_stays() -> None:
    batch = Batch([0.1], dtype=np.float32)
    z = np.array([[BATCHES[0]]], np.float32)
    assert batch.forward(z).dtype == batch.forward(z, training=False).dtype == np.float32

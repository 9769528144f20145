"""Normalization by its definition, and running statistics by hand; see also `tests/nn/test_network.py`."""

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


class Batch:
    """Batch normalization of one unit of K members with accessible statistics; gains 2 and shifts 1."""

    def __init__(
        self, momentum: list[float], epsilon: float = 0.25, dtype: type[np.floating] = np.float64
    ) -> None:
        self.means = np.zeros((len(momentum), 1, 1), dtype)
        self.variances, self.batches = np.ones_like(self.means), np.zeros_like(self.means)
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


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_agrees_with_the_definition(kind: str) -> None:
    """The variance is not the unbiased one."""
    rng = np.random.default_rng(0)
    z = rng.normal(3.0, 5.0, (3, 4, 9))
    gains, shifts, epsilon = rng.normal(size=(3, 4, 1)), rng.normal(size=(3, 4, 1)), np.array([1e-5, 0.1, 2])
    axis = 2 if kind == "batch" else 1
    mean, variance = z.mean(axis=axis, keepdims=True), z.var(axis=axis, keepdims=True)
    expected = gains * (z - mean) / np.sqrt(variance + epsilon[:, None, None]) + shifts
    statistics = {
        "means": np.zeros((3, 4, 1)),
        "variances": np.ones((3, 4, 1)),
        "batches": np.zeros((3, 1, 1)),
    }
    layer = (
        BatchNormalization(gains, shifts, epsilon, momentum=np.full(3, 0.1), **statistics)
        if kind == "batch"
        else LayerNormalization(gains, shifts, epsilon)
    )
    y = z.copy()
    layer.forward(y, buffers_for(z, training=True, layer=kind == "layer"))
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_running_statistics_by_hand() -> None:
    """Plain averages (weights 1 and ½) while 1/n exceeds the momentum of 0.4, then the momentum.

    Means 2, (2 + 7)/2 = 4.5, 4.5 + 0.4(1 − 4.5) = 3.1; variances 2, 5, 5 + 0.4(2 − 5) = 3.8. With a
    momentum of 0 they are plain means to the end, and with 1 those of the last batch.
    """
    batch = Batch([0.4, 0.0, 1.0])
    for z in BATCHES:
        batch.forward(np.array([[z]] * 3))
    np.testing.assert_allclose(batch.means.ravel(), [3.1, 10 / 3, 1.0], rtol=1e-15)
    np.testing.assert_allclose(batch.variances.ravel(), [3.8, 4.0, 2.0], rtol=1e-15)
    assert batch.batches.ravel().tolist() == [3.0] * 3


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_first_running_statistics_are_exactly_the_first_batchs(scale: float) -> None:
    """The initial values leave no trace, even if the batch's variance is tiny."""
    z = (np.array([[[1.0, 3.0, 4.0, 8.0]]]) * scale).astype(np.float32)
    batch = Batch([0.1], dtype=np.float32)
    assert batch.forward(z).dtype == batch.forward(z, training=False).dtype == np.float32
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


def test_layer_normalization_is_the_same_in_training_and_evaluation() -> None:
    z = np.random.default_rng(1).normal(2.0, 3.0, (2, 5, 4))
    ones = np.ones((2, 5, 1))
    layer = LayerNormalization(ones, ones, np.full(2, 1e-5))
    trained, evaluated, single = z.copy(), z.copy(), z[:, :, 1:2].copy()
    layer.forward(trained, buffers_for(trained, training=True, layer=True))
    layer.forward(evaluated, buffers_for(evaluated, training=False, layer=True))
    layer.forward(single, buffers_for(single, training=False, layer=True))
    np.testing.assert_array_equal(trained, evaluated)
    np.testing.assert_allclose(single, trained[:, :, 1:2], rtol=1e-12)


def test_a_constant_batch_becomes_the_shift() -> None:
    np.testing.assert_array_equal(Batch([0.1]).forward(np.full((1, 1, 3), 7.0)), 1.0)

"""Batch and layer normalization: x̂ = (z − μ)/√(σ² + ε), y = γx̂ + β, in place on stacked arrays.

Batch normalization (Ioffe & Szegedy, 2015) uses the mean and variance of each unit over the batch, and
running statistics after training. Layer normalization (Ba et al., 2016) always uses those of each example
over the layer's units. The backward passes differ only in the axis of the means: ∂L/∂z = (g − mean(g) −
x̂·mean(g·x̂))/√(σ² + ε) with g = γ·∂L/∂y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class NormalizationBuffers:
    """The arrays that a normalization writes to, from forward to backward."""

    normalized: FloatArray
    """x̂, (K, rows, batch)."""
    deviation: FloatArray
    """1/√(σ² + ε), (K, rows, 1) or (K, 1, batch)."""
    spare: FloatArray
    """Scratch, (K, rows, batch)."""
    training: bool


class Normalization:
    """The common part of both kinds."""

    axis: int
    """Means are taken over this axis of (K, rows, batch)."""

    def __init__(self, gains: FloatArray, shifts: FloatArray, epsilon: FloatArray) -> None:
        """γ and β are (K, rows, 1) views of the parameters; `epsilon` is (K,)."""
        self._gains, self._shifts = gains, shifts
        self._epsilon = epsilon.astype(gains.dtype)[:, None, None]

    def forward(self, z: FloatArray, buffers: NormalizationBuffers) -> None:
        """Overwrite the pre-activations z, (K, rows, batch), with γx̂ + β."""
        self._normalize(z, buffers)
        np.multiply(buffers.normalized, self._gains, out=z)
        z += self._shifts

    def backward(
        self, delta: FloatArray, buffers: NormalizationBuffers, *, gains: FloatArray, shifts: FloatArray
    ) -> None:
        """Overwrite ∂L/∂y with ∂L/∂z, and fill the gradients of γ and β, (K, rows, 1)."""
        normalized, spare = buffers.normalized, buffers.spare
        np.add.reduce(delta, axis=2, keepdims=True, out=shifts)
        np.multiply(delta, normalized, out=spare)
        np.add.reduce(spare, axis=2, keepdims=True, out=gains)
        delta *= self._gains
        np.multiply(delta, normalized, out=spare)
        count = delta.shape[self.axis]
        np.multiply(normalized, spare.sum(axis=self.axis, keepdims=True) / count, out=spare)
        spare += delta.sum(axis=self.axis, keepdims=True) / count
        delta -= spare
        delta *= buffers.deviation

    def _normalize(self, z: FloatArray, buffers: NormalizationBuffers) -> tuple[FloatArray, FloatArray]:
        """Write x̂ and 1/√(σ² + ε) to the buffers, and return the means μ and variances σ² that they use."""
        count = z.shape[self.axis]
        mean = z.sum(axis=self.axis, keepdims=True) / count
        np.subtract(z, mean, out=buffers.normalized)
        np.multiply(buffers.normalized, buffers.normalized, out=buffers.spare)
        variance = buffers.spare.sum(axis=self.axis, keepdims=True) / count
        np.divide(1.0, np.sqrt(variance + self._epsilon), out=buffers.deviation)
        np.multiply(buffers.normalized, buffers.deviation, out=buffers.normalized)
        return mean, variance


class LayerNormalization(Normalization):
    """Normalizes over the units of an example."""

    axis = 1


class BatchNormalization(Normalization):
    """Normalizes over the examples of a batch in training, and with running statistics afterwards.

    In each step the running mean moves towards the batch mean by the fraction `momentum`. In the first steps
    it is the plain average instead, so its arbitrary initial value has no effect. The running variance uses
    unbiased batch variances.
    """

    axis = 2

    def __init__(
        self,
        gains: FloatArray,
        shifts: FloatArray,
        epsilon: FloatArray,
        *,
        momentum: FloatArray,
        means: FloatArray,
        variances: FloatArray,
        batches: FloatArray,
    ) -> None:
        """Means and variances are (K, rows, 1) views of the statistics, `batches` a (K, 1, 1) one.

        `momentum` is (K,); `batches` counts the batches that the running statistics have seen.
        """
        super().__init__(gains, shifts, epsilon)
        self._momentum = momentum.astype(gains.dtype)[:, None, None]
        self._means, self._variances, self._batches = means, variances, batches

    def _normalize(self, z: FloatArray, buffers: NormalizationBuffers) -> tuple[FloatArray, FloatArray]:
        if not buffers.training:
            np.subtract(z, self._means, out=buffers.normalized)
            np.divide(1.0, np.sqrt(self._variances + self._epsilon), out=buffers.deviation)
            np.multiply(buffers.normalized, buffers.deviation, out=buffers.normalized)
            return self._means, self._variances
        mean, variance = super()._normalize(z, buffers)
        self._batches += 1.0
        share = np.maximum(self._momentum, 1.0 / self._batches)
        variance *= z.shape[2] / (z.shape[2] - 1)
        _move(self._means, mean, share)
        _move(self._variances, variance, share)
        return mean, variance


def _move(running: FloatArray, latest: FloatArray, share: FloatArray) -> None:
    running += share * (latest - running)
    np.copyto(running, latest, where=share == 1.0)  # otherwise a small σ² is lost in 1 + (σ² − 1)

"""A learned factor per input of the first layer: u = g·x, and ∂L/∂g = Σ x·∂L/∂u over the batch."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray


class ScalingLayer:
    """The factors of K networks, (K, inputs, 1), a view of their parameters."""

    def __init__(self, factors: FloatArray) -> None:
        self._factors = factors

    def forward(self, x: FloatArray, out: FloatArray) -> None:
        """Write the scaled inputs to `out`; both are (K, inputs, batch)."""
        np.multiply(x, self._factors, out=out)

    def parameter_gradient(self, x: FloatArray, delta: FloatArray, out: FloatArray) -> None:
        """Write the factors' gradient to `out`, (K, inputs, 1), from ∂L/∂u in `delta`, (K, inputs, batch)."""
        np.vecdot(x, delta, out=out[:, :, 0])

    def backward(self, delta: FloatArray, inputs: slice) -> None:
        """Overwrite ∂L/∂u with ∂L/∂x, for some of the inputs."""
        delta[:, inputs] *= self._factors[:, inputs]

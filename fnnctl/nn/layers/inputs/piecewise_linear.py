"""The piecewise linear embedding of numbers: e = A h(u), for the coordinate u of a number among its bins.

u is i + t at the fraction t of bin i, counted from 0. Function i is u − i, clipped to [0, 1]: the fraction
within bin i, 1 for numbers above it and 0 below it (Gorishniy et al., 2022). The preprocessing computes u,
because the edges of the bins are quantiles of the training rows: one more feature per number takes the place
of one per bin, and networks with other training rows still form a stack.

The arrays have an axis for the numbers, (K, numbers, bins, batch), so one stacked product serves all.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.segments import Segment


class PiecewiseLinearEmbedding:
    """The embeddings of K networks: A is a view of their parameters."""

    def __init__(self, segment: Segment, parameters: FloatArray) -> None:
        self.segment = segment
        self._mixing = segment.view(parameters)
        self._bins = np.arange(segment.shape[-1], dtype=parameters.dtype)[:, None]

    def forward(self, u: FloatArray, out: FloatArray, functions: FloatArray) -> None:
        """Write the embeddings at coordinates u, (K, numbers, batch), to `out`, (K, numbers, values, batch).

        h(u), (K, numbers, bins, batch), is written to `functions`, which the backward pass reads.
        """
        near = np.ascontiguousarray(u)  # read once for each bin, from a transposed view of the features
        np.subtract(near[:, :, None], self._bins, out=functions)
        np.clip(functions, 0.0, 1.0, out=functions)
        np.matmul(self._mixing, functions, out=out)

    def backward(self, delta: FloatArray, functions: FloatArray, gradient: FloatArray) -> None:
        """Write the gradient of A to `gradient`, (K, P), from ∂L/∂e, (K, numbers, values, batch)."""
        np.matmul(delta, functions.transpose(0, 1, 3, 2), out=self.segment.view(gradient))

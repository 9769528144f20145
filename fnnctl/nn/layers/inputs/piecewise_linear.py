"""The piecewise linear embedding: e = A h(u), for the coordinate u of a number among its bins.

u is i + t at the fraction t of bin i, counted from 0. Function i is u − i, clipped to [0, 1]: the fraction
within bin i, 1 for numbers above it and 0 below it (Gorishniy et al., 2022). The preprocessing computes u,
because the edges of the bins are quantiles of the training rows: one more feature per number takes the place
of one per bin, and networks with other training rows still form a stack.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.inputs.numeric import NumericBuffers, NumericEmbedding


class PiecewiseLinearEmbedding(NumericEmbedding):
    """The functions are not learned: θ = u − i, clipped to [0, 1]."""

    def _lines_of(self, parameters: FloatArray) -> FloatArray:
        bins = np.arange(self.segments.mixing.shape[-1], dtype=parameters.dtype)
        return np.stack([np.ones_like(bins), -bins], axis=1)[None, None]

    def _apply(self, buffers: NumericBuffers) -> None:
        np.clip(buffers.functions, 0.0, 1.0, out=buffers.functions)

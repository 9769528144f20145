"""Embeddings of numbers: e = A h(x) + a, with functions h of each number, and a matrix A for each.

The arrays have an axis for the numbers, (K, numbers, functions, batch), so one stacked product serves all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.parameters import NumericSegments
from fnnctl.nn.shape import NumericEmbeddingShape


@dataclass(frozen=True, slots=True)
class NumericBuffers:
    """The arrays of an embedding of numbers, from forward to backward."""

    functions: FloatArray
    """h(x), (K, numbers, functions, batch)."""
    slopes: FloatArray
    """Their derivatives, for functions that are learned; of batch 0 otherwise and outside training."""
    ones: FloatArray
    """(batch, 1): sums over the batch are computed as products with this."""


def numeric_buffers(
    shape: NumericEmbeddingShape, members: int, batch: int, dtype: np.dtype[np.floating], *, training: bool
) -> NumericBuffers:
    """The arrays for K members."""
    keeps_slopes = training and shape.kind == "periodic"
    sizes = (members, shape.numbers, shape.functions)
    return NumericBuffers(
        functions=np.empty((*sizes, batch), dtype),
        slopes=np.empty((*sizes, batch if keeps_slopes else 0), dtype),
        ones=np.ones((batch, 1), dtype),
    )


class NumericEmbedding:
    """The embeddings of K networks; the kinds differ in their functions."""

    def __init__(self, segments: NumericSegments, parameters: FloatArray) -> None:
        self.segments = segments
        self._mixing = segments.mixing.view(parameters)
        self._mixing_T = self._mixing.transpose(0, 1, 3, 2)
        self._offsets = None if segments.offsets is None else segments.offsets.view(parameters)

    def forward(self, x: FloatArray, out: FloatArray, buffers: NumericBuffers) -> None:
        """Write the embeddings of the numbers x, (K, numbers, batch), to `out`, (K, numbers, size, batch)."""
        self._fill(x[:, :, None], buffers)
        np.matmul(self._mixing, buffers.functions, out=out)
        if self._offsets is not None:
            out += self._offsets

    def backward(
        self, x: FloatArray, delta: FloatArray, buffers: NumericBuffers, gradient: FloatArray
    ) -> None:
        """Write the parameters' gradients to `gradient`, (K, P), from ∂L/∂e, (K, numbers, size, batch)."""
        functions, segments = buffers.functions, self.segments
        np.matmul(delta, functions.transpose(0, 1, 3, 2), out=segments.mixing.view(gradient))
        if segments.offsets is not None:
            np.matmul(delta, buffers.ones, out=segments.offsets.view(gradient))
        if buffers.slopes.size:
            np.matmul(self._mixing_T, delta, out=functions)
            functions *= buffers.slopes
            self._learn_functions(x, functions, buffers, gradient)

    def _fill(self, x: FloatArray, buffers: NumericBuffers) -> None:
        """Write h(x) and its derivatives to the buffers; x is (K, numbers, 1, batch)."""
        raise NotImplementedError

    def _learn_functions(
        self, x: FloatArray, delta: FloatArray, buffers: NumericBuffers, gradient: FloatArray
    ) -> None:
        """Write the gradients of the functions' parameters, from ∂L/∂θ, (K, numbers, functions, batch)."""
        raise NotImplementedError

"""Embeddings of numbers: e = A h(θ) + a, with θ = w·x + c for each function h of each number x.

The arrays have an axis for the numbers, (K, numbers, functions, batch), so one stacked product serves all: w
and c are the columns of a matrix, and x and ones the rows of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.segments import NumericSegments
from fnnctl.nn.shape import NumericEmbeddingShape


@dataclass(frozen=True, slots=True)
class NumericBuffers:
    """The arrays of an embedding of numbers, from forward to backward."""

    points: FloatArray
    """The numbers, times a constant, and ones, (K, numbers, 2, batch)."""
    points_rows: FloatArray
    """A view of them with one example per row, (K, numbers, batch, 2)."""
    functions: FloatArray
    """h(θ), (K, numbers, functions, batch)."""
    slopes: FloatArray
    """The derivatives −h′(θ) if w and c are learned; of batch 0 otherwise and outside training."""
    ones: FloatArray
    """(batch, 1): sums over the batch are computed as products with this."""


def numeric_buffers(
    shape: NumericEmbeddingShape, members: int, batch: int, dtype: np.dtype[np.floating], *, training: bool
) -> NumericBuffers:
    """The arrays for K members."""
    keeps_slopes = training and shape.kind == "periodic"
    sizes = (members, shape.numbers, shape.functions)
    points = np.ones((members, shape.numbers, 2, batch), dtype)
    return NumericBuffers(
        points=points,
        points_rows=points.transpose(0, 1, 3, 2),
        functions=np.empty((*sizes, batch), dtype),
        slopes=np.empty((*sizes, batch if keeps_slopes else 0), dtype),
        ones=np.ones((batch, 1), dtype),
    )


class NumericEmbedding:
    """The embeddings of K networks; the kinds differ in their functions, and in w and c."""

    unit: ClassVar[float] = 1.0
    """The constant that numbers are multiplied by."""

    def __init__(self, segments: NumericSegments, parameters: FloatArray) -> None:
        self.segments = segments
        self._mixing = segments.mixing.view(parameters)
        self._mixing_T = self._mixing.transpose(0, 1, 3, 2)
        self._offsets = None if segments.offsets is None else segments.offsets.view(parameters)
        self._lines = self._lines_of(parameters)

    def forward(self, x: FloatArray, out: FloatArray, buffers: NumericBuffers) -> None:
        """Write the embeddings of the numbers x, (K, numbers, batch), to `out`, (K, numbers, size, batch)."""
        np.multiply(x, self.unit, out=buffers.points[:, :, 0])
        np.matmul(self._lines, buffers.points, out=buffers.functions)
        self._apply(buffers)
        np.matmul(self._mixing, buffers.functions, out=out)
        if self._offsets is not None:
            out += self._offsets

    def backward(self, delta: FloatArray, buffers: NumericBuffers, gradient: FloatArray) -> None:
        """Write the parameters' gradients to `gradient`, (K, P), from ∂L/∂e, (K, numbers, size, batch)."""
        functions, segments = buffers.functions, self.segments
        np.matmul(delta, functions.transpose(0, 1, 3, 2), out=segments.mixing.view(gradient))
        if segments.offsets is not None:
            np.matmul(delta, buffers.ones, out=segments.offsets.view(gradient))
        if segments.lines is not None:
            lines = segments.lines.view(gradient)
            np.matmul(self._mixing_T, delta, out=functions)
            functions *= buffers.slopes
            np.matmul(functions, buffers.points_rows, out=lines)
            np.negative(lines, out=lines)

    def _lines_of(self, parameters: FloatArray) -> FloatArray:
        """w and c, (K or 1, numbers or 1, functions, 2)."""
        raise NotImplementedError

    def _apply(self, buffers: NumericBuffers) -> None:
        """Overwrite θ with h(θ), and write the derivatives if there is room for them."""
        raise NotImplementedError

"""The embedding of categories: a learned vector for each code of each column.

The vectors of all columns are one table, (size, codes of all columns). A batch's vectors are a single look-up
for all members, and their gradient is a single sum by place, which adds each member's rows in their order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.segments import Segment
from fnnctl.nn.shape import CategoryEmbeddingShape


@dataclass(frozen=True, slots=True)
class CategoryBuffers:
    """The arrays of an embedding of categories, from forward to backward."""

    places: IntArray
    """Where the vectors of a batch are in the members' tables, (K, size, columns, batch)."""


def category_buffers(shape: CategoryEmbeddingShape, members: int, batch: int) -> CategoryBuffers:
    """The arrays for K members."""
    return CategoryBuffers(np.empty((members, shape.size, len(shape.codes), batch), np.intp))


class CategoryEmbedding:
    """The vectors of K networks, a view of their parameters."""

    def __init__(self, shape: CategoryEmbeddingShape, segment: Segment, parameters: FloatArray) -> None:
        self.segment = segment
        self._vectors = segment.view(parameters)
        members, size, count = self._vectors.shape
        codes = np.array(shape.codes, np.intp)
        self._last = (codes - 1)[:, None]
        self._starts = (
            np.arange(members * size).reshape(members, size, 1, 1) * count
            + (np.cumsum(codes) - codes)[:, None]
        )
        """Where each column's vectors begin in the tables, (K, size, columns, 1)."""

    def forward(self, codes: FloatArray, out: FloatArray, buffers: CategoryBuffers) -> None:
        """Write the vectors of codes, (K, columns, batch), to `out`, (K, size, columns, batch).

        A number that is no code gets the vector of the nearest one.
        """
        known = np.clip(codes, 0, self._last).astype(np.intp)
        np.add(known[:, None], self._starts, out=buffers.places)
        tables = np.ascontiguousarray(self._vectors).reshape(-1)
        tables.take(buffers.places, None, out, "clip")

    def backward(self, delta: FloatArray, buffers: CategoryBuffers, gradient: FloatArray) -> None:
        """Write the vectors' gradient to `gradient`, (K, P), from ∂L/∂ of the vectors of a batch."""
        sums = np.zeros(self._vectors.size, delta.dtype)
        np.add.at(sums, buffers.places.reshape(-1), delta.reshape(-1))
        self.segment.view(gradient)[...] = sums.reshape(self._vectors.shape)

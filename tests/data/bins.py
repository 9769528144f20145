"""The bins of a single column."""

from __future__ import annotations

from fnnctl.arrays import FloatArray
from fnnctl.data.preprocessing import Bins


def bin_coordinates(numbers: FloatArray, edges: FloatArray) -> FloatArray:
    """The coordinates of numbers (n,) among the bins between these edges."""
    return Bins([edges]).coordinates(numbers[:, None])[:, 0]

"""Bins of numbers between quantiles, and where numbers are among them."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray

LARGEST = 1e300
"""Edges beyond it are drawn in, so that differences between them are finite."""


def bin_edges(values: FloatArray, bins: int) -> list[FloatArray]:
    """The edges of at most `bins` bins for each of the columns (c, n): their distinct quantiles, n >= 1."""
    levels = np.linspace(0.0, 1.0, bins + 1)
    quantiles = np.quantile(np.clip(values, -LARGEST, LARGEST), levels, axis=1)
    return [np.unique(own) for own in quantiles.T]


def bin_coordinates(numbers: FloatArray, edges: FloatArray) -> FloatArray:
    """i + t for numbers (n,) at the fraction t of bin i, counted from 0.

    Numbers beyond the outer edges are moved to them. Without a bin all coordinates are 0.
    """
    if len(edges) < 2:
        return np.zeros(len(numbers))
    inside = np.clip(numbers, edges[0], edges[-1])
    bins = np.minimum(np.searchsorted(edges, inside, side="right") - 1, len(edges) - 2)
    low = edges[bins]
    coordinates: FloatArray = bins + (inside - low) / (edges[bins + 1] - low)
    return coordinates

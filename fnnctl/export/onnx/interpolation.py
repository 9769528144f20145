"""Functions that are linear between knots: a binary search finds the segments of all values at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fnnctl.arrays import FloatArray

if TYPE_CHECKING:
    from fnnctl.export.onnx.graph import Graph


@dataclass(frozen=True, slots=True)
class Segment:
    """Where values lie among the knots, all of a shape that broadcasts with the values."""

    number: str
    """The number of the segment, from 0, int64."""
    fraction: str
    """How far the value is between its ends, from 0 to 1; 0 if there is a single knot."""
    position: str
    """The segment's index in the flat table of all functions' segments, int64."""


def segments(graph: Graph, values: str, knots: Sequence[FloatArray]) -> tuple[Segment, int]:
    """The segments of values (…, c) among the rising knots of c functions, and the width of a table of them.

    Values beyond the outer knots are moved to them. A function may have one knot or none.
    """
    ends = np.array([(k[0], k[-1]) if len(k) else (0.0, 0.0) for k in knots])
    inside = graph.add("Min", graph.add("Max", values, ends[:, 0]), ends[:, 1])
    width = 1 << max(0, *(len(k) - 2 for k in knots)).bit_length()  # a power of two, for whole halves
    low, span = np.full((len(knots), width), np.inf), np.ones((len(knots), width))
    for row, k in enumerate(knots):
        low[row, 0] = ends[row, 0]
        if (count := len(k) - 1) > 0:
            low[row, :count], span[row, :count] = k[:-1], np.diff(k)
    first = np.arange(len(knots), dtype=np.int64) * width
    position, flat = graph.constant(first), graph.constant(low.ravel())
    step = width // 2
    while step:
        candidate = graph.add("Add", position, np.int64(step))
        is_above = graph.add("GreaterOrEqual", inside, graph.add("Gather", flat, candidate))
        position = graph.add("Where", is_above, candidate, position)
        step //= 2
    distance = graph.add("Sub", inside, graph.add("Gather", flat, position))
    fraction = graph.add("Div", distance, graph.add("Gather", span.ravel(), position))
    return Segment(graph.add("Sub", position, first), fraction, position), width


def interpolated(graph: Graph, values: str, x: Sequence[float], y: Sequence[float]) -> str:
    """As `numpy.interp`: y at values of any shape (…, 1) or (…, n), linear between the rising x."""
    heights = np.array(y, np.float64)
    column = graph.add("Unsqueeze", values, np.array([-1], np.int64))
    segment, width = segments(graph, column, [np.array(x, np.float64)])
    start, rise = np.zeros(width), np.zeros(width)
    start[0] = heights[0]
    start[: len(heights) - 1], rise[: len(heights) - 1] = heights[:-1], np.diff(heights)
    above = graph.add("Mul", segment.fraction, graph.add("Gather", rise, segment.position))
    result = graph.add("Add", above, graph.add("Gather", start, segment.position))
    return graph.add("Squeeze", result, np.array([-1], np.int64))

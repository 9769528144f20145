"""Assignments as points of the unit cube, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.space.assignments import Assignment
from fnnctl.space.domains import BELOW_ONE
from fnnctl.space.space import Space

MOST_LISTED: Final = 1_000
"""A domain with more values counts as continuous."""


class Cube:
    """The points of a space's assignments; coordinates of a finite domain are those of its values."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.names = [each.name for each in space.dimensions]
        self._values = [
            each.domain.values if each.domain.values and len(each.domain.values) <= MOST_LISTED else None
            for each in space.dimensions
        ]
        self.levels: list[FloatArray | None] = [
            None if values is None else np.array([each.domain.coordinate(value) for value in values])
            for each, values in zip(space.dimensions, self._values, strict=True)
        ]
        """Of each listed domain, the coordinates of its values; otherwise None."""
        self.continuous = np.array([each is None for each in self.levels])

    def points(self, assignments: Sequence[Assignment]) -> FloatArray:
        """The assignments' points, (n, d)."""
        rows = [self.space.coordinates(each) for each in assignments]
        return np.array([[row[name] for name in self.names] for row in rows]).reshape(-1, len(self.names))

    def snapped(self, points: FloatArray) -> FloatArray:
        """The nearest points that have values."""
        found = np.clip(points, 0.0, BELOW_ONE)
        for k, levels in enumerate(self.levels):
            if levels is not None:
                found[:, k] = levels[_nearest(levels, found[:, k])]
        return found

    def assignment(self, point: FloatArray) -> Assignment:
        """The assignment at a point."""
        values = {}
        for k, (dimension, u) in enumerate(zip(self.space.dimensions, point.tolist(), strict=True)):
            levels, listed = self.levels[k], self._values[k]
            if levels is None or listed is None:
                values[dimension.name] = dimension.domain.value(min(max(u, 0.0), BELOW_ONE))
            else:
                values[dimension.name] = listed[int(_nearest(levels, np.array(u)))]
        return self.space.assignment_of(values)


def _nearest(levels: FloatArray, u: FloatArray) -> np.ndarray:
    return np.searchsorted((levels[1:] + levels[:-1]) / 2.0, u)

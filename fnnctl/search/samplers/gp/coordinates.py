"""Configurations as points of the unit cube, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import BELOW_ONE
from fnnctl.space.space import Space

MAX_LEVELS: Final = 1_000
"""A domain with more values counts as continuous."""
FEW_LEVELS: Final = 16
"""With at most this many, all of them are tried."""
MAX_LISTED: Final = 2_000
"""A space with at most this many points is listed."""


class CubeDimension:
    """The coordinates of a dimension; levels are those of a domain with few values, in order."""

    def __init__(self, dimension: Dimension) -> None:
        domain = self._domain = dimension.domain
        self.name = dimension.name
        self._values = domain.values if domain.values and len(domain.values) <= MAX_LEVELS else None
        self.levels: FloatArray | None = None
        if self._values is not None:
            self.levels = np.array([domain.coordinate(value) for value in self._values])

    def value(self, coordinate: float) -> Any:
        """The value at a coordinate."""
        if self.levels is None or self._values is None:
            return self._domain.value(coordinate)
        return self._values[int(nearest_level(self.levels, np.array(coordinate)))]


class Cube:
    """The points of a space without conditions."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.dimensions = [CubeDimension(dimension) for dimension in space.dimensions]
        levels = [dimension.levels for dimension in self.dimensions]
        self.smooth = np.array([level is None or len(level) > FEW_LEVELS for level in levels])
        """In which dimensions it is useful to follow a gradient."""
        self.continuous = all(level is None for level in levels)
        """Whether no dimension has levels."""

    def points(self, assignments: Sequence[Assignment]) -> FloatArray:
        """The points of assignments, (n, d); a value that has none is in the middle."""
        points = np.full((len(assignments), len(self.dimensions)), 0.5)
        for row, assignment in zip(points, assignments, strict=True):
            coordinates = self._space.nearest_coordinates(assignment)
            row[:] = [coordinates.get(dimension.name, 0.5) for dimension in self.dimensions]
        return points

    def assignment(self, point: FloatArray) -> Assignment:
        """The assignment of the value at each coordinate."""
        pairs = zip(self.dimensions, point.tolist(), strict=True)
        return self._space.assignment_of({dimension.name: dimension.value(u) for dimension, u in pairs})

    def snapped(self, points: FloatArray) -> FloatArray:
        """The nearest points with levels where a dimension has some."""
        nearest = np.clip(points, 0.0, BELOW_ONE)
        for k, dimension in enumerate(self.dimensions):
            if dimension.levels is not None:
                nearest[:, k] = dimension.levels[nearest_level(dimension.levels, nearest[:, k])]
        return nearest

    def neighbours(self, point: FloatArray) -> FloatArray:
        """The points that differ in one dimension: by any level if there are few, otherwise by one step."""
        neighbours = []
        for k, dimension in enumerate(self.dimensions):
            if (levels := dimension.levels) is not None:
                here = int(nearest_level(levels, point[k]))
                near = slice(None) if len(levels) <= FEW_LEVELS else slice(max(here - 1, 0), here + 2)
                for level in levels[near]:
                    if level != levels[here]:
                        moved = point.copy()
                        moved[k] = level
                        neighbours.append(moved)
        return np.array(neighbours).reshape(-1, len(point))

    def listed(self) -> FloatArray | None:
        """All points, if they are few."""
        levels = [dimension.levels for dimension in self.dimensions if dimension.levels is not None]
        if len(levels) < len(self.dimensions) or math.prod(map(len, levels)) > MAX_LISTED:
            return None
        return np.stack([grid.ravel() for grid in np.meshgrid(*levels, indexing="ij")], axis=1)


def nearest_level(levels: FloatArray, coordinates: FloatArray) -> IntArray:
    """The index of the nearest level for each coordinate; the levels ascend."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2.0, coordinates)

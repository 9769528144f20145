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

MOST_LEVELS: Final = 1_000
"""A domain with more values counts as continuous."""
FEW_LEVELS: Final = 16
"""With at most so many, all of them are tried."""
MOST_LISTED: Final = 2_000
"""A space with at most so many points is listed."""


class CubeAxis:
    """The coordinates of a dimension; levels are those of a domain with few values, in order."""

    def __init__(self, dimension: Dimension) -> None:
        domain = self._domain = dimension.domain
        self.name = dimension.name
        self._values = domain.values if domain.values and len(domain.values) <= MOST_LEVELS else None
        self.levels: FloatArray | None = None
        if self._values is not None:
            self.levels = np.array([domain.coordinate(value) for value in self._values])

    def nearest(self, levels: FloatArray, coordinates: FloatArray) -> IntArray:
        """The index of the nearest level for each coordinate."""
        return np.searchsorted((levels[1:] + levels[:-1]) / 2.0, coordinates)

    def value(self, coordinate: float) -> Any:
        """The value at a coordinate."""
        if self.levels is None or self._values is None:
            return self._domain.value(coordinate)
        return self._values[int(self.nearest(self.levels, np.array(coordinate)))]


class Cube:
    """The points of a space without conditions."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.axes = [CubeAxis(each) for each in space.dimensions]
        self.smooth = np.array([each.levels is None or len(each.levels) > FEW_LEVELS for each in self.axes])
        """On which axes it is useful to follow a gradient."""
        self.continuous = all(each.levels is None for each in self.axes)
        """Whether no axis has levels."""

    def points(self, assignments: Sequence[Assignment]) -> FloatArray:
        """The points of assignments, (n, d); a value that has none is in the middle."""
        found = np.full((len(assignments), len(self.axes)), 0.5)
        for row, assignment in zip(found, assignments, strict=True):
            coordinates = self._space.nearest_coordinates(assignment)
            row[:] = [coordinates.get(axis.name, 0.5) for axis in self.axes]
        return found

    def assignment(self, point: FloatArray) -> Assignment:
        """The assignment of the value at each coordinate."""
        pairs = zip(self.axes, point.tolist(), strict=True)
        return self._space.assignment_of({axis.name: axis.value(u) for axis, u in pairs})

    def snapped(self, points: FloatArray) -> FloatArray:
        """The nearest points with levels where an axis has some."""
        found = np.clip(points, 0.0, BELOW_ONE)
        for k, axis in enumerate(self.axes):
            if axis.levels is not None:
                found[:, k] = axis.levels[axis.nearest(axis.levels, found[:, k])]
        return found

    def neighbours(self, point: FloatArray) -> FloatArray:
        """The points that differ in one axis: by any level if there are few, otherwise by one step."""
        found = []
        for k, axis in enumerate(self.axes):
            if axis.levels is not None:
                here = int(axis.nearest(axis.levels, point[k]))
                few = slice(None) if len(axis.levels) <= FEW_LEVELS else slice(max(here - 1, 0), here + 2)
                for level in axis.levels[few]:
                    if level != axis.levels[here]:
                        moved = point.copy()
                        moved[k] = level
                        found.append(moved)
        return np.array(found).reshape(-1, len(point))

    def listed(self) -> FloatArray | None:
        """All points, if they are few."""
        levels = [axis.levels for axis in self.axes if axis.levels is not None]
        if len(levels) < len(self.axes) or math.prod(map(len, levels)) > MOST_LISTED:
            return None
        return np.stack([each.ravel() for each in np.meshgrid(*levels, indexing="ij")], axis=1)

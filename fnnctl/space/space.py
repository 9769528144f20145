"""The space of a search: its assignments as points of the unit cube, as a grid, and as neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from fnnctl.space.assignments import Assignment, assignment_of, values_by_dimension
from fnnctl.space.dimensions import Dimension, active, parents_first
from fnnctl.space.grid import Grid
from fnnctl.space.values import identity


class Space:
    """The dimensions of a search, sorted so that each follows those of its conditions.

    Otherwise they keep the given order. Raises ValueError if conditions form a cycle.
    """

    def __init__(self, dimensions: Iterable[Dimension]) -> None:
        ordered, circular = parents_first(dimensions)
        if circular:
            raise ValueError(f"conditions form a cycle: {', '.join(each.name for each in circular)}")
        self.dimensions: tuple[Dimension, ...] = tuple(ordered)

    @cached_property
    def size(self) -> int | None:
        """The number of assignments; None if a dimension is continuous."""
        if any(each.domain.values is None for each in self.dimensions):
            return None
        return self.everything().size

    def assignment(self, point: Sequence[float]) -> Assignment:
        """The assignment at a point of the unit cube: one number in [0, 1) per dimension.

        Numbers of dimensions whose conditions do not hold have no effect.
        """
        pairs = zip(self.dimensions, point, strict=True)
        return self.assignment_of({each.name: each.domain.value(u) for each, u in pairs})

    def assignment_of(self, values: Mapping[str, Any]) -> Assignment:
        """The assignment from values by dimension, without those whose conditions do not hold."""
        return assignment_of(self.dimensions, active(self.dimensions, values))

    def coordinates(self, assignment: Assignment) -> dict[str, float]:
        """The coordinate of each active dimension."""
        values = values_by_dimension(self.dimensions, assignment)
        active_ones = (each for each in self.dimensions if each.name in values)
        return {each.name: each.domain.coordinate(values[each.name]) for each in active_ones}

    def grid(self, resolution: int) -> Grid:
        """All combinations of the values of each domain's grid."""
        return Grid(self.dimensions, {each.name: each.domain.grid(resolution) for each in self.dimensions})

    def everything(self) -> Grid:
        """All assignments of a finite space."""
        return Grid(self.dimensions, {each.name: each.domain.values or () for each in self.dimensions})

    def neighbours(self, assignment: Assignment) -> Iterator[Assignment]:
        """The assignments that differ in one dimension, by one step or by another choice.

        A dimension that becomes active by the change gets the middle of its domain; one whose condition no
        longer holds is left out. No assignment occurs twice, and the given one is not included.
        """
        values = values_by_dimension(self.dimensions, assignment)
        middle = {each.name: each.domain.value(0.5) for each in self.dimensions}
        seen = {identity(assignment)}
        for dimension in self.dimensions:
            if dimension.name in values:
                for value in dimension.domain.neighbours(values[dimension.name]):
                    neighbour = self.assignment_of({**middle, **values, dimension.name: value})
                    if identity(neighbour) not in seen:
                        seen.add(identity(neighbour))
                        yield neighbour

"""The space of a search: its assignments as points of the unit cube, as a grid, and as neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from fnnctl.space.assignments import Assignment, assignment_of, values_by_dimension
from fnnctl.space.constraints import Constraint, constraints_of
from fnnctl.space.dimensions import Dimension, active, parents_first
from fnnctl.space.grid import Grid
from fnnctl.space.identity import identity


class Space:
    """The dimensions of a search, sorted so that each follows those of its conditions.

    Otherwise they keep the given order. `require` has expressions that every assignment must fulfil. Raises
    ValueError if conditions form a cycle, or if an expression is wrong.
    """

    def __init__(self, dimensions: Iterable[Dimension], require: Iterable[str] = ()) -> None:
        ordered, circular = parents_first(dimensions)
        if circular:
            raise ValueError(
                f"conditions form a cycle: {', '.join(dimension.name for dimension in circular)}"
            )
        self.dimensions: tuple[Dimension, ...] = tuple(ordered)
        self.constraints: tuple[Constraint, ...] = tuple(
            constraint for text in require for constraint in constraints_of(text, ordered)
        )

    @cached_property
    def size(self) -> int | None:
        """How many assignments there are, if this is known.

        None if a dimension is continuous, or if too many must be tried to count those that are allowed.
        """
        if any(dimension.domain.values is None for dimension in self.dimensions):
            return None
        everything = self.everything()
        return everything.size if everything.exact else None

    def allows(self, assignment: Assignment) -> bool:
        """Whether an assignment fulfils the constraints."""
        return not self.constraints or self.allows_values(values_by_dimension(self.dimensions, assignment))

    def allows_values(self, values: Mapping[str, Any]) -> bool:
        """Whether the values of active dimensions, by name, fulfil the constraints; some may be missing."""
        return all(constraint.holds(values) for constraint in self.constraints)

    def assignment(self, point: Sequence[float]) -> Assignment:
        """The assignment at a point of the unit cube: one number in [0, 1) per dimension.

        Numbers of dimensions whose conditions do not hold have no effect. The assignment may violate the
        constraints: see `allows`.
        """
        pairs = zip(self.dimensions, point, strict=True)
        return self.assignment_of({dimension.name: dimension.domain.value(u) for dimension, u in pairs})

    def assignment_of(self, values: Mapping[str, Any]) -> Assignment:
        """The assignment from values by dimension, without those whose conditions do not hold."""
        return assignment_of(self.dimensions, active(self.dimensions, values))

    def coordinates(self, assignment: Assignment) -> dict[str, float]:
        """The coordinate of each active dimension."""
        values = values_by_dimension(self.dimensions, assignment)
        active_dimensions = (dimension for dimension in self.dimensions if dimension.name in values)
        return {
            dimension.name: dimension.domain.coordinate(values[dimension.name])
            for dimension in active_dimensions
        }

    def nearest_coordinates(self, assignment: Assignment) -> dict[str, float]:
        """The coordinates of an assignment whose values may lie outside their domains.

        A number counts as the nearest value; a dimension whose domain has no such value is left out.
        """
        values = values_by_dimension(self.dimensions, assignment)
        active_dimensions = (dimension for dimension in self.dimensions if dimension.name in values)
        coordinates = {
            dimension.name: dimension.domain.nearest_coordinate(values[dimension.name])
            for dimension in active_dimensions
        }
        return {name: coordinate for name, coordinate in coordinates.items() if coordinate is not None}

    def grid(self, resolution: int) -> Grid:
        """All allowed combinations of the values of each domain's grid; if not `exact`, also others."""
        if resolution not in self._grids:
            values = {dimension.name: dimension.domain.grid(resolution) for dimension in self.dimensions}
            self._grids[resolution] = Grid(self.dimensions, values, self.constraints)
        return self._grids[resolution]

    def everything(self) -> Grid:
        """All allowed assignments of a finite space; if not `exact`, also others."""
        return self._everything

    @cached_property
    def _everything(self) -> Grid:
        values = {dimension.name: dimension.domain.values or () for dimension in self.dimensions}
        return Grid(self.dimensions, values, self.constraints)

    @cached_property
    def _grids(self) -> dict[int, Grid]:
        """Grids that were asked for, by resolution."""
        return {}

    def neighbours(self, assignment: Assignment) -> Iterator[Assignment]:
        """The assignments that differ in one dimension, by one step or by another choice, and are allowed.

        A dimension that becomes active by the change gets the middle of its domain; one whose condition no
        longer holds is left out. No assignment occurs twice, and the given one is not included.
        """
        values = values_by_dimension(self.dimensions, assignment)
        middle = {dimension.name: dimension.domain.value(0.5) for dimension in self.dimensions}
        seen = {identity(assignment)}
        for dimension in self.dimensions:
            if dimension.name in values:
                for value in dimension.domain.neighbours(values[dimension.name]):
                    neighbour = self.assignment_of({**middle, **values, dimension.name: value})
                    if identity(neighbour) not in seen and self.allows(neighbour):
                        seen.add(identity(neighbour))
                        yield neighbour

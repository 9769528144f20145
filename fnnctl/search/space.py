"""The space of a search: what assignments there are, by points of a unit cube and one after the other."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from fnnctl.config.rules.dimensions import Dimension, active, assignment_of, dimensions_of, parents_first
from fnnctl.config.rules.domain_values import index_of
from fnnctl.config.schema import domains as config
from fnnctl.records.trials import Assignment
from fnnctl.search.domains import Domain, domain_of


class Space:
    """Dimensions in a fixed order, which does not depend on the order of the file's lines.

    From Python: `Space({"x": UniformDomain(uniform=(0, 1))})`, with the domains of
    `fnnctl.config.schema.domains`. Raises ValueError where conditions go in circles.
    """

    def __init__(self, space: Mapping[str, config.Domain]) -> None:
        ordered, circular = parents_first(dimensions_of(space))
        if circular:
            raise ValueError(f"conditions go in circles: {', '.join(each.name for each in circular)}")
        self.dimensions: tuple[Dimension, ...] = tuple(ordered)
        self.domains: dict[str, Domain] = {each.name: domain_of(each.domain) for each in ordered}

    @cached_property
    def size(self) -> int | None:
        """How many assignments there are; None where there is another between any two."""
        if any(domain.values is None for domain in self.domains.values()):
            return None
        return self.everything().size

    def assignment(self, point: Sequence[float]) -> Assignment:
        """The assignment at a point of the unit cube, a number of [0, 1) for each dimension.

        Those of dimensions whose conditions do not hold move nothing.
        """
        pairs = zip(self.domains.items(), point, strict=True)
        return self._of({name: domain.value(u) for (name, domain), u in pairs})

    def coordinates(self, assignment: Assignment) -> dict[str, float]:
        """The coordinate of each dimension that an assignment has a value in."""
        values = values_by_dimension(self.dimensions, assignment)
        return {name: self.domains[name].coordinate(value) for name, value in values.items()}

    def grid(self, resolution: int) -> Grid:
        """All combinations of each domain's grid of this resolution."""
        return Grid(self.dimensions, {name: domain.grid(resolution) for name, domain in self.domains.items()})

    def everything(self) -> Grid:
        """All assignments of a finite space."""
        return Grid(self.dimensions, {name: domain.values or () for name, domain in self.domains.items()})

    def _of(self, values: Mapping[str, Any]) -> Assignment:
        return assignment_of(self.dimensions, active(self.dimensions, values))


def values_by_dimension(dimensions: Sequence[Dimension], assignment: Assignment) -> dict[str, Any]:
    """The value of each dimension, for an assignment's settings: the inverse of `assignment_of`."""
    values: dict[str, Any] = {}
    for dimension in dimensions:
        setting = dimension.setting
        if setting not in assignment:
            continue
        if dimension.name == setting:
            values[setting] = assignment[setting]
        else:
            widths = assignment[setting]
            parts = {f"{setting}.depth": len(widths), f"{setting}.width": next(iter(widths), None)}
            parts |= {f"{setting}.width[{index}]": width for index, width in enumerate(widths)}
            if parts.get(dimension.name) is not None:
                values[dimension.name] = parts[dimension.name]
    return values


@dataclass(frozen=True, slots=True)
class _Block:
    """Combinations in which the same dimensions are active: one value from each sequence."""

    names: tuple[str, ...]
    values: tuple[Sequence[Any], ...]

    @property
    def size(self) -> int:
        return math.prod(len(values) for values in self.values)

    def at(self, index: int) -> dict[str, Any]:
        """The combination with this number; the last dimension changes fastest."""
        found = {}
        for name, values in zip(reversed(self.names), reversed(self.values), strict=True):
            index, digit = divmod(index, len(values))
            found[name] = values[digit]
        return found


class Grid:
    """Combinations of values by their numbers, without a list of them, which could be endless.

    A dimension is part of a combination only where its conditions hold, so that none is there twice.
    """

    def __init__(self, dimensions: Sequence[Dimension], values: Mapping[str, Sequence[Any]]) -> None:
        self._dimensions = dimensions
        self._blocks = [block for block in _blocks(dimensions, values) if block.size]
        self._ends = list(accumulate(block.size for block in self._blocks))

    @property
    def size(self) -> int:
        """How many there are; more than `len` could tell."""
        return self._ends[-1] if self._ends else 0

    def at(self, index: int) -> Assignment:
        """The combination with this number, from 0."""
        block = bisect_right(self._ends, index)
        values = self._blocks[block].at(index - (self._ends[block - 1] if block else 0))
        return assignment_of(self._dimensions, values)

    def __iter__(self) -> Iterator[Assignment]:
        return map(self.at, range(self.size))


def _blocks(dimensions: Sequence[Dimension], values: Mapping[str, Sequence[Any]]) -> Iterator[_Block]:
    """Blocks that differ in the values that conditions ask about."""
    asked: dict[str, list[Any]] = {}
    for dimension in dimensions:
        for condition in dimension.conditions:
            asked.setdefault(condition.dimension, []).extend(condition.values)
    partial: list[dict[str, Sequence[Any]]] = [{}]
    for dimension in dimensions:
        groups = _groups(values[dimension.name], asked.get(dimension.name, []))
        grown = []
        for block in partial:
            first = {name: group[0] for name, group in block.items()}
            if all(condition.holds(first) for condition in dimension.conditions):
                grown += [{**block, dimension.name: group} for group in groups]
            else:
                grown.append(block)
        partial = grown
    return (_Block(tuple(block), tuple(block.values())) for block in partial)


def _groups(values: Sequence[Any], asked: Sequence[Any]) -> list[Sequence[Any]]:
    """The values that conditions ask about, one by one, and all others together."""
    positions = {index_of(value, values) for value in asked} - {None}
    single = sorted(position for position in positions if position is not None)
    groups: list[Sequence[Any]] = [(values[position],) for position in single]
    others = _Without(values, single)
    return [*groups, others] if len(others) else groups


@dataclass(frozen=True, slots=True)
class _Without(Sequence[Any]):
    """Values without those at some positions, in order."""

    values: Sequence[Any]
    left_out: Sequence[int]

    def __len__(self) -> int:
        return len(self.values) - len(self.left_out)

    def __getitem__(self, index: Any) -> Any:
        for position in self.left_out:
            index += position <= index
        return self.values[index]

"""Combinations of the values of all dimensions, each computed from its index."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from fnnctl.space.assignments import Assignment, assignment_of, values_by_dimension
from fnnctl.space.dimensions import Dimension
from fnnctl.space.values import index_of


@dataclass(frozen=True, slots=True)
class _Block:
    """Combinations with the same active dimensions: one value from each sequence."""

    names: tuple[str, ...]
    values: tuple[Sequence[Any], ...]

    @property
    def size(self) -> int:
        return math.prod(len(values) for values in self.values)

    def at(self, index: int) -> dict[str, Any]:
        """The combination at this index; the last dimension changes fastest."""
        found = {}
        for name, values in zip(reversed(self.names), reversed(self.values), strict=True):
            index, digit = divmod(index, len(values))
            found[name] = values[digit]
        return found


class Grid:
    """Combinations of values, each computed from its index, because a list of all could be huge.

    A combination contains a dimension only if its conditions hold, so no combination occurs twice.
    """

    def __init__(self, dimensions: Sequence[Dimension], values: Mapping[str, Sequence[Any]]) -> None:
        self._dimensions, self._values = dimensions, values
        self._blocks = [block for block in _blocks(dimensions, values) if block.size]
        self._ends = list(accumulate(block.size for block in self._blocks))

    @property
    def size(self) -> int:
        """The number of combinations, which may be too large for `len`."""
        return self._ends[-1] if self._ends else 0

    def at(self, index: int) -> Assignment:
        """The combination at this index, from 0."""
        block = bisect_right(self._ends, index)
        values = self._blocks[block].at(index - (self._ends[block - 1] if block else 0))
        return assignment_of(self._dimensions, values)

    def __contains__(self, assignment: Assignment) -> bool:
        values = values_by_dimension(self._dimensions, assignment)
        return all(
            all(condition.holds(values) for condition in each.conditions) == (each.name in values)
            and (each.name not in values or index_of(values[each.name], self._values[each.name]) is not None)
            for each in self._dimensions
        )

    def __iter__(self) -> Iterator[Assignment]:
        return map(self.at, range(self.size))


def _blocks(dimensions: Sequence[Dimension], values: Mapping[str, Sequence[Any]]) -> Iterator[_Block]:
    """The blocks, which differ in the values that conditions depend on."""
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
    """Groups of values: one for each value that conditions depend on, and one for all others."""
    positions = {index_of(value, values) for value in asked} - {None}
    single = sorted(position for position in positions if position is not None)
    groups: list[Sequence[Any]] = [(values[position],) for position in single]
    others = _Without(values, single)
    return [*groups, others] if len(others) else groups


@dataclass(frozen=True, slots=True)
class _Without(Sequence[Any]):
    """A sequence without the values at some positions."""

    values: Sequence[Any]
    left_out: Sequence[int]

    def __len__(self) -> int:
        return len(self.values) - len(self.left_out)

    def __getitem__(self, index: Any) -> Any:
        for position in self.left_out:
            index += position <= index
        return self.values[index]

"""Combinations of the values of all dimensions, each computed from its index.

Dimensions that no constraint compares with each other are independent: only the groups that constraints join
are listed, so that a grid of any size can be counted as long as its groups are small.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, TypeAlias

from fnnctl.space.assignments import Assignment, assignment_of, values_by_dimension
from fnnctl.space.constraints import Constraint
from fnnctl.space.dimensions import Dimension
from fnnctl.space.identity import identity, index_of

MAX_TRIED: Final = 200_000
"""How many combinations are tried at most: about a second's work."""


@dataclass(frozen=True, slots=True)
class Column(Sequence[Mapping[str, Any]]):
    """The values of one dimension."""

    name: str
    values: Sequence[Any]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return {self.name: self.values[index]}


Factor: TypeAlias = Sequence[Mapping[str, Any]]
"""Values of one or several dimensions, by name, independent of those of other factors."""


class Combinations:
    """Joins the columns of a block of a grid into factors whose combinations all fulfil the constraints."""

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        self._constraints = constraints
        self._left = MAX_TRIED
        self._listed: dict[tuple[tuple[str, int], ...], Factor | None] = {}
        """Factors by the names and the identities of their columns, which different blocks share."""
        self.exact = True
        """Whether all combinations fulfil the constraints; otherwise there were too many to try."""

    def factors(self, columns: Mapping[str, Column]) -> list[Factor]:
        """The factors of the columns of all active dimensions; columns with too many combinations stay."""
        factors: list[Factor] = []
        groups = self._compared_groups(columns)
        for name, column in columns.items():
            group = groups.get(name, (name,))
            if group == (name,) and name not in groups:
                factors.append(column)
            elif group[0] == name:
                factors += self._factors_of([columns[member] for member in group])
        return factors

    def _compared_groups(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The names of each group, in their order, by each of its names; only those that are compared."""
        order = {name: index for index, name in enumerate(names)}
        groups: dict[str, set[str]] = {}
        for constraint in self._constraints:
            compared = [name for name in constraint.names if name in order]
            group = set(compared).union(*(groups.get(name, ()) for name in compared))
            groups |= dict.fromkeys(group, group)
        return {name: tuple(sorted(group, key=order.__getitem__)) for name, group in groups.items()}

    def _factors_of(self, group: Sequence[Column]) -> Sequence[Factor]:
        key = tuple((column.name, id(column.values)) for column in group)
        if key not in self._listed:
            self._listed[key] = self._list(group)
        factors = self._listed[key]
        if factors is None:
            self.exact = False
            return group
        return [factors]

    def _list(self, group: Sequence[Column]) -> Factor | None:
        """All combinations that fulfil the constraints, in order; None if too many have to be tried."""
        waiting = {column.name for column in group}
        constraints = [constraint for constraint in self._constraints if constraint.names & waiting]
        combinations: list[dict[str, Any]] = [{}]
        for column in group:
            waiting.discard(column.name)
            complete = [
                constraint
                for constraint in constraints
                if column.name in constraint.names and not constraint.names & waiting
            ]
            if self._left < len(combinations) * len(column):
                return None
            self._left -= len(combinations) * len(column)
            longer = ({**one, column.name: value} for one in combinations for value in column.values)
            combinations = [one for one in longer if all(constraint.holds(one) for constraint in complete)]
        return combinations


@dataclass(frozen=True, slots=True)
class _Block:
    """Combinations with the same active dimensions: one entry from each factor."""

    factors: Sequence[Factor]

    @property
    def size(self) -> int:
        return math.prod(map(len, self.factors))

    def at(self, index: int) -> dict[str, Any]:
        """The combination with this number; the last factor changes fastest."""
        values: dict[str, Any] = {}
        for factor in reversed(self.factors):
            index, digit = divmod(index, len(factor))
            values.update(factor[digit])
        return values


class Grid:
    """Combinations of values, each computed from its index, because a list of all could be huge.

    A combination contains a dimension only if its conditions hold, so no combination occurs twice.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        values: Mapping[str, Sequence[Any]],
        constraints: Sequence[Constraint] = (),
    ) -> None:
        self._dimensions, self._values, self._constraints = dimensions, values, constraints
        combinations = Combinations(constraints)
        blocks = (_Block(combinations.factors(columns)) for columns in _blocks(dimensions, values))
        self._blocks = [block for block in blocks if block.size]
        self._ends = list(accumulate(block.size for block in self._blocks))
        self.exact = combinations.exact
        """Whether all of them fulfil the constraints; otherwise there are too many to know which do."""

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
            all(condition.holds(values) for condition in dimension.conditions) == (dimension.name in values)
            and (
                dimension.name not in values
                or index_of(values[dimension.name], self._values[dimension.name]) is not None
            )
            for dimension in self._dimensions
        ) and all(constraint.holds(values) for constraint in self._constraints)

    def __iter__(self) -> Iterator[Assignment]:
        return map(self.at, range(self.size))


def _blocks(
    dimensions: Sequence[Dimension], values: Mapping[str, Sequence[Any]]
) -> Iterator[Mapping[str, Column]]:
    """The columns of each block; blocks differ in the values that conditions depend on."""
    compared: dict[str, dict[Hashable, Any]] = {}
    for dimension in dimensions:
        for condition in dimension.conditions:
            values_asked = compared.setdefault(condition.dimension, {})
            values_asked.update((identity(value), value) for value in condition.values)
    # The blocks so far; beside each, one value of every active dimension that a condition depends on.
    partial: list[tuple[dict[str, Any], dict[str, Column]]] = [({}, {})]
    for dimension in dimensions:
        name = dimension.name
        groups = _groups(values[name], list(compared.get(name, {}).values()))
        columns = [Column(name, group) for group in groups]
        grown = []
        for chosen, block in partial:
            if not all(condition.holds(chosen) for condition in dimension.conditions):
                grown.append((chosen, block))
            elif name in compared:
                grown += [({**chosen, name: column.values[0]}, {**block, name: column}) for column in columns]
            elif columns:
                block[name] = columns[0]  # there may be a thousand blocks of a thousand dimensions: no copies
                grown.append((chosen, block))
        partial = grown
    return (block for _, block in partial)


def _groups(values: Sequence[Any], compared: Sequence[Any]) -> list[Sequence[Any]]:
    """Groups of values: one for each value that conditions depend on, and one for all others."""
    positions = {index_of(value, values) for value in compared} - {None}
    single = sorted(position for position in positions if position is not None)
    groups: list[Sequence[Any]] = [(values[position],) for position in single]
    rest = _Without(values, single)
    return [*groups, rest] if len(rest) else groups


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

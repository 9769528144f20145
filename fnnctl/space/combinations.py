"""Combinations of values that fulfil constraints, listed for the dimensions that constraints join.

Dimensions that no constraint compares with each other are independent: only the groups that constraints join
are listed, so that a grid of any size can be counted as long as its groups are small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fnnctl.space.constraints import Constraint

MOST_TRIED: Final = 200_000
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
        self._left = MOST_TRIED
        self._listed: dict[tuple[tuple[str, int], ...], Factor | None] = {}
        """Factors by the names and the identities of their columns, which different blocks share."""
        self.exact = True
        """Whether all combinations fulfil the constraints; otherwise there were too many to try."""

    def factors(self, columns: Mapping[str, Column]) -> list[Factor]:
        """The factors of the columns of all active dimensions; columns with too many combinations stay."""
        found: list[Factor] = []
        joined = self._joined(columns)
        for name, column in columns.items():
            group = joined.get(name, (name,))
            if group == (name,) and name not in joined:
                found.append(column)
            elif group[0] == name:
                found += self._factors_of([columns[each] for each in group])
        return found

    def _joined(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The names of each group, in their order, by each of its names; only those that are compared."""
        order = {name: place for place, name in enumerate(names)}
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
        listed = self._listed[key]
        if listed is None:
            self.exact = False
            return group
        return [listed]

    def _list(self, group: Sequence[Column]) -> Factor | None:
        """All combinations that fulfil the constraints, in order; None if too many have to be tried."""
        waiting = {column.name for column in group}
        constraints = [each for each in self._constraints if each.names & waiting]
        combinations: list[dict[str, Any]] = [{}]
        for column in group:
            waiting.discard(column.name)
            complete = [
                each for each in constraints if column.name in each.names and not each.names & waiting
            ]
            if self._left < len(combinations) * len(column):
                return None
            self._left -= len(combinations) * len(column)
            longer = ({**one, column.name: value} for one in combinations for value in column.values)
            combinations = [one for one in longer if all(each.holds(one) for each in complete)]
        return combinations

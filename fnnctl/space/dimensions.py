"""Dimensions and their conditions: a dimension is one value that a search chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fnnctl.space.domains import Domain
from fnnctl.space.values import identity


@dataclass(frozen=True, slots=True)
class Condition:
    """Another dimension, and those of its values with which this one is searched."""

    dimension: str
    values: tuple[Any, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the other dimension has one of the values; it has none if it is not active itself."""
        if self.dimension not in values:
            return False
        return identity(values[self.dimension]) in {identity(value) for value in self.values}


@dataclass(frozen=True)
class Dimension:
    """One value that a search chooses: that of a setting, or a part of it."""

    setting: str
    """The setting's path, under which an assignment has its value."""
    domain: Domain
    part: str | None = None
    """Which part of hidden layers it is: `depth`, `width`, or `width[i]` for a width of their own."""
    conditions: tuple[Condition, ...] = ()
    """All of them must hold."""
    key: str | None = None
    """The setting's path as the space was written, if that is another form of it."""

    @cached_property
    def name(self) -> str:
        """A name that no other dimension of the space has."""
        return f"{self.setting}.{self.part}" if self.part else self.setting

    @property
    def ordered(self) -> bool:
        """Whether two of its values can be near each other."""
        return self.domain.ordered


def parents_first(dimensions: Iterable[Dimension]) -> tuple[list[Dimension], list[Dimension]]:
    """The dimensions, each after those of its conditions; and those whose conditions go in circles."""
    waiting = list(dimensions)
    ordered: list[Dimension] = []
    placed: set[str] = set()
    while ready := next((each for each in waiting if _parents(each) <= placed), None):
        waiting.remove(ready)
        ordered.append(ready)
        placed.add(ready.name)
    return ordered, waiting


def active(dimensions: Sequence[Dimension], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values by dimension whose conditions hold; the dimensions are in `parents_first` order."""
    found: dict[str, Any] = {}
    for dimension in dimensions:
        if dimension.name in values and all(each.holds(found) for each in dimension.conditions):
            found[dimension.name] = values[dimension.name]
    return found


def _parents(dimension: Dimension) -> set[str]:
    return {condition.dimension for condition in dimension.conditions}

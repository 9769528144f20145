"""The dimensions of a search space: one value each, in an order that does not depend on the file's.

Most searched settings are one dimension. Hidden layers are several: how many there are, and how wide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fnnctl.config.messages.schema_tree import value_in
from fnnctl.config.paths import SPACE, ConfigPath, format_path, parse_path
from fnnctl.config.rules.domain_values import identity
from fnnctl.config.schema.domains import (
    ChoiceDomain,
    Domain,
    IntegerDomain,
    LayersDomain,
    LogIntegerDomain,
    ScalarDomain,
    When,
)
from fnnctl.config.schema.section import written_out

_COARSE_WIDTHS = 8


@dataclass(frozen=True, slots=True)
class Condition:
    """Another dimension, and the values of it with which this one is searched."""

    dimension: str
    values: tuple[Any, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the other dimension has one of the values; it has none where it is not searched itself."""
        if self.dimension not in values:
            return False
        return identity(values[self.dimension]) in {identity(value) for value in self.values}


@dataclass(frozen=True, slots=True)
class Dimension:
    """One value that a search chooses."""

    name: str
    """The setting's path; of hidden layers, `model.hidden.depth` and `model.hidden.width`."""
    setting: str
    """The setting's path, under which an assignment has its value."""
    place: ConfigPath
    """Where its domain stands in the config."""
    domain: ScalarDomain
    conditions: tuple[Condition, ...] = ()
    """All of them must hold, and their dimensions be searched themselves."""


def dimensions_of(space: Mapping[str, Domain]) -> tuple[Dimension, ...]:
    """All dimensions in the order of their paths, with conditions on dimensions alone.

    A condition on a setting that is not searched is no choice of a search, and is left out.
    """
    keys = sorted(space, key=_in_order)
    bare = {dimension.name: dimension for key in keys for dimension in _dimensions(key, space[key])}
    return tuple(
        Dimension(
            each.name, each.setting, each.place, each.domain,
            (*_conditions(space[str(each.place[-1])].when, bare), *each.conditions),
        )
        for each in bare.values()
    )  # fmt: skip


def condition(path: str, wanted: Any, dimensions: Mapping[str, Dimension]) -> Condition | None:
    """The condition that `path: wanted` of a `when` is; None where the path is not searched.

    `wanted` is a value, or a list of values. The path may lead into a setting that is searched as a whole:
    its values are then those in which it leads to a wanted one.
    """
    wanted = tuple(wanted) if isinstance(wanted, list | tuple) else (wanted,)
    parts = parse_path(path)
    name = format_path(parts)
    if name in dimensions:
        return Condition(name, wanted)
    for depth in range(1, len(parts)):
        whole = dimensions.get(format_path(parts[:depth]))
        if whole and isinstance(whole.domain, ChoiceDomain):
            known = {identity(value) for value in wanted}
            values = (each for each in whole.domain.choice if identity(_inside(each, parts[depth:])) in known)
            return Condition(whole.name, tuple(values))
    return None


def active(dimensions: Sequence[Dimension], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values by dimension whose conditions hold; the dimensions are in `parents_first` order."""
    found: dict[str, Any] = {}
    for dimension in dimensions:
        if dimension.name in values and all(each.holds(found) for each in dimension.conditions):
            found[dimension.name] = values[dimension.name]
    return found


def assignment_of(dimensions: Sequence[Dimension], values: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each setting, from the active values by dimension."""
    assignment: dict[str, Any] = {}
    for name, setting in ((each.name, each.setting) for each in dimensions if each.name in values):
        if name == setting:
            assignment[setting] = values[name]
        elif name == f"{setting}.depth":
            one = values.get(f"{setting}.width")
            widths = (values.get(f"{setting}.width[{index}]", one) for index in range(values[name]))
            assignment[setting] = list(widths)
    return assignment


def parents_first(dimensions: Iterable[Dimension]) -> tuple[list[Dimension], list[Dimension]]:
    """The dimensions in order, each after those of its conditions; and those of which that cannot be."""
    waiting = list(dimensions)
    ordered: list[Dimension] = []
    placed: set[str] = set()
    while ready := next((each for each in waiting if _needs(each) <= placed), None):
        waiting.remove(ready)
        ordered.append(ready)
        placed.add(ready.name)
    return ordered, waiting


def _needs(dimension: Dimension) -> set[str]:
    return {condition.dimension for condition in dimension.conditions}


def _conditions(when: When | None, dimensions: Mapping[str, Dimension]) -> Iterator[Condition]:
    for path, wanted in sorted((when or {}).items()):
        found = condition(path, wanted, dimensions)
        if found:
            yield found


def _dimensions(key: str, domain: Domain) -> Iterator[Dimension]:
    setting, place = format_path(parse_path(key)), (*SPACE, key)
    if not isinstance(domain, LayersDomain):
        yield Dimension(setting, setting, place, domain)
        return
    depth, (low, high) = f"{setting}.depth", domain.depth
    yield Dimension(depth, setting, place, IntegerDomain(integer=domain.depth))
    for index in range(high if domain.per_layer else min(high, 1)):
        name = f"{setting}.width[{index}]" if domain.per_layer else f"{setting}.width"
        deeper = Condition(depth, tuple(range(index + 1, high + 1)))
        yield Dimension(name, setting, place, _width(domain), (deeper,) if low <= index else ())


def _width(domain: LayersDomain) -> ScalarDomain:
    low, high = domain.width
    if domain.log:
        return LogIntegerDomain(
            log_integer=domain.width, step=2.0 if domain.step == "coarse" else domain.step
        )
    coarse = max(1, math.ceil((high - low) / _COARSE_WIDTHS))
    step = coarse if domain.step == "coarse" else domain.step
    return IntegerDomain(integer=domain.width, step=None if step is None else int(step))


def _inside(value: Any, path: Sequence[str | int]) -> Any:
    """What a searched value has at a path, its short forms written out; None where there is nothing."""
    for part in path:
        value = value_in(written_out(value), part)
    return value


def _in_order(key: str) -> tuple[tuple[bool, int, str], ...]:
    return tuple(
        (isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in parse_path(key)
    )

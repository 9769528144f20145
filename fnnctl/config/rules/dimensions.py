"""Turns the `search.space` section into the dimensions of a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fnnctl.config.paths import SPACE, ConfigPath, format_path, parse_path
from fnnctl.config.schema.domains import DomainConfig, LayersConfig
from fnnctl.config.schema.schema_tree import value_in
from fnnctl.config.schema.section import written_out
from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.domains import Choice
from fnnctl.space.space import Space
from fnnctl.space.values import identity


def space_of(space: Mapping[str, DomainConfig], require: Sequence[str] = ()) -> Space:
    """The space to search; raises ValueError if conditions form a cycle, or if a constraint is wrong."""
    return Space(dimensions_of(space), require)


def dimensions_of(space: Mapping[str, DomainConfig]) -> tuple[Dimension, ...]:
    """All dimensions in the order of their paths, independent of the order in the file.

    A condition on a setting that is not searched is left out.
    """
    keys = sorted(space, key=_in_order)
    bare = {each.name: each for key in keys for each in _dimensions(key, space[key])}
    return tuple(
        replace(each, conditions=(*_conditions(space[str(each.key)].when, bare), *each.conditions))
        for each in bare.values()
    )


def place_of(dimension: Dimension) -> ConfigPath:
    """The path of the dimension's domain in the config."""
    return (*SPACE, str(dimension.key))


def condition(path: str, wanted: Any, dimensions: Mapping[str, Dimension]) -> Condition | None:
    """The condition for `path: wanted` in a `when`; None if the path is not searched.

    `wanted` is a value or a list of values. The path may lead into a setting that is searched as a whole; the
    condition then holds for every choice whose value at that path is wanted.
    """
    wanted = tuple(wanted) if isinstance(wanted, list | tuple) else (wanted,)
    parts = parse_path(path)
    name = format_path(parts)
    if name in dimensions:
        return Condition(name, wanted)
    for depth in range(1, len(parts)):
        whole = dimensions.get(format_path(parts[:depth]))
        if whole and isinstance(whole.domain, Choice):
            known = {identity(value) for value in wanted}
            values = (each for each in whole.domain.choice if identity(_inside(each, parts[depth:])) in known)
            return Condition(whole.name, tuple(values))
    return None


def _dimensions(key: str, section: DomainConfig) -> Iterator[Dimension]:
    setting = format_path(parse_path(key))
    if isinstance(section, LayersConfig):
        yield from section.domain.dimensions(setting, key)
    else:
        yield Dimension(setting, section.domain, key=key)


def _conditions(when: Mapping[str, Any] | None, dimensions: Mapping[str, Dimension]) -> Iterator[Condition]:
    for path, wanted in sorted((when or {}).items()):
        found = condition(path, wanted, dimensions)
        if found:
            yield found


def _inside(value: Any, path: Sequence[str | int]) -> Any:
    """The part of a searched value at a path, with short forms written out; None if there is none."""
    for part in path:
        value = value_in(written_out(value), part)
    return value


def _in_order(key: str) -> tuple[tuple[bool, int, str], ...]:
    """Sort key: indices in numerical order, names in alphabetical order."""
    return tuple(
        (isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in parse_path(key)
    )

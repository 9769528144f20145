"""Turns the `search.space` section into the dimensions of a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fnnctl.config.paths import SPACE, ConfigPath, format_path, parse_path, value_in
from fnnctl.config.schema.domains import (
    ChoiceConfig,
    DomainConfig,
    IntegerConfig,
    LayersConfig,
    LogIntegerConfig,
    LogUniformConfig,
    NormalConfig,
    UniformConfig,
)
from fnnctl.config.schema.section import written_out
from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.domains import Choice, Domain
from fnnctl.space.identity import identity
from fnnctl.space.layers import Layers
from fnnctl.space.number_domains import Integer, LogInteger, LogUniform, Normal, Uniform
from fnnctl.space.space import Space


def space_of(space: Mapping[str, DomainConfig], require: Sequence[str] = ()) -> Space:
    """The space to search; raises ValueError if conditions form a cycle, or if a constraint is wrong."""
    return Space(dimensions_of(space), require)


def dimensions_of(space: Mapping[str, DomainConfig]) -> tuple[Dimension, ...]:
    """All dimensions in the order of their paths, independent of the order in the file.

    A condition on a setting that is not searched is left out.
    """
    keys = sorted(space, key=_sort_key)
    unconditional = {dimension.name: dimension for key in keys for dimension in _dimensions(key, space[key])}
    return tuple(
        replace(
            dimension,
            conditions=(*_conditions(space[str(dimension.key)].when, unconditional), *dimension.conditions),
        )
        for dimension in unconditional.values()
    )


def domain_of(section: DomainConfig) -> Domain | Layers:
    """The domain of a setting, with its behaviour."""
    match section:
        case ChoiceConfig():
            return Choice(section.choice)
        case UniformConfig():
            return Uniform(*section.uniform, step=section.step)
        case LogUniformConfig():
            return LogUniform(*section.log_uniform, step=section.step)
        case IntegerConfig():
            return Integer(*section.integer, step=section.step)
        case LogIntegerConfig():
            return LogInteger(*section.log_integer, step=section.step)
        case NormalConfig():
            return Normal(*section.normal, within=section.within, step=section.step)
        case LayersConfig():
            choices = (section.activation, section.normalization, section.residual)
            return Layers(
                section.depth, section.width, section.log, section.per_layer, section.step, *choices
            )


def path_of(dimension: Dimension) -> ConfigPath:
    """The path of the dimension's domain in the config."""
    return (*SPACE, str(dimension.key))


def condition(path: str, options: Any, dimensions: Mapping[str, Dimension]) -> Condition | None:
    """The condition for `path: options` in a `when`; None if the path is not searched.

    `options` is a value or a list of values. The path may lead into a setting that is searched as a whole;
    the condition then holds for every choice whose value at that path is one of them.
    """
    options = tuple(options) if isinstance(options, list | tuple) else (options,)
    parts = parse_path(path)
    name = format_path(parts)
    if name in dimensions:
        return Condition(name, options)
    for depth in range(1, len(parts)):
        whole = dimensions.get(format_path(parts[:depth]))
        if whole and isinstance(whole.domain, Choice):
            allowed = {identity(value) for value in options}
            values = (
                value
                for value in whole.domain.choice
                if identity(_value_inside(value, parts[depth:])) in allowed
            )
            return Condition(whole.name, tuple(values))
    return None


def _dimensions(key: str, section: DomainConfig) -> Iterator[Dimension]:
    setting, domain = format_path(parse_path(key)), domain_of(section)
    if isinstance(domain, Layers):
        yield from domain.dimensions(setting, key)
    else:
        yield Dimension(setting, domain, key=key)


def _conditions(when: Mapping[str, Any] | None, dimensions: Mapping[str, Dimension]) -> Iterator[Condition]:
    for path, values in sorted((when or {}).items()):
        if parent := condition(path, values, dimensions):
            yield parent


def _value_inside(value: Any, path: Sequence[str | int]) -> Any:
    """The part of a searched value at a path, with short forms written out; None if there is none."""
    for part in path:
        value = value_in(written_out(value), part)
    return value


def _sort_key(key: str) -> tuple[tuple[bool, int, str], ...]:
    """Indices in numerical order, names in alphabetical order."""
    return tuple(
        (isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in parse_path(key)
    )

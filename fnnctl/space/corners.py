"""Corners of what constraints allow: values that cannot be raised, one dimension at a time, without violating
them. What grows with every dimension, such as a network's size, is largest in one of the corners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from fnnctl.space.assignments import values_by_dimension
from fnnctl.space.dimensions import Dimension, active
from fnnctl.space.domains import BELOW_ONE
from fnnctl.space.space import Space

MAX_CORNERS: Final = 64
MAX_DRAWS: Final = 200
"""How many random points are drawn in search of the first allowed one."""
HALVINGS: Final = 40
"""How often the interval is halved in which a value stops being allowed."""
SPREAD: Final = 12
"""How many values of a dimension are tried at most."""


def corners(space: Space, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Values of the dimensions that constraints compare, by name, and of those that they depend on.

    For each value of each of these dimensions (of many, some), a corner that was reached from the lowest or a
    random point with this value. Corners that are hard to reach, as those of equations, are missing; so some
    evenly spread points are added if the space is finite and can be counted.
    """
    yield from _reached(space, rng)
    if space.size:
        everything = space.everything()
        count = min(everything.size, MAX_CORNERS)
        numbers = (step * (everything.size - 1) // max(1, count - 1) for step in range(count))
        yield from (values_by_dimension(space.dimensions, everything.at(number)) for number in numbers)


def _reached(space: Space, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    names = {name for constraint in space.constraints for name in constraint.names}
    dimensions = _with_parents(space.dimensions, names)
    compared = [dimension for dimension in dimensions if dimension.name in names]
    left = MAX_CORNERS
    for dimension in compared:
        for value in _some_values(dimension)[: max(1, MAX_CORNERS // len(compared))]:
            start = _allowed_start(space, dimensions, {dimension.name: value}, rng)
            if start is not None and left:
                left -= 1
                other_dimensions = [other for other in compared if other.ordered and other is not dimension]
                last = [dimension] if dimension.ordered else []
                yield _raised(space, dimensions, start, [*other_dimensions, *last])


def _with_parents(dimensions: Sequence[Dimension], names: set[str]) -> list[Dimension]:
    """The named dimensions, and those that decide whether they are active."""
    needed = set(names)
    for dimension in reversed(dimensions):
        if dimension.name in needed:
            needed |= {condition.dimension for condition in dimension.conditions}
    return [dimension for dimension in dimensions if dimension.name in needed]


def _some_values(dimension: Dimension) -> Sequence[Any]:
    """The largest and other values, evenly spread."""
    few = dimension.domain.values_to_try()
    if not dimension.ordered or len(few) > 2:
        return list(reversed(few))
    return [few[-1], *(dimension.domain.value((k + 0.5) / SPREAD) for k in reversed(range(SPREAD))), few[0]]


def _allowed_start(
    space: Space, dimensions: Sequence[Dimension], fixed: Mapping[str, Any], rng: np.random.Generator
) -> dict[str, Any] | None:
    """An allowed point with a fixed value: the lowest one, or a random one."""
    for draw in range(MAX_DRAWS):
        coordinates = rng.random(len(dimensions)).tolist() if draw else [0.0] * len(dimensions)
        drawn = {
            dimension.name: dimension.domain.value(u)
            for dimension, u in zip(dimensions, coordinates, strict=True)
        }
        values = {**drawn, **fixed}
        if _allows(space, dimensions, values):
            return values
    return None


def _raised(
    space: Space, dimensions: Sequence[Dimension], values: dict[str, Any], ordered: Sequence[Dimension]
) -> dict[str, Any]:
    """Raise one dimension after the other as far as it goes."""
    for dimension in ordered:
        name, domain = dimension.name, dimension.domain
        low, high = domain.coordinate(values[name]), BELOW_ONE
        highest = {**values, name: domain.values_to_try()[-1]}
        if _allows(space, dimensions, highest):
            values = highest
            continue
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if _allows(space, dimensions, changed := {**values, name: domain.value(middle)}):
                low, values = middle, changed
            else:
                high = middle
    return values


def _allows(space: Space, dimensions: Sequence[Dimension], values: Mapping[str, Any]) -> bool:
    return space.allows_values(active(dimensions, values))

"""Assignments of a space as sequences of choices: layer by layer, of variable length.

A *kind* of steps has a fixed number of choices; the steps of all layers are of the same kinds. The number of
layers is not one step: before each layer there is a step that goes on or stops.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import BELOW_ONE, Domain
from fnnctl.space.identity import index_of
from fnnctl.space.layers import DEPTH, RESIDUAL, WIDTH, layer_index, of_layer, single_layer_part
from fnnctl.space.space import Space

BINS: Final = 8
"""The number of choices in a domain with many numbers: each is a share of the unit interval."""
MAX_VALUES: Final = 16
"""The number of values of an ordered domain up to which each is a choice of its own."""
STOP, GO_ON = 0, 1

Values: TypeAlias = dict[str, Any]
"""The values of the active dimensions, by name."""


@dataclass(frozen=True)
class Kind:
    """Steps with the same choices, which are tokens with consecutive numbers."""

    number: int
    first: int
    """The first token."""
    domain: Domain | None
    """None for the steps that go on or stop."""

    @cached_property
    def exact(self) -> bool:
        """Whether each value is a choice of its own; otherwise choices are bins."""
        if self.domain is None:
            return True
        values = self.domain.values
        return values is not None and (not self.domain.ordered or len(values) <= MAX_VALUES)

    @cached_property
    def choices(self) -> int:
        """The number of choices."""
        if self.domain is None:
            return 2
        return len(self.domain.values or ()) if self.exact else BINS

    def value(self, choice: int, point: Callable[[], float]) -> Any:
        """The value of a choice; in a bin it is at a `point` of [0, 1)."""
        if self.domain is None:
            return choice
        if self.exact:
            return (self.domain.values or ())[choice]
        return self.domain.value(min((choice + point()) / BINS, BELOW_ONE))

    def place(self, value: Any) -> tuple[int, float]:
        """The choice that gives a value, and the value's point in its bin; the inverse of `value`.

        The domain must contain the value.
        """
        if self.domain is None:
            return int(value), 0.0
        if self.exact:
            return index_of(value, self.domain.values or ()) or 0, 0.0
        scaled = self.domain.coordinate(value) * BINS
        return int(scaled), scaled - int(scaled)


class ChoiceStep(NamedTuple):
    """One step: its kind, and how likely its choices are to begin with."""

    kind: Kind
    log_weights: FloatArray
    """The logarithm of each token's probability, if nothing has been learned; minus infinity if the token is
    not possible in this step."""
    dimension: Dimension
    """The dimension whose value is chosen; the number of layers, if the step goes on or stops."""
    layer: int = 0
    """How many layers there are so far, if the step goes on or stops."""

    def place(self, values: Values) -> tuple[int, float]:
        """The token that leads to these values, and the value's point in its bin.

        If the choice is not possible, it is one that gives the same network. Raises ValueError if the values
        are not in the space.
        """
        name = self.dimension.name
        if name not in values or values[name] not in self.dimension.domain:
            raise ValueError(f"the space has no such {name}")
        value = (STOP if self.layer == values[name] else GO_ON) if self.kind.domain is None else values[name]
        choice, point = self.kind.place(value)
        if self.log_weights[self.kind.first + choice] == -np.inf:
            return int(np.argmax(self.log_weights)), point
        return self.kind.first + choice, point


@dataclass(frozen=True, slots=True)
class _Layers:
    """The dimensions of a setting that has layers."""

    depth: Dimension
    by_layer: Mapping[int, list[Dimension]]
    """By the index of the first layer that they belong to."""


class Sequences:
    """The sequences of choices that give the assignments of a space."""

    def __init__(self, space: Space) -> None:
        self.kinds: list[Kind] = []
        self.tokens = 0
        """How many choices all kinds have together."""
        self._by_name: dict[str, Kind] = {}
        self._log_weights: dict[tuple[int, tuple[float, ...]], FloatArray] = {}
        """Those that were needed so far, by kind and weights."""
        self._parts = list(_parts(space.dimensions))
        for dimension in space.dimensions:
            name = _kind_name(dimension)
            if name not in self._by_name:
                domain = None if dimension.part == DEPTH else dimension.domain
                kind = Kind(len(self.kinds), self.tokens, domain)
                self._by_name[name] = kind
                self.kinds.append(kind)
                self.tokens += kind.choices

    def steps(self, point: Callable[[], float]) -> Generator[ChoiceStep, int, Values]:
        """Yield the steps of one sequence; each is sent the choice. Return the values.

        `point` draws a number in [0, 1), for a value inside a bin.
        """
        values: Values = {}
        for part in self._parts:
            first = part.depth if isinstance(part, _Layers) else part
            if all(condition.holds(values) for condition in first.conditions):
                if isinstance(part, _Layers):
                    yield from self._layers(part, values, point)
                else:
                    yield from self._value(part, values, point)
        return values

    def _layers(
        self, layers: _Layers, values: Values, point: Callable[[], float]
    ) -> Generator[ChoiceStep, int, None]:
        """Layer by layer, going on below the lowest number of layers and stopping at the highest.

        All numbers of layers are equally likely to begin with.
        """
        kind, numbers = self._by_name[layers.depth.name], layers.depth.domain.values or (0,)
        low, high, depth = numbers[0], numbers[-1], 0
        for depth in range(high + 1):
            stops = 0.0 if depth < low else 1.0 / (high - depth + 1)
            log_weights = self._log_weights_of(kind, [stops, 1.0 - stops])
            if (yield ChoiceStep(kind, log_weights, layers.depth, depth)) == STOP:
                break
            for dimension in layers.by_layer.get(depth, ()):
                yield from self._value(dimension, values, point)
        values[layers.depth.name] = depth

    def _value(
        self, dimension: Dimension, values: Values, point: Callable[[], float]
    ) -> Generator[ChoiceStep, int, None]:
        kind = self._by_name[_kind_name(dimension)]
        log_weights = self._log_weights_of(kind, _weights(kind, dimension, values))
        choice = yield ChoiceStep(kind, log_weights, dimension)
        values[dimension.name] = kind.value(choice, point)

    def _log_weights_of(self, kind: Kind, weights: list[float]) -> FloatArray:
        key = kind.number, tuple(weights)
        if key not in self._log_weights:
            log_weights = self._log_weights[key] = np.full(self.tokens, -np.inf)
            with np.errstate(divide="ignore"):
                log_weights[kind.first : kind.first + kind.choices] = np.log(np.array(weights) / sum(weights))
        return self._log_weights[key]


def _parts(dimensions: tuple[Dimension, ...]) -> Iterator[Dimension | _Layers]:
    """The dimensions in their order; those of layers are together, where their number is."""
    for dimension in dimensions:
        if dimension.part == DEPTH:
            by_layer: dict[int, list[Dimension]] = {}
            for other in dimensions:
                if other.setting == dimension.setting and other.part != DEPTH:
                    by_layer.setdefault(_first_layer(other, dimension.name), []).append(other)
            yield _Layers(dimension, by_layer)
        elif dimension.part is None:
            yield dimension


def _first_layer(dimension: Dimension, depth: str) -> int:
    """The index of the first layer that the dimension belongs to."""
    for condition in dimension.conditions:
        if condition.dimension == depth:
            return int(condition.values[0]) - 1
    return layer_index(dimension) or 0


def _kind_name(dimension: Dimension) -> str:
    """The name of the dimension, without the layer's index."""
    part = single_layer_part(dimension)
    return dimension.name if part is None else f"{dimension.setting}.{part}"


def _weights(kind: Kind, dimension: Dimension, values: Values) -> list[float]:
    """Equal weights of all possible choices.

    A layer cannot add its inputs if they are more or fewer than its outputs: it would be the same layer as
    one that does not.
    """
    index, choices = layer_index(dimension), dimension.domain.values or ()
    if index and single_layer_part(dimension) == RESIDUAL and False in choices:
        names = (f"{dimension.setting}.{of_layer(WIDTH, layer)}" for layer in (index - 1, index))
        below, width = map(values.get, names)
        if below != width:
            return [float(not value) for value in choices]
    return [1.0] * kind.choices

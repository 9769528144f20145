"""Hidden layers are one setting but several dimensions: their number, and the settings of each.

Only this module converts a list such as `[64, 32]` or `[{units: 64, activation: relu}]` to `depth`,
`width[i]`, `activation[i]` and so on, and back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.domains import Choice, Domain, DomainProblem
from fnnctl.space.number_domains import Integer, LogInteger

COARSE_STEPS: Final = 8
"""Into how many steps `coarse` divides a linear range of widths: so few that many trials have the same shape
and train as one stack."""
DEPTH: Final = "depth"
WIDTH: Final = "width"
UNITS: Final = "units"
RESIDUAL: Final = "residual"
CHOICES: Final[Mapping[str, str]] = {
    "activation": "[relu, tanh]",
    "normalization": "[none, batch]",
    RESIDUAL: "[false, true]",
}
"""The settings of a layer that can be chosen beside its width, each with an example of its values."""
PARTS: Final[Mapping[str, str]] = {WIDTH: UNITS, **{key: key for key in CHOICES}}
"""The parts of a layer in the order of their dimensions, each with its key in a layer's mapping."""

Layer: TypeAlias = int | Mapping[str, Any]
"""A number of units, or a mapping of `units` and other settings."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The domain of hidden layers: how many there are, and the settings of each."""

    depth: tuple[int, int]
    """The smallest and the largest number of layers."""
    width: tuple[int, int]
    """The smallest and the largest number of units per layer."""
    log: bool = False
    """Whether widths are uniform on a logarithmic scale instead of a linear one."""
    per_layer: bool = False
    """Whether each layer has its own settings, instead of the same for all layers."""
    step: float | Literal["coarse"] | None = "coarse"
    """The step between neighbouring widths: a factor if `log`, else a difference; `coarse` for few widths."""
    activation: Sequence[Any] | None = None
    """The activations to choose from; None if they are not searched."""
    normalization: Sequence[Any] | None = None
    """The normalizations to choose from; None if they are not searched."""
    residual: Sequence[bool] | None = None
    """Whether layers have a residual connection; None if this is not searched."""

    def dimensions(self, setting: str, key: str | None = None) -> Iterator[Dimension]:
        """The depth, then the settings of one layer after the other, each searched if there is such a layer.

        The first layer has no residual connection, so there is no dimension for it.
        """
        low, high = self.depth
        yield Dimension(setting, Integer(low, high), DEPTH, key=key)
        for index in range(high if self.per_layer else min(high, 1)):
            for part, domain in self._domains.items():
                min_depth = index + 1
                if part == RESIDUAL and index == 0:
                    if self.per_layer or high < 2:
                        continue
                    min_depth = 2  # the one dimension of all layers: it begins to matter with the second
                deeper = Condition(f"{setting}.{DEPTH}", range(min_depth, high + 1))
                conditions = (deeper,) if low < min_depth else ()
                name = of_layer(part, index) if self.per_layer else part
                yield Dimension(setting, domain, name, conditions, key)

    def problems(self) -> Iterator[DomainProblem]:
        """Everything that is wrong with the domain on its own."""
        for key, (low, high) in ((DEPTH, self.depth), (WIDTH, self.width)):
            if low > high:
                yield (key,), f"the minimum, {low}, is above the maximum, {high}; write [{high}, {low}]"
        if isinstance(self.step, float):
            if self.log and self.step <= 1:
                yield ("step",), f"is a factor if log is true and must be above 1, not {self.step:g}"
            elif not self.log and not self.step.is_integer():
                yield ("step",), f"is a difference of widths and must be a whole number, not {self.step:g}"
        for key, choice in self._choices.items():
            if not choice.values:
                yield (key,), f"is empty; write the values to choose from, such as {CHOICES[key]}"
            for path, message in choice.problems() if choice.values else ():
                yield (key, *path[1:]), message
        if self.residual and max(self.depth) < 2:
            suggestion = "raise the depth, or remove it"
            yield (RESIDUAL,), f"has no effect: only layers after the first add their inputs; {suggestion}"

    @property
    def _domains(self) -> dict[str, Domain]:
        """The domains of a layer's parts, in the order of their dimensions."""
        return {WIDTH: self._width_domain, **self._choices}

    @property
    def _choices(self) -> dict[str, Choice]:
        choices = {key: getattr(self, key) for key in CHOICES}
        return {key: Choice(tuple(values)) for key, values in choices.items() if values is not None}

    @property
    def _width_domain(self) -> Domain:
        low, high = self.width
        if self.log:
            return LogInteger(low, high, 2.0 if self.step == "coarse" else self.step)
        if self.step == "coarse":
            return Integer(low, high, max(1, math.ceil((high - low) / COARSE_STEPS)))
        return Integer(low, high, None if self.step is None else int(self.step))


def assemble_layers(setting: str, values: Mapping[str, Any]) -> list[Any]:
    """The layers, from the values by dimension, which include the depth.

    They are numbers of units if nothing else is searched, otherwise mappings.
    """
    layers: list[dict[str, Any]] = []
    for index in range(values[f"{setting}.{DEPTH}"]):
        layer = {}
        for part, key in PARTS.items():
            for name in (f"{setting}.{of_layer(part, index)}", f"{setting}.{part}"):
                if name in values and (part != RESIDUAL or index):
                    layer[key] = values[name]
                    break
        layers.append(layer)
    only_units = all(layer.keys() == {UNITS} for layer in layers)
    return [layer[UNITS] for layer in layers] if only_units else layers


def split_layers(setting: str, layers: Sequence[Layer]) -> dict[str, Any]:
    """The value of every dimension that these layers can have."""
    values: dict[str, Any] = {f"{setting}.{DEPTH}": len(layers)}
    for index, layer in enumerate(map(_mapping, layers)):
        for part, key in PARTS.items():
            if key in layer:
                values.setdefault(f"{setting}.{part}", layer[key])
                values[f"{setting}.{of_layer(part, index)}"] = layer[key]
    return values


def layer_dimensions(setting: str, layers: Iterable[Sequence[Layer]]) -> list[str]:
    """The names of the dimensions that distinguish these layers, in order.

    Each layer has dimensions of its own only if a setting differs between the layers of a network.
    """
    networks = [list(map(_mapping, network)) for network in layers]
    parts = [
        part
        for part, key in PARTS.items()
        if part == WIDTH or any(key in layer for network in networks for layer in network)
    ]
    names = [DEPTH, *parts]
    if any(_differ(network, PARTS[part]) for network in networks for part in parts):
        indices = range(max(map(len, networks)))
        per_layer = [
            of_layer(part, index) for index in indices for part in parts if index or part != RESIDUAL
        ]
        names = [DEPTH, *per_layer]
    return [f"{setting}.{name}" for name in names]


def layer_domains(dimensions: Iterable[Dimension]) -> dict[str, Domain]:
    """The domains of what is searched beside the widths, by the key in a layer's mapping."""
    parts = (((dimension.part or "").partition("[")[0], dimension.domain) for dimension in dimensions)
    return {PARTS[part]: domain for part, domain in parts if part in CHOICES}


def is_layers(value: object) -> bool:
    """Whether a value is a list of layers, as `split_layers` takes it."""
    return isinstance(value, list | tuple) and all(map(_is_layer, value))


def representatives(dimensions: Iterable[Dimension]) -> list[Dimension]:
    """The dimensions without those of inner layers: what is wrong with one of them is wrong with others.

    If each layer has its own settings, all have the same domains, and there may be a thousand layers.
    """
    all_dimensions = list(dimensions)
    names_by_part: dict[str, list[str]] = {}
    for dimension in all_dimensions:
        if (part := single_layer_part(dimension)) is not None:
            names_by_part.setdefault(part, []).append(dimension.name)
    inner = {name for names in names_by_part.values() for name in names[2:-1]}
    return [dimension for dimension in all_dimensions if dimension.name not in inner]


def single_layer_part(dimension: Dimension) -> str | None:
    """The part, such as `width`, if the dimension is that of one layer only; otherwise None."""
    part, bracket, _ = (dimension.part or "").partition("[")
    return part if bracket else None


def layer_index(dimension: Dimension) -> int | None:
    """The index of the layer if the dimension is that of one layer only; otherwise None."""
    _, bracket, index = (dimension.part or "").partition("[")
    return int(index.removesuffix("]")) if bracket else None


def of_layer(part: str, index: int) -> str:
    """The part of one layer only, such as `width[2]`."""
    return f"{part}[{index}]"


def _mapping(layer: Layer) -> Mapping[str, Any]:
    return layer if isinstance(layer, Mapping) else {UNITS: layer}


def _is_layer(value: object) -> bool:
    if isinstance(value, Mapping):
        return UNITS in value
    return isinstance(value, int | float) and not isinstance(value, bool)


def _differ(layers: Iterable[Mapping[str, Any]], key: str) -> bool:
    """Whether a setting has several values, among the layers that have it."""
    values = [layer[key] for layer in layers if key in layer]
    return any(value != values[0] for value in values)

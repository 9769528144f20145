"""Hidden layers are one setting but several dimensions: the number of layers and their widths.

Only this module converts a list such as `[64, 32]` to `depth`, `width` and `width[i]`, and back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from fnnctl.space.dimensions import Condition, Dimension
from fnnctl.space.domains import Domain, DomainProblem
from fnnctl.space.number_domains import Integer, LogInteger

COARSE_STEPS: Final = 8
DEPTH: Final = "depth"
WIDTH: Final = "width"


@dataclass(frozen=True, slots=True)
class Layers:
    """The domain of hidden layers: how many there are, and how wide they are."""

    depth: tuple[int, int]
    """The smallest and the largest number of layers."""
    width: tuple[int, int]
    """The smallest and the largest number of units per layer."""
    log: bool = False
    """Whether widths are uniform on a logarithmic scale instead of a linear one."""
    per_layer: bool = False
    """Whether each layer has its own width, instead of one width for all layers."""
    step: float | Literal["coarse"] | None = "coarse"
    """The step between neighbouring widths: a factor if `log`, else a difference; `coarse` for few widths."""

    def dimensions(self, setting: str, key: str | None = None) -> Iterator[Dimension]:
        """The depth, then the width or widths; a layer's width is searched only if there is such a layer."""
        low, high = self.depth
        yield Dimension(setting, Integer(low, high), DEPTH, key=key)
        for index in range(high if self.per_layer else min(high, 1)):
            deeper = Condition(f"{setting}.{DEPTH}", range(index + 1, high + 1))
            part = _width_of_layer(index) if self.per_layer else WIDTH
            yield Dimension(setting, self._width_domain, part, (deeper,) if low <= index else (), key)

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

    @property
    def _width_domain(self) -> Domain:
        low, high = self.width
        if self.log:
            return LogInteger(low, high, 2.0 if self.step == "coarse" else self.step)
        if self.step == "coarse":
            return Integer(low, high, max(1, math.ceil((high - low) / COARSE_STEPS)))
        return Integer(low, high, None if self.step is None else int(self.step))


def joined_layers(setting: str, values: Mapping[str, Any]) -> list[int]:
    """The widths of the layers, from the values by dimension, which include the depth."""
    one = values.get(f"{setting}.{WIDTH}")
    depth = values[f"{setting}.{DEPTH}"]
    return [values.get(f"{setting}.{_width_of_layer(index)}", one) for index in range(depth)]


def split_layers(setting: str, widths: Sequence[int]) -> dict[str, int]:
    """The value of every dimension that layers of these widths can have."""
    values = {f"{setting}.{DEPTH}": len(widths)}
    values |= {f"{setting}.{WIDTH}": width for width in widths[:1]}
    return values | {f"{setting}.{_width_of_layer(index)}": width for index, width in enumerate(widths)}


def layer_dimensions(setting: str, layers: Iterable[Sequence[int]]) -> list[str]:
    """The names of the dimensions that distinguish these layers: the depth, and the width or widths."""
    known = list(layers)
    parts = [DEPTH, WIDTH]
    if any(len(set(widths)) > 1 for widths in known):
        parts = [DEPTH, *map(_width_of_layer, range(max(map(len, known))))]
    return [f"{setting}.{part}" for part in parts]


def representatives(dimensions: Iterable[Dimension]) -> list[Dimension]:
    """The dimensions without the widths of inner layers: what is wrong with those is wrong with others, too.

    If each layer has its own width, all have the same domain, and there may be a thousand of them.
    """
    known = list(dimensions)
    own = [each.name for each in known if is_own_width(each)]
    inner = set(own[2:-1])
    return [each for each in known if each.name not in inner]


def is_own_width(dimension: Dimension) -> bool:
    """Whether the dimension is the width of one layer only."""
    return dimension.part is not None and dimension.part.startswith(f"{WIDTH}[")


def _width_of_layer(index: int) -> str:
    return f"{WIDTH}[{index}]"

"""Hidden layers are one setting, and several dimensions: how many layers there are, and how wide.

The only place that knows how `[64, 32]` becomes `depth`, `width` and `width[i]`, and how it comes back.
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
    """The hidden layers, by how many and how wide they are."""

    depth: tuple[int, int]
    """The least and the largest number of layers."""
    width: tuple[int, int]
    """The least and the largest number of units of a layer."""
    log: bool = False
    """Whether each order of magnitude of the width is as likely, or each width."""
    per_layer: bool = False
    """Whether every layer has a width of its own, or all have one width."""
    step: float | Literal["coarse"] | None = "coarse"
    """From one width to the next: a factor if `log`, else a difference; `coarse` for few widths."""

    def dimensions(self, setting: str, key: str | None = None) -> Iterator[Dimension]:
        """The depth, and the width or widths that the depth lets be searched."""
        low, high = self.depth
        yield Dimension(setting, Integer(low, high), DEPTH, key=key)
        for index in range(high if self.per_layer else min(high, 1)):
            deeper = Condition(f"{setting}.{DEPTH}", tuple(range(index + 1, high + 1)))
            part = _width_of_layer(index) if self.per_layer else WIDTH
            yield Dimension(setting, self._width_domain, part, (deeper,) if low <= index else (), key)

    def problems(self) -> Iterator[DomainProblem]:
        """Everything that is wrong with the domain itself."""
        for key, (low, high) in ((DEPTH, self.depth), (WIDTH, self.width)):
            if low > high:
                yield (key,), f"the least, {low}, is above the largest, {high}; write [{high}, {low}]"
        if isinstance(self.step, float):
            if self.log and self.step <= 1:
                yield ("step",), f"is a factor where log is true and must be above 1, not {self.step:g}"
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
    """The widths of the layers, from the values by dimension, which have the depth."""
    one = values.get(f"{setting}.{WIDTH}")
    depth = values[f"{setting}.{DEPTH}"]
    return [values.get(f"{setting}.{_width_of_layer(index)}", one) for index in range(depth)]


def split_layers(setting: str, widths: Sequence[int]) -> dict[str, int]:
    """The value of every dimension that layers of these widths can have."""
    values = {f"{setting}.{DEPTH}": len(widths)}
    values |= {f"{setting}.{WIDTH}": width for width in widths[:1]}
    return values | {f"{setting}.{_width_of_layer(index)}": width for index, width in enumerate(widths)}


def layer_dimensions(setting: str, layers: Iterable[Sequence[int]]) -> list[str]:
    """The names of the dimensions that tell these layers apart: the depth, and the width or the widths."""
    known = list(layers)
    parts = [DEPTH, WIDTH]
    if any(len(set(widths)) > 1 for widths in known):
        parts = [DEPTH, *map(_width_of_layer, range(max(map(len, known))))]
    return [f"{setting}.{part}" for part in parts]


def _width_of_layer(index: int) -> str:
    return f"{WIDTH}[{index}]"

"""What the members of a stack have in common: the shape of their network.

All else (seed, learning rate, penalty, an activation's number) may differ from member to member.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HiddenShape:
    """One hidden layer: how many units, and which activation.

    `shared` matters to learned slopes alone: one for the layer, or one for each unit.
    """

    units: int
    activation: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """A network from `inputs` features to `classes` scores; without a hidden layer, softmax regression."""

    inputs: int
    hidden: tuple[HiddenShape, ...]
    classes: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, features first and classes last."""
        return (self.inputs, *(layer.units for layer in self.hidden), self.classes)

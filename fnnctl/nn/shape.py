"""What the members of a stack have in common: the shape of their network, and the kinds of its parts.

All else (seed, learning rate, penalty, an activation's number, a dropout rate) may differ from member to
member. A part that a member does not have is a difference of kind, not a number that is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NormalizationKind = Literal["batch", "layer"]
OutputKind = Literal["softmax", "logistic"]


@dataclass(frozen=True, slots=True)
class HiddenShape:
    """One hidden layer: how many units, which activation, and what stands around it."""

    units: int
    activation: str
    shared: bool = False
    """Of learned slopes: one for the layer, or one for each unit."""
    pieces: int = 1
    """Of maxout: linear pieces a unit."""
    normalization: NormalizationKind | None = None
    """What the pre-activations are normalized over."""
    dropout: bool = False
    """Whether activations are dropped while training."""
    residual: bool = False
    """Whether the layer's inputs are added to its outputs; both are then equally many."""

    @property
    def rows(self) -> int:
        """Rows of the weight matrix, and pre-activations."""
        return self.units * self.pieces


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """A network from `inputs` features to the task's `outputs`; without a hidden layer, a linear model."""

    inputs: int
    hidden: tuple[HiddenShape, ...]
    outputs: int
    """What the task needs for an example: one score per class, or one value."""
    output: OutputKind = "softmax"
    positive: int = 1
    """Of a logistic output: the class whose score it is."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, features first and scores last."""
        return (self.inputs, *(layer.units for layer in self.hidden), self.scores)

    @property
    def scores(self) -> int:
        """Output units: a logistic output has one for the two classes."""
        return 1 if self.output == "logistic" else self.outputs


@dataclass(frozen=True, slots=True)
class Techniques:
    """What training does besides back-propagation and the optimizer's steps."""

    weighted: bool = False
    """Examples have weights in the loss."""
    smoothing: bool = False
    """Targets are smoothed."""
    mixup: bool = False
    """Pairs of examples are mixed."""
    noise: bool = False
    """Gaussian noise is added to the inputs."""
    l1: bool = False
    """The sum of the weights' absolute values is penalised."""
    clip_value: bool = False
    """Each number of the gradient is bounded."""
    clip_norm: bool = False
    """The gradient's norm is bounded."""
    max_norm: bool = False
    """The norm of each hidden unit's incoming weights is bounded."""

"""What a stack's members share, and what is each member's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.initializers import draw_weights
from fnnctl.nn.network import Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import NetworkShape
from fnnctl.training.streams import Purpose, stream


@dataclass(frozen=True, slots=True)
class StackSettings:
    """What must be equal for networks to train as one stack."""

    shape: NetworkShape
    optimizer: str
    batch_size: int
    shuffle: bool = True
    precision: str = "float32"

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The type of parameters and activations."""
        return np.dtype(self.precision)


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """When a member ends before its last epoch: see `EarlyStopping` in the config."""

    monitor: str
    patience: int
    tolerance: float = 0.0
    restore_best: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    """One network's own settings, and the rows of the pool that it trains and is validated on.

    Within a stack the numbers of rows are equal; the rows themselves may differ.
    """

    seed: int
    epochs: int
    learning_rate: float
    l2: float
    train_rows: IntArray
    validation_rows: IntArray
    initializers: tuple[str, ...]
    """One a layer, the output layer last."""
    activation_numbers: tuple[float, ...] = ()
    """One a hidden layer; unused ones are 0."""
    optimizer_numbers: Mapping[str, float] = field(default_factory=dict)
    stopping: StoppingRule | None = None


@dataclass(frozen=True, slots=True)
class Examples:
    """The pool that members take rows from: features with a last column of ones, and labels."""

    inputs: FloatArray
    """(rows, features + 1)"""
    labels: IntArray
    """(rows,), indices of classes"""


def column(members: Sequence[Member], name: str) -> FloatArray:
    """A number of every member, (K,), in float64."""
    return np.array([getattr(member, name) for member in members], dtype=np.float64)


def first_parameters(
    layout: ParameterLayout, members: Sequence[Member], dtype: np.dtype[np.floating]
) -> FloatArray:
    """Each member's first weights, drawn from its own stream; biases are zero: (K, P)."""
    parameters = np.zeros((len(members), layout.size), dtype)
    for k, member in enumerate(members):
        rng = stream(member.seed, Purpose.WEIGHTS)
        own = parameters[k : k + 1]
        for block, scheme in zip(layout.weights, member.initializers, strict=True):
            outputs, inputs_and_bias = block.shape
            block.view(own)[0, :, :-1] = draw_weights(scheme, outputs, inputs_and_bias - 1, rng=rng)
        for slopes, number in zip(layout.slopes, member.activation_numbers, strict=True):
            if slopes is not None:
                slopes.view(own)[...] = number
    return parameters


def network_of(layout: ParameterLayout, members: Sequence[Member], parameters: FloatArray) -> Network:
    """The members' networks with these parameters, (K, P)."""
    numbers = np.array([member.activation_numbers for member in members], dtype=np.float64)
    return Network(layout, parameters, numbers.reshape(len(members), -1))

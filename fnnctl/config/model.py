"""The `model` section: the network's layers, their activations and first weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.section import Section, Shorthand

Units = Annotated[int, Field(ge=1, le=1_000_000)]
PlainName = Literal[
    "identity", "logistic", "tanh", "hard_logistic", "hard_tanh", "relu", "softplus", "selu", "gelu", "mish"
]
Initialization = Literal[
    "auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
    "lecun_uniform", "lecun_normal", "orthogonal",
]  # fmt: skip


class PlainActivation(Section):
    """An activation without numbers of its own."""

    name: PlainName
    """Which function."""


class LeakyReluActivation(Section):
    """max(0, x) + slope·min(0, x)."""

    name: Literal["leaky_relu"]
    """Which function."""
    slope: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.01
    """The slope for negative inputs."""


class PreluActivation(Section):
    """Leaky relu whose slope is learned."""

    name: Literal["prelu"]
    """Which function."""
    slope: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.25
    """The slope that learning starts from."""
    shared: bool = False
    """Whether the layer has one slope, or one for each neuron."""


class EluActivation(Section):
    """max(0, x) + min(0, alpha·(exp(x) − 1))."""

    name: Literal["elu"]
    """Which function."""
    alpha: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    """The limit for very negative inputs is −alpha."""


class SwishActivation(Section):
    """x·logistic(beta·x)."""

    name: Literal["swish"]
    """Which function."""
    beta: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    """How sharp the gate is: 0 is ½x, and large values come close to relu."""


Activation = Annotated[
    Annotated[
        PlainActivation | LeakyReluActivation | PreluActivation | EluActivation | SwishActivation,
        Field(discriminator="name"),
    ],
    Shorthand("name"),
]


class HiddenLayer(Section):
    """One hidden layer; what it leaves out is the model's."""

    units: Units
    """How many neurons the layer has."""
    activation: Activation | None = None
    """The layer's own activation; null for the model's."""
    initialization: Initialization | None = None
    """The layer's own initialization; null for the model's."""


class ModelConfig(Section):
    """The network between the features and the classes."""

    hidden: Annotated[
        tuple[Annotated[HiddenLayer, Shorthand("units")], ...], Field(strict=False, max_length=1000)
    ] = (HiddenLayer(units=100),)
    """The hidden layers, first to last: a number of units, or `{units, activation, initialization}`.
    An empty list is softmax regression."""
    activation: Activation = PlainActivation(name="relu")
    """The activation of every hidden layer that has none of its own."""
    initialization: Initialization = "auto"
    """How the first weights are drawn, those of the output layer and of every hidden layer that has no
    initialization of its own; `auto` is He's for relu, leaky_relu, prelu and elu, and Glorot's for the
    other activations and for the output layer."""

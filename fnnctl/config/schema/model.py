"""The `model` section: the network's layers, their activations and first weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section, Shorthand

Units = Annotated[int, Field(ge=1, le=1_000_000)]
PlainName = Literal[
    "identity", "logistic", "tanh", "hard_logistic", "hard_tanh", "relu", "softplus", "selu", "gelu", "mish"
]
DropoutRate = Annotated[float, Field(ge=0.0, le=0.99)]
NormalizationEpsilon = Annotated[float, Field(gt=0.0, le=1.0)]
Initialization = Literal[
    "auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
    "lecun_uniform", "lecun_normal", "orthogonal",
]  # fmt: skip


class PlainActivation(Section):
    """An activation without hyperparameters."""

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


class MaxoutActivation(Section):
    """The largest of several linear functions of the layer's inputs."""

    name: Literal["maxout"]
    """Which function."""
    pieces: Annotated[int, Field(ge=2, le=100)] = 2
    """How many linear functions a neuron has; each has weights of its own."""


Activation = Annotated[
    Annotated[
        PlainActivation
        | LeakyReluActivation
        | PreluActivation
        | EluActivation
        | SwishActivation
        | MaxoutActivation,
        Field(discriminator="name"),
    ],
    Shorthand("name"),
]


class NoNormalization(Section):
    """Pre-activations as they are."""

    name: Literal["none"]
    """Which normalization."""


class BatchNormalizationConfig(Section):
    """Every neuron's pre-activations are brought to mean 0 and variance 1 over the batch."""

    name: Literal["batch"]
    """Which normalization."""
    momentum: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """How fast the running mean and variance, which are used after training, follow those of the batches."""
    epsilon: NormalizationEpsilon = 1e-5
    """Added to the variance."""


class LayerNormalizationConfig(Section):
    """Every example's pre-activations are brought to mean 0 and variance 1 over the layer."""

    name: Literal["layer"]
    """Which normalization."""
    epsilon: NormalizationEpsilon = 1e-5
    """Added to the variance."""


Normalization = Annotated[
    Annotated[
        NoNormalization | BatchNormalizationConfig | LayerNormalizationConfig,
        Field(discriminator="name"),
    ],
    Shorthand("name"),
]


class AutoOutput(Section):
    """`softmax` in a classification, `squared` in a regression."""

    name: Literal["auto"] = "auto"
    """Which output."""


class SoftmaxOutput(Section):
    """A score for every class, softmax, and the cross-entropy."""

    name: Literal["softmax"]
    """Which output."""


class LogisticOutput(Section):
    """One score for two classes, and the logistic function."""

    name: Literal["logistic"]
    """Which output."""
    positive_class: str | None = None
    """The class whose probability the score gives; null for the second one."""


class SquaredOutput(Section):
    """One value, and half the squared error."""

    name: Literal["squared"]
    """Which output."""


class AbsoluteOutput(Section):
    """One value, and the absolute error, which estimates the median."""

    name: Literal["absolute"]
    """Which output."""


class HuberOutput(Section):
    """One value, and Huber's loss: quadratic for small errors, linear for large ones."""

    name: Literal["huber"]
    """Which output."""
    delta: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """The error from which the loss is linear, in standard deviations of the target."""


Output = Annotated[
    Annotated[
        AutoOutput | SoftmaxOutput | LogisticOutput | SquaredOutput | AbsoluteOutput | HuberOutput,
        Field(discriminator="name"),
    ],
    Shorthand("name", default="auto"),
]


class HiddenLayerConfig(Section):
    """One hidden layer; what it leaves out is the model's."""

    units: Units
    """How many neurons the layer has."""
    activation: Activation | None = None
    """The layer's own activation; null for the model's."""
    initialization: Initialization | None = None
    """The layer's own initialization; null for the model's."""
    normalization: Normalization | None = None
    """The layer's own normalization; null for the model's."""
    dropout: DropoutRate | None = None
    """The layer's own dropout; null for the model's."""


class ModelConfig(Section):
    """The network between the features and the target."""

    hidden: Annotated[
        tuple[Annotated[HiddenLayerConfig, Shorthand("units")], ...], Field(strict=False, max_length=1000)
    ] = (HiddenLayerConfig(units=100),)
    """The hidden layers, first to last: a number of units, or `{units, activation, initialization,
    normalization, dropout}`.
    An empty list is a linear model: softmax or linear regression."""
    activation: Activation = PlainActivation(name="relu")
    """The activation of every hidden layer that has none of its own."""
    initialization: Initialization = "auto"
    """How the first weights are drawn, those of the output layer and of every hidden layer that has no
    initialization of its own; `auto` is He's for relu and its kin (leaky_relu, prelu, elu, swish, gelu,
    mish), LeCun's for selu and maxout, and Glorot's for the other activations and for the output layer."""
    initial_biases: Literal["zero", "uniform"] = "zero"
    """What the first biases are: zero, or drawn uniformly between ±√(6/(inputs + outputs)) of the layer,
    which is glorot_uniform's bound, whatever its initialization. Biases after a normalization are zero in any
    case."""
    normalization: Normalization = NoNormalization(name="none")
    """What brings the pre-activations of the hidden layers to mean 0 and variance 1."""
    dropout: DropoutRate = 0.0
    """The share of every hidden layer's activations that is dropped at random in each training step; where
    the activation is selu it is alpha dropout."""
    residual: bool = False
    """Whether every hidden layer after the first adds its inputs to its outputs, where both are equally
    many."""
    output: Output = AutoOutput()
    """What the last layer gives and what its loss is: softmax or logistic in a classification; squared,
    absolute or huber in a regression."""
    calibration: Literal["none", "temperature"] = "none"
    """What makes probabilities agree with how often they are right: `temperature` divides all scores by the
    number that suits the validation part best, which changes no prediction."""

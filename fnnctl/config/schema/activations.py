"""The activations of hidden layers: a section of the config and a record for each.

A record has all that others must know of an activation, apart from its formula (`nn.layers.activations`) and
its operators (`export.onnx.activations`), which are tables keyed by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Setting
from fnnctl.text import joined_words

AutoInitialization = Literal["glorot_uniform", "he_uniform", "lecun_normal"]
"""What `model.initialization: auto` may stand for."""
PlainName = Literal[
    "identity", "logistic", "tanh", "hard_logistic", "hard_tanh", "relu", "softplus", "selu", "gelu", "mish"
]


class ActivationSection(Section):
    """An activation with its hyperparameters, as a layer needs them."""

    name: str
    """The activation."""

    @property
    def parameter(self) -> float:
        """The parameter of the function, or the initial one if it is trained; 0 if there is none."""
        setting = ACTIVATION_RECORDS[self.name].parameter
        value: float = 0.0 if setting is None else getattr(self, setting)
        return value

    @property
    def functions_per_unit(self) -> int:
        """The number of linear functions of a layer's inputs per unit."""
        return 1

    @property
    def is_shared(self) -> bool:
        """Whether all units of a layer share one trained parameter."""
        return False


class PlainActivation(ActivationSection):
    """An activation without hyperparameters."""

    name: Annotated[
        PlainName,
        Setting(
            value_synonyms={
                "hard_logistic": ("hard_sigmoid", "hardsigmoid"),
                "identity": ("linear",),
                "logistic": ("sigmoid",),
            }
        ),
    ]


class LeakyReluActivation(ActivationSection):
    """max(0, x) + slope·min(0, x)."""

    name: Literal["leaky_relu"]
    slope: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.01
    """The slope for negative inputs."""


class PreluActivation(ActivationSection):
    """Leaky relu whose slope is trained."""

    synonyms = ("parametric_relu",)
    name: Literal["prelu"]
    slope: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.25
    """The initial slope."""
    shared: bool = False
    """Whether the whole layer shares one slope; otherwise each unit has its own."""

    @property
    def is_shared(self) -> bool:
        return self.shared


class EluActivation(ActivationSection):
    """max(0, x) + min(0, alpha·(exp(x) − 1))."""

    name: Literal["elu"]
    alpha: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    """The limit for very negative inputs is −alpha."""


class SwishActivation(ActivationSection):
    """x·logistic(beta·x)."""

    synonyms = ("silu",)
    name: Literal["swish"]
    beta: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    """The steepness of the gate: 0 gives ½x, large values approach relu."""


class MaxoutActivation(ActivationSection):
    """The maximum of several linear functions of the layer's inputs."""

    name: Literal["maxout"]
    pieces: Annotated[int, Field(ge=2, le=100)] = 2
    """The number of linear functions per unit, each with its own weights."""

    @property
    def functions_per_unit(self) -> int:
        return self.pieces


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


@dataclass(frozen=True, slots=True)
class ActivationRecord:
    """What others must know of an activation."""

    summary: str
    """What it does, for the documentation."""
    formula: str
    """f(z) in terms of its settings, for the documentation."""
    initialization: AutoInitialization
    """What `model.initialization: auto` stands for in its layers."""
    parameter: str | None = None
    """The setting that is the function's parameter, or its initial value if it is trained."""
    exported: bool = True
    """Whether a network with it can be exported as ONNX, by its operators in `export.onnx.activations`."""


# LeCun's weights keep selu's mean and variance. They suit maxout with two pieces, too: the larger of two
# standard normals has a mean square of 1.
ACTIVATION_RECORDS: Final[Mapping[str, ActivationRecord]] = {
    "relu": ActivationRecord("0 for negative z, else z", "max(z, 0)", "he_uniform"),
    "leaky_relu": ActivationRecord(
        "a small slope for negative z", "max(z, 0) + slope · min(z, 0)", "he_uniform", parameter="slope"
    ),
    "prelu": ActivationRecord(
        "a trained slope for negative z, per unit or per layer",
        "max(z, 0) + slope · min(z, 0)",
        "he_uniform",
        parameter="slope",
    ),
    "elu": ActivationRecord(
        "exponential for negative z",
        "max(z, 0) + min(alpha · (exp(z) − 1), 0)",
        "he_uniform",
        parameter="alpha",
    ),
    "selu": ActivationRecord(
        "exponential for negative z; the units keep mean 0 and variance 1",
        "1.0507009873554805 · elu(z) with the alpha 1.6732632423543772",
        "lecun_normal",
    ),
    "softplus": ActivationRecord("a smooth form of relu", "log(1 + exp(z))", "glorot_uniform"),
    "swish": ActivationRecord(
        "a smooth form of relu", "z · logistic(beta · z)", "he_uniform", parameter="beta"
    ),
    "gelu": ActivationRecord(
        "a smooth form of relu", "z / 2 · (1 + tanh(√(2 / π) · (z + 0.044715 · z³)))", "he_uniform"
    ),
    "mish": ActivationRecord("a smooth form of relu", "z · tanh(softplus(z))", "he_uniform"),
    "maxout": ActivationRecord(
        "the largest of several linear functions", "the largest of the unit's pieces", "lecun_normal"
    ),
    "tanh": ActivationRecord("bounded by −1 and 1", "tanh(z)", "glorot_uniform"),
    "logistic": ActivationRecord("bounded by 0 and 1", "1 / (1 + exp(−z))", "glorot_uniform"),
    "hard_tanh": ActivationRecord("tanh made of straight lines", "z limited to [−1, 1]", "glorot_uniform"),
    "hard_logistic": ActivationRecord(
        "logistic made of straight lines", "z / 4 + 1 / 2 limited to [0, 1]", "glorot_uniform"
    ),
    "identity": ActivationRecord("none: the layer is linear", "z", "glorot_uniform"),
}
"""By name, in the order of the documentation."""


def _activations_with(initialization: AutoInitialization) -> str:
    records = ACTIVATION_RECORDS.items()
    return joined_words([name for name, record in records if record.initialization == initialization])


AUTO_INITIALIZATION: Final = (
    f"`auto` is He's initialization for {_activations_with('he_uniform')}, LeCun's for "
    f"{_activations_with('lecun_normal')}, and Glorot's for the other activations and the output layer."
)
"""What `model.initialization: auto` stands for, in words."""

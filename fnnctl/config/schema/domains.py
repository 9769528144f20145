"""The domains of a search space in the config: the values of a searched setting.

The key says which kind of domain it is: `{choice: [relu, tanh]}`, `{uniform: [0, 1]}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Discriminator, Field, Tag

from fnnctl.config.schema.activations import Activation
from fnnctl.config.schema.layers import Normalization
from fnnctl.config.schema.section import AsWritten, Section

Number = Annotated[float, Field(ge=-1e15, le=1e15)]
Whole = Annotated[int, Field(ge=-(10**15), le=10**15)]
Depth = Annotated[int, Field(ge=0, le=1000)]
Units = Annotated[int, Field(ge=1, le=1_000_000)]
Pair = Annotated[tuple[Number, Number], Field(strict=False)]
WholePair = Annotated[tuple[Whole, Whole], Field(strict=False)]
DepthPair = Annotated[tuple[Depth, Depth], Field(strict=False)]
UnitsPair = Annotated[tuple[Units, Units], Field(strict=False)]
Difference = Annotated[float, Field(gt=0.0, le=1e15)]
WholeDifference = Annotated[int, Field(ge=1, le=10**15)]
Ratio = Annotated[float, Field(ge=1.001, le=1e15)]
_WHEN: Final = (
    "Conditions: this setting is searched only if the named settings have the given value, or one of several."
)
When = Annotated[dict[str, Any] | None, Field(description=_WHEN)]
_Value = TypeVar("_Value")
LayerChoice = Annotated[tuple[_Value, ...], Field(strict=False, max_length=100)]


class ChoiceConfig(Section):
    """One of several values, all equally likely."""

    choice: Annotated[tuple[Any, ...], Field(strict=False, max_length=10_000)]
    """The values: numbers, names or whole sections, as in [adam, {name: sgd, learning_rate: 0.1}]."""
    when: When = None


class UniformConfig(Section):
    """A number, uniform between two bounds."""

    uniform: Pair
    """The lowest and the highest value."""
    step: Difference | None = None
    """The difference between neighbouring values, starting from the lowest; null for a continuous range."""
    when: When = None


class LogUniformConfig(Section):
    """A number, uniform on a logarithmic scale between two bounds."""

    log_uniform: Pair
    """The lowest and the highest value, both above 0."""
    step: Ratio | None = None
    """The factor between neighbouring values, starting from the lowest; null for a continuous range."""
    when: When = None


class IntegerConfig(Section):
    """A whole number, uniform between two bounds."""

    integer: WholePair
    """The lowest and the highest value."""
    step: WholeDifference | None = None
    """The difference between neighbouring values, starting from the lowest; null for every whole number."""
    when: When = None


class LogIntegerConfig(Section):
    """A whole number, uniform on a logarithmic scale between two bounds."""

    log_integer: WholePair
    """The lowest and the highest value, both above 0."""
    step: Ratio | None = None
    """The factor between neighbouring values, starting from the lowest; null for every whole number."""
    when: When = None


class NormalConfig(Section):
    """A number from a truncated normal distribution."""

    normal: Pair
    """The mean and the standard deviation."""
    within: Pair | None = None
    """The lowest and the highest value; null for four standard deviations around the mean."""
    step: Difference | None = None
    """The difference between neighbouring values, starting from the mean; null for a continuous range."""
    when: When = None


class LayersConfig(Section):
    """The hidden layers: their number, their widths and other settings."""

    depth: DepthPair
    """The lowest and the highest number of hidden layers."""
    width: UnitsPair
    """The lowest and the highest number of units per layer."""
    log: bool = False
    """Whether widths are uniform on a logarithmic scale."""
    per_layer: bool = False
    """Whether each layer has its own width and other settings; otherwise all layers have the same."""
    step: Difference | Literal["coarse"] | None = "coarse"
    """The step between neighbouring widths, starting from the lowest: a factor if `log`, else a difference.
    `coarse` doubles the width if `log`, else it gives at most nine widths, so that many trials have the same
    shape and train together. Null for every width."""
    activation: LayerChoice[Annotated[Any, AsWritten(Activation)]] | None = None
    """The activations to choose from, such as [relu, tanh]; null if they are not searched."""
    normalization: LayerChoice[Annotated[Any, AsWritten(Normalization)]] | None = None
    """The normalizations to choose from, such as [none, batch]; null if they are not searched."""
    residual: LayerChoice[bool] | None = None
    """The choices for the residual connections of the layers after the first, [false, true]; null if they are
    not searched. Such a layer adds its inputs to its outputs if there are equally many of both."""
    when: When = None


KINDS: Final[Mapping[str, type[Section]]] = {
    "choice": ChoiceConfig,
    "uniform": UniformConfig,
    "log_uniform": LogUniformConfig,
    "integer": IntegerConfig,
    "log_integer": LogIntegerConfig,
    "normal": NormalConfig,
    "depth": LayersConfig,
    "width": LayersConfig,
}
"""The keys, and the kind of domain that each of them stands for."""


def _tag(value: Any) -> str | None:
    """The tag of the union. It differs from the key, because pydantic's error locations contain both."""
    if isinstance(value, Section):
        return type(value).__name__
    keys = value if isinstance(value, Mapping) else ()
    return next((KINDS[key].__name__ for key in keys if key in KINDS), None)


DomainConfig = Annotated[
    Annotated[ChoiceConfig, Tag("ChoiceConfig")]
    | Annotated[UniformConfig, Tag("UniformConfig")]
    | Annotated[LogUniformConfig, Tag("LogUniformConfig")]
    | Annotated[IntegerConfig, Tag("IntegerConfig")]
    | Annotated[LogIntegerConfig, Tag("LogIntegerConfig")]
    | Annotated[NormalConfig, Tag("NormalConfig")]
    | Annotated[LayersConfig, Tag("LayersConfig")],
    Discriminator(_tag),
]

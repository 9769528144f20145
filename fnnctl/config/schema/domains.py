"""The domains of a search space as YAML has them: what a searched setting may be.

A domain is told by the key that it has: `{choice: [relu, tanh]}`, `{uniform: [0, 1]}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from fnnctl.config.schema.section import Section
from fnnctl.space.domains import Choice
from fnnctl.space.layers import Layers
from fnnctl.space.number_domains import Integer, LogInteger, LogUniform, Normal, Uniform

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
When = dict[str, Any]


class ChoiceConfig(Section):
    """One of some values, each as likely as the others."""

    choice: Annotated[tuple[Any, ...], Field(strict=False, max_length=10_000)]
    """The values: numbers, words, or whole sections, as in [adam, {name: sgd, learning_rate: 0.1}]."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> Choice:
        """What to search in."""
        return Choice(self.choice)


class UniformConfig(Section):
    """A number between two others, each part of the way as likely."""

    uniform: Pair
    """The least and the largest value."""
    step: Difference | None = None
    """The difference from one value to the next, counted from the least; null for no steps."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> Uniform:
        """What to search in."""
        return Uniform(*self.uniform, step=self.step)


class LogUniformConfig(Section):
    """A number between two others, each order of magnitude as likely."""

    log_uniform: Pair
    """The least and the largest value, both above 0."""
    step: Ratio | None = None
    """The factor from one value to the next, counted from the least: 10 for decades; null for no steps."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> LogUniform:
        """What to search in."""
        return LogUniform(*self.log_uniform, step=self.step)


class IntegerConfig(Section):
    """A whole number, each as likely."""

    integer: WholePair
    """The least and the largest value."""
    step: WholeDifference | None = None
    """The difference from one value to the next, counted from the least; null for every whole number."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> Integer:
        """What to search in."""
        return Integer(*self.integer, step=self.step)


class LogIntegerConfig(Section):
    """A whole number, each order of magnitude as likely."""

    log_integer: WholePair
    """The least and the largest value, both above 0."""
    step: Ratio | None = None
    """The factor from one value to the next, counted from the least: 2 for doublings; null for every whole
    number."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> LogInteger:
        """What to search in."""
        return LogInteger(*self.log_integer, step=self.step)


class NormalConfig(Section):
    """A number from a normal distribution, cut off on both sides."""

    normal: Pair
    """The mean and the standard deviation."""
    within: Pair | None = None
    """The least and the largest value; null for four standard deviations around the mean."""
    step: Difference | None = None
    """The difference from one value to the next, counted from the mean; null for no steps."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> Normal:
        """What to search in."""
        return Normal(*self.normal, within=self.within, step=self.step)


class LayersConfig(Section):
    """The hidden layers, by how many and how wide they are."""

    depth: DepthPair
    """The least and the largest number of hidden layers."""
    width: UnitsPair
    """The least and the largest number of units of a layer."""
    log: bool = False
    """Whether each order of magnitude of the width is as likely, or each width."""
    per_layer: bool = False
    """Whether every layer has a width of its own, or all have one width."""
    step: Difference | Literal["coarse"] | None = "coarse"
    """From one width to the next, counted from the least: a factor where `log`, else a difference; `coarse`
    is doublings where `log`, else nine widths at most, so that trials share shapes and train together; null
    for every width."""
    when: When | None = None
    """Settings of the space that must have this value, or one of these, for this one to be searched."""

    @property
    def domain(self) -> Layers:
        """What to search in."""
        return Layers(self.depth, self.width, self.log, self.per_layer, self.step)


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
"""The key that tells each kind of domain."""


def _tag(value: Any) -> str | None:
    """The union's tag, which is no key: pydantic's locations have both, and a key must be told from a tag."""
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

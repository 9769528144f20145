"""The learning-rate schedules of the `training` section: each multiplies the optimizer's learning_rate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section, Shorthand

Factor = Annotated[float, Field(gt=0.0, le=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]

Monitor = Literal[
    "train_loss", "train_accuracy", "train_r2",
    "validation_loss", "validation_accuracy", "validation_balanced_accuracy", "validation_f1_macro",
    "validation_r2",
]  # fmt: skip


class ConstantLrSchedule(Section):
    """The same rate for every step."""

    name: Literal["constant"] = "constant"
    """Which schedule."""


class StepLrSchedule(Section):
    """The rate is multiplied by a factor every few epochs."""

    name: Literal["step"]
    """Which schedule."""
    factor: Factor = 0.1
    """What the rate is multiplied with."""
    every: Annotated[int, Field(ge=1, le=10_000_000)] = 50
    """After how many epochs."""


class ExponentialLrSchedule(Section):
    """The rate is multiplied by a factor after every epoch."""

    name: Literal["exponential"]
    """Which schedule."""
    factor: Factor = 0.98
    """What the rate is multiplied with."""


class InverseScalingLrSchedule(Section):
    """The rate in epoch e is learning_rate / e^power."""

    name: Literal["inverse_scaling"]
    """Which schedule."""
    power: Annotated[float, Field(ge=0.0, le=10.0)] = 0.5
    """How fast the rate falls."""


class AdaptiveLrSchedule(Section):
    """The rate is lowered whenever the monitored value has not improved for a while."""

    name: Literal["adaptive"]
    """Which schedule."""
    monitor: Monitor = "train_loss"
    """The monitored column of history.csv; losses should fall, metrics should rise."""
    factor: Factor = 0.2
    """What the rate is multiplied with."""
    patience: Annotated[int, Field(ge=1, le=10_000_000)] = 5
    """How many epochs without an improvement lower it."""
    tolerance: Annotated[float, Field(ge=0.0)] = 0.0001
    """A change smaller than this is no improvement."""
    minimum: Annotated[float, Field(ge=0.0, le=1e6)] = 1e-6
    """The rate is not lowered further than to this."""


class CosineLrSchedule(Section):
    """The rate rises linearly for some epochs, and then falls along half a cosine wave until the last one."""

    name: Literal["cosine"]
    """Which schedule."""
    warmup_epochs: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    """How many epochs the rate rises."""
    last: Share = 0.0
    """The share of learning_rate that is left at the end."""


class OneCycleLrSchedule(Section):
    """The rate rises to learning_rate and falls again, along half cosine waves (Smith & Topin, 2019)."""

    name: Literal["one_cycle"]
    """Which schedule."""
    warmup: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    """The share of all steps for which the rate rises."""
    first: Share = 0.04
    """The share of learning_rate at the start."""
    last: Share = 0.000004
    """The share of learning_rate at the end."""


LrSchedule = Annotated[
    Annotated[
        ConstantLrSchedule
        | StepLrSchedule
        | ExponentialLrSchedule
        | InverseScalingLrSchedule
        | AdaptiveLrSchedule
        | CosineLrSchedule
        | OneCycleLrSchedule,
        Field(discriminator="name"),
    ],
    Shorthand("name", default="constant"),
]

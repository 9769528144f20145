"""The learning-rate schedules of the `training` section: each multiplies the optimizer's learning_rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from fnnctl.config.problems import predicate
from fnnctl.config.schema.data import VALIDATION_ROWS
from fnnctl.config.schema.plugin_choice import PluginName
from fnnctl.config.schema.section import OneOf, Section, Shorthand
from fnnctl.config.schema.setting import Place, Rule, Setting
from fnnctl.errors import Problem
from fnnctl.metrics.registry import find_monitored, monitors

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

Factor = Annotated[float, Field(gt=0.0, le=1.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


OF_TARGET: Final = r"(train_targets\..+\.loss|validation_targets\..+\.\w+)"
Monitor = Annotated[
    str,
    PluginName(find_monitored),
    OneOf(
        monitors,
        others=OF_TARGET,
        others_in_words="of one of several targets validation_targets.NAME.loss and the like",
    ),
]
"""A column of history.csv with a loss or a metric that training records, also for one of several targets."""


def lacks_rows(monitor: str, experiment: Experiment) -> bool:
    """Whether a monitored value is one of validation rows, and there are none."""
    return monitor.startswith("validation_") and not experiment.is_validated


def monitors_existing_rows(advice: str) -> Rule:
    """The rule that a section must not monitor a value of validation rows if there are none."""

    def rule(experiment: Experiment, place: Place) -> Iterator[Problem]:
        monitor = getattr(place.value, "monitor", "")
        if lacks_rows(monitor, experiment):
            text = "monitors {monitor}, but data.split.validation is 0"
            yield predicate(text, *VALIDATION_ROWS, advice=advice, monitor=monitor)

    rule.__doc__ = "If it monitors a validation value without validation rows."
    return rule


def _never_lowered(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """Unless it is less than `training.optimizer.learning_rate`."""
    rate = experiment.training.learning_rate
    if rate is not None and place.value >= rate:
        yield predicate(
            "must be less than training.optimizer.learning_rate, which is {rate:g}",
            "training.optimizer.learning_rate",
            "training.optimizer.name",
            advice="otherwise the rate is never lowered",
            rate=rate,
        )


def _warmup_without_end(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """Unless it is less than `training.horizon`, by default `training.epochs`."""
    training = experiment.training
    if place.value >= training.schedule_epochs:
        yield predicate(
            "must be less than {horizon}, which is {epochs}",
            "training.epochs",
            "training.horizon",
            horizon="training.epochs" if training.horizon is None else "training.horizon",
            epochs=training.schedule_epochs,
        )


class ConstantLrSchedule(Section):
    """A constant rate."""

    name: Literal["constant"] = "constant"
    """The schedule."""


class StepLrSchedule(Section):
    """The rate is multiplied by a factor every few epochs."""

    name: Literal["step"]
    """The schedule."""
    factor: Factor = 0.1
    """The factor that multiplies the rate."""
    every: Annotated[int, Field(ge=1, le=10_000_000)] = 50
    """The number of epochs between two reductions."""


class ExponentialLrSchedule(Section):
    """The rate is multiplied by a factor after every epoch."""

    synonyms = ("exponential_decay",)
    name: Literal["exponential"]
    """The schedule."""
    factor: Factor = 0.98
    """The factor that multiplies the rate."""


class InverseScalingLrSchedule(Section):
    """The rate in epoch e is learning_rate / e^power."""

    synonyms = ("invscaling",)
    name: Literal["inverse_scaling"]
    """The schedule."""
    power: Annotated[float, Field(ge=0.0, le=10.0)] = 0.5
    """The exponent: larger values lower the rate faster."""


class AdaptiveLrSchedule(Section):
    """The rate is lowered whenever the monitored value has not improved for a while."""

    synonyms = ("plateau", "reduce_on_plateau", "reducelronplateau")
    name: Literal["adaptive"]
    """The schedule."""
    monitor: Monitor = "train_loss"
    """The column of history.csv to monitor; losses should fall, metrics should rise."""
    factor: Factor = 0.2
    """The factor that multiplies the rate."""
    patience: Annotated[int, Field(ge=1, le=10_000_000)] = 5
    """The number of epochs without improvement after which the rate is lowered."""
    tolerance: Annotated[float, Field(ge=0.0), Setting(synonyms=("min_delta",))] = 0.0001
    """The smallest change that counts as an improvement."""
    minimum: Annotated[
        float, Field(ge=0.0, le=1e6), Setting(contradictions=(_never_lowered,), synonyms=("min_lr",))
    ] = 1e-6
    """The lowest rate."""


class CosineLrSchedule(Section):
    """The rate rises linearly during the warm-up and then falls along half a cosine wave."""

    synonyms = ("cosine_annealing", "cosine_decay")
    name: Literal["cosine"]
    """The schedule."""
    warmup_epochs: Annotated[
        int, Field(ge=0, le=10_000_000), Setting(contradictions=(_warmup_without_end,))
    ] = 0
    """The length of the warm-up in epochs."""
    last: Share = 0.0
    """The rate at the end, as a share of learning_rate."""


class OneCycleLrSchedule(Section):
    """The rate rises to learning_rate and falls again, along half cosine waves (Smith & Topin, 2019)."""

    synonyms = ("onecycle", "onecyclelr")
    name: Literal["one_cycle"]
    """The schedule."""
    warmup: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    """The share of the steps during which the rate rises."""
    first: Share = 0.04
    """The rate at the start, as a share of learning_rate."""
    last: Share = 0.000004
    """The rate at the end, as a share of learning_rate."""


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

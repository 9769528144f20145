"""When training ends, and which weights it keeps: early stopping, convergence and averages of weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fnnctl.config.problems import predicate
from fnnctl.config.schema.lr_schedules import Monitor
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Place, Setting
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment


class EarlyStoppingConfig(Section):
    """Stop when the monitored value has not improved for some epochs."""

    monitor: Annotated[
        Monitor, Setting(is_common=True, value_synonyms={"validation_accuracy": ("val_acc",)})
    ] = "validation_loss"
    """The column of history.csv to monitor; losses should fall, metrics should rise. With
    `validation_calibrated_loss` the loss of the validation rows is recorded, too, that a shrunk temperature
    would give them after the epoch: see model.calibration."""
    patience: Annotated[
        Annotated[int, Field(ge=1, le=10_000_000)] | Literal["auto"] | None,
        Setting(is_common=True, synonyms=("n_iter_no_change",)),
    ] = 20
    """The number of epochs without improvement after which training stops; null for never: then the best
    epoch is chosen after the last. `auto` stops when the best value is out of reach: for a quarter of
    training.horizon, all losses were larger than the best by more than 15 % of it, times the share of the
    learning rate that is left. For a metric that rises, 1 minus the metric counts as the loss."""
    tolerance: Annotated[float, Field(ge=0.0), Setting(synonyms=("min_delta", "tol"))] = 0.0
    """The smallest change that counts as an improvement."""
    restore_best: Annotated[bool, Setting(synonyms=("restore_best_weights",))] = True
    """Whether to restore the weights of the best epoch; otherwise those of the last epoch are kept."""


class ConvergenceConfig(Section):
    """Stop when the training loss no longer falls, by scikit-learn's rule."""

    tolerance: Annotated[float, Field(ge=0.0), Setting(synonyms=("tol",))] = 0.0001
    """How far an epoch's training loss must fall below the lowest one before it."""
    patience: Annotated[int, Field(ge=1, le=10_000_000), Setting(synonyms=("n_iter_no_change",))] = 10
    """The number of consecutive epochs that may fall short of this before training stops."""


class EmaAveraging(Section):
    """An exponential moving average of the weights, updated after every step."""

    synonyms = ("exponential_moving_average", "polyak")
    name: Literal["ema"]
    """The kind of average."""
    decay: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.999
    """The share of the average that is kept at each step."""


class SwaAveraging(Section):
    """The mean of the weights after each of the last epochs (stochastic weight averaging)."""

    synonyms = ("stochastic_weight_averaging",)
    name: Literal["swa"]
    """The kind of average."""
    start: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.75
    """The share of the epochs after which averaging begins."""


Averaging = Annotated[Annotated[EmaAveraging | SwaAveraging, Field(discriminator="name")], Shorthand("name")]


def ends_before_the_average(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it may end training before the average swa begins."""
    training, rule = experiment.training, place.value
    if not isinstance(training.averaging, SwaAveraging):
        return
    before = math.floor(training.averaging.start * training.schedule_epochs)
    if rule.patience == "auto" or (rule.patience is not None and rule.patience < before):
        yield predicate(
            "may end training before swa starts averaging, after epoch {before}",
            "training.averaging",
            "training.epochs",
            "training.horizon",
            advice="write {name}: null, patience: {before} or more, or averaging: ema",
            name=place.key,
            before=before,
        )

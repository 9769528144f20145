"""Finds settings that contradict each other or make no sense together, and says what to write instead."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from itertools import chain
from typing import TypeAlias

from fnnctl.config.paths import ConfigPath, Messages, is_below
from fnnctl.config.rules.unread import is_validated, test_share, validation_share
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule, CosineLrSchedule
from fnnctl.config.schema.model import (
    DEFAULT_THRESHOLD,
    CostThreshold,
    HiddenLayerConfig,
    LogisticOutput,
    MaxoutActivation,
    ModelConfig,
    NoEmbedding,
    PiecewiseLinearEmbeddingConfig,
)
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.training import SwaAveraging
from fnnctl.text import shown

Contradictions: TypeAlias = Iterator[tuple[ConfigPath, str]]
NULL_WHEN_OFF = ("max_norm", "clip_norm", "clip_value", "averaging")
"""Training settings that lbfgs does not support and that are turned off by null, not by 0."""


def contradictions(experiment: Experiment, unread: Collection[ConfigPath] = ()) -> Messages:
    """The settings that contradict others, each with a message that says what to do.

    Settings inside an unread section are left out.
    """
    messages = chain.from_iterable(
        rule(experiment)
        for rule in (
            _nothing_left_to_train_on,
            _nothing_to_monitor,
            _nothing_to_calibrate_on,
            _nothing_to_choose_on,
            _two_positive_classes,
            _impossible_layers,
            _impossible_ensemble,
            _impossible_twins,
            _not_in_order,
            _batches_of_one,
            _impossible_schedule,
            _impossible_average,
            _no_class_weighed,
            _changed_bins,
            _impossible_sizes,
            _not_with_lbfgs,
        )
    )
    return {path: message for path, message in messages if not is_below(path, unread)}


def monitors_nothing(experiment: Experiment) -> bool:
    """Whether early stopping monitors the validation part, but there is none."""
    stopping = experiment.training.early_stopping
    return stopping is not None and _is_missing(stopping.monitor, experiment)


def _is_missing(monitor: str, experiment: Experiment) -> bool:
    return monitor.startswith("validation_") and not is_validated(experiment)


def _nothing_left_to_train_on(experiment: Experiment) -> Contradictions:
    together = validation_share(experiment) + test_share(experiment.data)
    if together >= 1.0:
        message = f"validation and test sum to {together:g}, which leaves no rows to train on"
        yield ("data", "split"), message


def _not_in_order(experiment: Experiment) -> Contradictions:
    """Divisions of the rows that mix the earlier with the later ones."""
    if experiment.data.split.by is None:
        return
    if experiment.data.split.group is not None:
        message = "rows cannot be in the order of a column if all rows of a group are in one part"
        yield ("data", "split", "by"), f"{message}; write null for this setting or for data.split.group"
    if experiment.model.ensemble.bags:
        message = "the members would train on rows later than those that they are validated on"
        suggestion = "write bags: false, or data.split.by: null"
        yield ("model", "ensemble", "bags"), f"{message}, but data.split.by orders the rows; {suggestion}"


def _nothing_to_monitor(experiment: Experiment) -> Contradictions:
    stopping = experiment.training.early_stopping
    if stopping is not None and monitors_nothing(experiment):
        message = f"monitors {stopping.monitor}, but data.split.validation is 0"
        yield ("training", "early_stopping"), f"{message}; write monitor: train_loss, or early_stopping: null"


def _nothing_to_calibrate_on(experiment: Experiment) -> Contradictions:
    if experiment.model.calibration != "none" and not is_validated(experiment):
        message = "the temperature is fitted on the validation part, but data.split.validation is 0"
        suggestion = "write data.split.validation: 0.15, or calibration: none"
        yield ("model", "calibration"), f"{message}; {suggestion}"


def _nothing_to_choose_on(experiment: Experiment) -> Contradictions:
    threshold = experiment.model.threshold
    if not isinstance(threshold, float) and not is_validated(experiment):
        message = "the threshold is chosen on validation rows, but data.split.validation is 0"
        suggestion = "write data.split.validation: 0.15, model.ensemble.bags: true, or a number"
        yield ("model", "threshold"), f"{message}; {suggestion} such as threshold: {_likely(threshold):.3g}"


def _likely(threshold: str | CostThreshold) -> float:
    """A number that may replace the choice of a threshold."""
    return threshold.cost.threshold if isinstance(threshold, CostThreshold) else DEFAULT_THRESHOLD


def _two_positive_classes(experiment: Experiment) -> Contradictions:
    output, positive = experiment.model.output, experiment.data.positive_class
    other = output.positive_class if isinstance(output, LogisticOutput) else None
    if positive is not None and other is not None and positive != other:
        message = f"model.output.positive_class is {shown(other)}; remove one of the two"
        yield ("data", "positive_class"), message


def _impossible_layers(experiment: Experiment) -> Contradictions:
    model = experiment.model
    units = [layer.units for layer in model.hidden]
    equal = [layer for layer, below in zip(model.hidden[1:], units, strict=False) if layer.units == below]
    if model.residual and units[1:] and all(layer.residual is not None for layer in equal):
        which = "without a residual of its own " if equal else ""
        message = f"no hidden layer {which}has as many units as the one before it, so no inputs can be added"
        suggestion = f"write hidden: [{units[0]}, {units[0]}], or residual: false"
        yield ("model", "residual"), f"{message}; {suggestion}"
    for index, layer in enumerate(model.hidden):
        if _normalization(model, layer) == "layer" and _pre_activations(model, layer) == 1:
            message = "layer normalization makes a single neuron's output constant"
            yield ("model", "hidden", index), f"{message}; write more units, or normalization: none"


def _impossible_ensemble(experiment: Experiment) -> Contradictions:
    ensemble = experiment.model.ensemble
    if ensemble.bags and ensemble.members == 1:
        message = "each member is validated on a fold of its own, so there must be several"
        yield ("model", "ensemble", "bags"), f"{message}; write members: 2 or more, or bags: false"
    if ensemble.share_weights and ensemble.members == 1:
        message = "there must be several members to share weights"
        yield ("model", "ensemble", "share_weights"), f"{message}; write members: 2 or more, or false"
    if ensemble.share_weights and ensemble.bags:
        message = "shared weights are trained on the rows of all members' bags, so no row is out of bag"
        yield ("model", "ensemble", "bags"), f"{message}; write false for one of the two"


def _impossible_twins(experiment: Experiment) -> Contradictions:
    ensemble, path = experiment.model.ensemble, ("model", "ensemble", "plain_twins")
    if not ensemble.plain_twins:
        return
    if ensemble.members == 1:
        yield path, "a single network has no twin; write members: 2 or more, or false"
    elif ensemble.share_weights:
        yield path, "networks that share weights have no twins; write false for one of the two"
    elif isinstance(experiment.model.numeric_embedding, NoEmbedding):
        message = "twins differ from members by the embedding of numbers, and there is none"
        yield (
            path,
            f"{message}; write false, or with numeric columns model.numeric_embedding: piecewise_linear",
        )


def _batches_of_one(experiment: Experiment) -> Contradictions:
    """Settings that need more than one row per batch."""
    path = ("training", "batch_size")
    if experiment.training.batch_size != 1:
        return
    if any(_normalization(experiment.model, layer) == "batch" for layer in experiment.model.hidden):
        suggestion = "write 2 or more, or model.normalization: layer"
        yield path, f"batch normalization needs at least 2 rows per batch; {suggestion}"
    elif experiment.training.mixup:
        yield path, "mixup mixes the rows of a batch; write 2 or more, or mixup: 0"


def _impossible_schedule(experiment: Experiment) -> Contradictions:
    schedule, training, path = (
        experiment.training.lr_schedule,
        experiment.training,
        ("training", "lr_schedule"),
    )
    if isinstance(schedule, AdaptiveLrSchedule):
        if _is_missing(schedule.monitor, experiment):
            message = f"monitors {schedule.monitor}, but data.split.validation is 0"
            yield path, f"{message}; write monitor: train_loss"
        rate = training.learning_rate
        if rate is not None and schedule.minimum >= rate:
            message = f"must be less than training.optimizer.learning_rate, which is {rate:g}"
            yield (*path, "minimum"), f"{message}; otherwise the rate is never lowered"
    if isinstance(schedule, CosineLrSchedule) and schedule.warmup_epochs >= training.schedule_epochs:
        horizon = "training.epochs" if training.horizon is None else "training.horizon"
        yield (*path, "warmup_epochs"), f"must be less than {horizon}, which is {training.schedule_epochs}"


def _impossible_average(experiment: Experiment) -> Contradictions:
    """Averaging that starts late, and stopping rules that may end training earlier."""
    training, average = experiment.training, experiment.training.averaging
    if not isinstance(average, SwaAveraging):
        return
    before = math.floor(average.start * training.schedule_epochs)
    rules = {"early_stopping": training.early_stopping, "convergence": training.convergence}
    for name, rule in rules.items():
        patience = None if rule is None else rule.patience
        if patience == "auto" or (patience is not None and patience < before):
            message = f"may end training before swa starts averaging, after epoch {before}"
            suggestion = f"write {name}: null, patience: {before} or more, or averaging: ema"
            yield ("training", name), f"{message}; {suggestion}"


def _no_class_weighed(experiment: Experiment) -> Contradictions:
    if experiment.training.class_weights == {}:
        yield ("training", "class_weights"), "is empty; write {CLASS: WEIGHT}, balanced, or null"


def _changed_bins(experiment: Experiment) -> Contradictions:
    """Augmentation beside features that are not values."""
    if isinstance(experiment.model.numeric_embedding, PiecewiseLinearEmbeddingConfig):
        for name in ("mixup", "input_noise"):
            if getattr(experiment.training, name):
                message = "would not reach the bins of piecewise_linear, which are found before training"
                yield ("training", name), f"{message}; write {name}: 0, or model.numeric_embedding: none"


def _impossible_sizes(experiment: Experiment) -> Contradictions:
    sizes = experiment.evaluation.sizes
    if sizes is None:
        return
    if not sizes:
        yield ("evaluation", "sizes"), "is empty; write shares of the rows, such as [0.1, 0.3, 1], or null"
    for index, share in enumerate(sizes):
        if share in sizes[:index]:
            yield ("evaluation", "sizes", index), f"{share:g} is given twice; leave one out"


def _not_with_lbfgs(experiment: Experiment) -> Contradictions:
    """A line search needs a fixed function: nothing random, and nothing else that changes the weights.

    It also has one step length for all parameters, so a parametrization that changes rates has no meaning.
    """
    if isinstance(experiment.training.optimizer, LbfgsOptimizer):
        for path, instead in _not_for_line_searches(experiment):
            suggestion = f"write {path[-1]}: {instead}, or choose another training.optimizer"
            yield path, f"cannot be used with lbfgs; {suggestion}"


def _not_for_line_searches(experiment: Experiment) -> Iterator[tuple[ConfigPath, str]]:
    """The settings in use that do not go with a line search, each with its "off" value."""
    training, model = experiment.training, experiment.model
    if training.parametrization != "standard":
        yield ("training", "parametrization"), "standard"
    for name in ("l1", "input_noise", "mixup", *NULL_WHEN_OFF):
        if getattr(training, name):
            yield ("training", name), "null" if name in NULL_WHEN_OFF else "0"
    if model.dropout and any(layer.dropout is None for layer in model.hidden):
        yield ("model", "dropout"), "0"
    if model.normalization.name == "batch" and any(layer.normalization is None for layer in model.hidden):
        yield ("model", "normalization"), "none"
    for index, layer in enumerate(model.hidden):
        if layer.dropout:
            yield ("model", "hidden", index, "dropout"), "0"
        if layer.normalization and layer.normalization.name == "batch":
            yield ("model", "hidden", index, "normalization"), "none"


def _normalization(model: ModelConfig, layer: HiddenLayerConfig) -> str:
    return (layer.normalization or model.normalization).name


def _pre_activations(model: ModelConfig, layer: HiddenLayerConfig) -> int:
    activation = layer.activation or model.activation
    return layer.units * (activation.pieces if isinstance(activation, MaxoutActivation) else 1)

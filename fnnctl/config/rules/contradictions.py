"""Settings that contradict one another, or that make no sense together: each with what to write instead."""

from __future__ import annotations

import math
from collections.abc import Collection

from fnnctl.config.paths import ConfigPath, Messages, is_below
from fnnctl.config.rules.unread import test_share
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule, CosineLrSchedule
from fnnctl.config.schema.model import HiddenLayerConfig, MaxoutActivation, ModelConfig
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.training import SwaAveraging, TrainingConfig


def contradictions(experiment: Experiment, unread: Collection[ConfigPath] = ()) -> Messages:
    """The places that cannot be followed together with others, each with what to do.

    Those inside of an unread section are left out.
    """
    found = {
        **_nothing_left_to_train_on(experiment.data),
        **_nothing_to_watch(experiment),
        **_nothing_to_calibrate_on(experiment),
        **_impossible_layers(experiment),
        **_batches_of_one(experiment),
        **_impossible_schedule(experiment),
        **_impossible_average(experiment.training),
        **_no_class_weighed(experiment.training),
        **_not_with_lbfgs(experiment),
    }
    return {path: message for path, message in found.items() if not is_below(path, unread)}


def watches_nothing(experiment: Experiment) -> bool:
    """Whether early stopping watches the validation part where there is none."""
    stopping = experiment.training.early_stopping
    return stopping is not None and _is_missing(stopping.monitor, experiment)


def _is_missing(monitor: str, experiment: Experiment) -> bool:
    return monitor.startswith("validation_") and experiment.data.split.validation == 0


def _nothing_left_to_train_on(data: DataConfig) -> Messages:
    together = data.split.validation + test_share(data)
    if together < 1.0:
        return {}
    return {("data", "split"): f"validation and test sum to {together:g}, which leaves no rows to train on"}


def _nothing_to_watch(experiment: Experiment) -> Messages:
    stopping = experiment.training.early_stopping
    if stopping is None or not watches_nothing(experiment):
        return {}
    message = (
        f"watches {stopping.monitor}, but data.split.validation is 0; "
        "write monitor: train_loss, or early_stopping: null"
    )
    return {("training", "early_stopping"): message}


def _nothing_to_calibrate_on(experiment: Experiment) -> Messages:
    if experiment.model.calibration == "none" or experiment.data.split.validation > 0:
        return {}
    message = (
        "the temperature is fitted on the validation part, but data.split.validation is 0; "
        "write data.split.validation: 0.15, or calibration: none"
    )
    return {("model", "calibration"): message}


def _impossible_layers(experiment: Experiment) -> Messages:
    model, messages = experiment.model, Messages()
    units = [layer.units for layer in model.hidden]
    if model.residual and units and not any(map(int.__eq__, units, units[1:])):
        messages["model", "residual"] = (
            "no hidden layer has as many neurons as the one before it, so that no inputs can be added; "
            f"write hidden: [{units[0]}, {units[0]}], or residual: false"
        )
    for index, layer in enumerate(model.hidden):
        if _normalization(model, layer) == "layer" and _pre_activations(model, layer) == 1:
            messages["model", "hidden", index] = (
                "layer normalization makes a single neuron's output constant; "
                "write more units, or normalization: none"
            )
    return messages


def _batches_of_one(experiment: Experiment) -> Messages:
    """What needs a row to be among others."""
    model, training = experiment.model, experiment.training
    if training.batch_size != 1:
        return {}
    if any(_normalization(model, layer) == "batch" for layer in model.hidden):
        need = "batch normalization needs 2 rows a batch; write 2 or more, or model.normalization: layer"
    elif training.mixup:
        need = "mixup mixes the rows of a batch; write 2 or more, or mixup: 0"
    else:
        return {}
    return {("training", "batch_size"): need}


def _impossible_schedule(experiment: Experiment) -> Messages:
    schedule, training, messages = experiment.training.lr_schedule, experiment.training, Messages()
    path = ("training", "lr_schedule")
    if isinstance(schedule, AdaptiveLrSchedule):
        if _is_missing(schedule.monitor, experiment):
            messages[path] = (
                f"watches {schedule.monitor}, but data.split.validation is 0; write monitor: train_loss"
            )
        rate = None if isinstance(training.optimizer, LbfgsOptimizer) else training.optimizer.learning_rate
        if rate is not None and schedule.minimum >= rate:
            messages[(*path, "minimum")] = (
                f"must be less than training.optimizer.learning_rate, which is {rate:g}; "
                "the rate could not be lowered"
            )
    if isinstance(schedule, CosineLrSchedule) and schedule.warmup_epochs >= training.epochs:
        messages[(*path, "warmup_epochs")] = f"must be less than training.epochs, which is {training.epochs}"
    return messages


def _impossible_average(training: TrainingConfig) -> Messages:
    """An average that begins late, and rules that may end training before."""
    average = training.averaging
    if not isinstance(average, SwaAveraging):
        return {}
    before = math.floor(average.start * training.epochs)
    rules = {"early_stopping": training.early_stopping, "convergence": training.convergence}
    return {
        ("training", name): (
            f"may end training before swa begins to average, after epoch {before}; "
            f"write {name}: null, patience: {before} or more, or averaging: ema"
        )
        for name, rule in rules.items()
        if rule is not None and rule.patience < before
    }


def _no_class_weighed(training: TrainingConfig) -> Messages:
    if training.class_weights != {}:
        return {}
    return {("training", "class_weights"): "names no class; write {CLASS: WEIGHT}, balanced, or null"}


def _not_with_lbfgs(experiment: Experiment) -> Messages:
    """A line search needs one function throughout: nothing random, nothing else that moves the weights."""
    training, model = experiment.training, experiment.model
    if not isinstance(training.optimizer, LbfgsOptimizer):
        return {}
    found: dict[ConfigPath, str] = {
        ("training", name): "null" if name in {"max_norm", "clip_norm", "clip_value", "averaging"} else "0"
        for name in ("l1", "input_noise", "mixup", "max_norm", "clip_norm", "clip_value", "averaging")
        if getattr(training, name)
    }
    if model.dropout and any(layer.dropout is None for layer in model.hidden):
        found["model", "dropout"] = "0"
    if model.normalization.name == "batch" and any(layer.normalization is None for layer in model.hidden):
        found["model", "normalization"] = "none"
    for index, layer in enumerate(model.hidden):
        if layer.dropout:
            found["model", "hidden", index, "dropout"] = "0"
        if layer.normalization and layer.normalization.name == "batch":
            found["model", "hidden", index, "normalization"] = "none"
    return {
        path: f"does not go with lbfgs; write {path[-1]}: {instead}, or another training.optimizer"
        for path, instead in found.items()
    }


def _normalization(model: ModelConfig, layer: HiddenLayerConfig) -> str:
    return (layer.normalization or model.normalization).name


def _pre_activations(model: ModelConfig, layer: HiddenLayerConfig) -> int:
    activation = layer.activation or model.activation
    return layer.units * (activation.pieces if isinstance(activation, MaxoutActivation) else 1)

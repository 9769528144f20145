"""What no field can tell alone: settings that nothing reads, and settings that contradict one another."""

from __future__ import annotations

from fnnctl.config.data import ARRAY_REASON, BUILTIN_NAMES, DataConfig
from fnnctl.config.experiment import Experiment
from fnnctl.config.lr_schedules import AdaptiveLrSchedule, CosineLrSchedule
from fnnctl.config.model import ModelConfig
from fnnctl.config.optimizers import LbfgsOptimizer
from fnnctl.config.paths import ConfigPath
from fnnctl.config.training import TrainingConfig

Messages = dict[ConfigPath, str]
"""What is wrong at some places."""


def unread_settings(experiment: Experiment) -> Messages:
    """The places that nothing reads in this experiment, each with the reason.

    They are errors where they are given, and are left out where the experiment is written down.
    """
    return {
        **_unread_data(experiment.data),
        **_unread_model(experiment.model),
        **_unread_training(experiment.training, experiment.model),
    }


def contradictions(experiment: Experiment) -> Messages:
    """The places that cannot be followed together with others, each with what to do."""
    return {
        **_nothing_left_to_train_on(experiment.data),
        **_nothing_to_watch(experiment),
        **_impossible_layers(experiment),
        **_impossible_schedule(experiment),
        **_not_with_lbfgs(experiment),
    }


def watches_nothing(experiment: Experiment) -> bool:
    """Whether early stopping watches the validation part where there is none."""
    stopping = experiment.training.early_stopping
    return stopping is not None and _is_missing(stopping.monitor, experiment)


def _is_missing(monitor: str, experiment: Experiment) -> bool:
    return monitor.startswith("validation_") and experiment.data.split.validation == 0


def _unread_data(data: DataConfig) -> Messages:
    messages: Messages = {}
    if data.source in BUILTIN_NAMES:
        reason = f"nothing reads this: {data.source} is built in and comes with its own format"
        messages.update({("data", key): reason for key in ("delimiter", "encoding", "missing_values")})
    if data.source.endswith(".npz"):
        messages.update({("data", key): ARRAY_REASON for key in ("delimiter", "encoding", "missing_values")})
    if data.test_source is None:
        messages["data", "test_sha256"] = "nothing reads this without data.test_source"
    else:
        messages["data", "split", "test"] = "nothing reads this: data.test_source is the test part"
    if data.split.validation == 0 and _test_share(data) == 0:
        messages["data", "split", "stratify"] = "nothing reads this: no part is split off"
    return messages


def _unread_model(model: ModelConfig) -> Messages:
    """The model's own settings that no hidden layer takes over."""
    messages: Messages = {}
    for key in ("activation", "normalization", "dropout"):
        if not any(getattr(layer, key) is None for layer in model.hidden):
            reason = f"every hidden layer has its own {key}" if model.hidden else "there is no hidden layer"
            messages["model", key] = f"nothing reads this: {reason}"
    if not model.hidden:
        messages["model", "residual"] = "nothing reads this: there is no hidden layer"
    return messages


def _unread_training(training: TrainingConfig, model: ModelConfig) -> Messages:
    messages: Messages = {}
    if isinstance(training.optimizer, LbfgsOptimizer):
        reasons = {
            "batch_size": "takes all rows at once",
            "shuffle": "takes all rows at once",
            "lr_schedule": "finds each step's length by a line search",
        }
        messages.update(
            {("training", key): f"nothing reads this: lbfgs {reason}" for key, reason in reasons.items()}
        )
    if not model.hidden:
        messages["training", "max_norm"] = "nothing reads this: there is no hidden layer"
    return messages


def _test_share(data: DataConfig) -> float:
    return data.split.test if data.test_source is None else 0.0


def _nothing_left_to_train_on(data: DataConfig) -> Messages:
    together = data.split.validation + _test_share(data)
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


def _impossible_layers(experiment: Experiment) -> Messages:
    model, messages = experiment.model, Messages()
    units = [layer.units for layer in model.hidden]
    if model.residual and units and not any(map(int.__eq__, units, units[1:])):
        messages["model", "residual"] = (
            "no hidden layer has as many neurons as the one before it, so that no inputs can be added; "
            f"write hidden: [{units[0]}, {units[0]}], or residual: false"
        )
    if _normalizes_batches(model) and experiment.training.batch_size == 1:
        messages["training", "batch_size"] = (
            "batch normalization needs 2 rows a batch; write 2 or more, or model.normalization: layer"
        )
    return messages


def _impossible_schedule(experiment: Experiment) -> Messages:
    schedule, messages = experiment.training.lr_schedule, Messages()
    path = ("training", "lr_schedule")
    if isinstance(schedule, AdaptiveLrSchedule) and _is_missing(schedule.monitor, experiment):
        messages[path] = (
            f"watches {schedule.monitor}, but data.split.validation is 0; write monitor: train_loss"
        )
    if isinstance(schedule, CosineLrSchedule) and schedule.warmup_epochs >= experiment.training.epochs:
        messages[(*path, "warmup_epochs")] = (
            f"must be less than training.epochs, which is {experiment.training.epochs}"
        )
    return messages


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


def _normalizes_batches(model: ModelConfig) -> bool:
    return any((layer.normalization or model.normalization).name == "batch" for layer in model.hidden)

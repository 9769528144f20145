"""What no field can tell alone: settings that nothing reads, and settings that contradict one another."""

from __future__ import annotations

from fnnctl.config.data import BUILTIN_NAMES, DataConfig
from fnnctl.config.experiment import Experiment
from fnnctl.config.model import ModelConfig
from fnnctl.config.paths import ConfigPath

Messages = dict[ConfigPath, str]
"""What is wrong at some places."""


def unread_settings(experiment: Experiment) -> Messages:
    """The places that nothing reads in this experiment, each with the reason.

    They are errors where they are given, and are left out where the experiment is written down.
    """
    return {**_unread_data(experiment.data), **_unread_model(experiment.model)}


def contradictions(experiment: Experiment) -> Messages:
    """The places that cannot be followed together with others, each with what to do."""
    return {**_nothing_left_to_train_on(experiment.data), **_nothing_to_watch(experiment)}


def watches_nothing(experiment: Experiment) -> bool:
    """Whether early stopping watches the validation part where there is none."""
    stopping = experiment.training.early_stopping
    watched = stopping.monitor if stopping else ""
    return watched.startswith("validation_") and experiment.data.split.validation == 0


def _unread_data(data: DataConfig) -> Messages:
    messages: Messages = {}
    if data.source in BUILTIN_NAMES:
        reason = f"nothing reads this: {data.source} is built in and comes with its own format"
        messages.update({("data", key): reason for key in ("delimiter", "encoding", "missing_values")})
    if data.test_source is None:
        messages["data", "test_sha256"] = "nothing reads this without data.test_source"
    else:
        messages["data", "split", "test"] = "nothing reads this: data.test_source is the test part"
    if data.split.validation == 0 and _test_share(data) == 0:
        messages["data", "split", "stratify"] = "nothing reads this: no part is split off"
    return messages


def _unread_model(model: ModelConfig) -> Messages:
    if any(layer.activation is None for layer in model.hidden):
        return {}
    reason = "every hidden layer has its own activation" if model.hidden else "there is no hidden layer"
    return {("model", "activation"): f"nothing reads this: {reason}"}


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

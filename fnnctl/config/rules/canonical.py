"""The canonical form of a configuration, and the seed that it carries.

Equal configurations must train alike wherever they come from: a file, `resolved.yaml`, a search. So the
seed of weights and order is hashed from the experiment's seed and every setting that training depends on.
A setting counts unless it is in `NOT_COUNTED`, so that a new one cannot be forgotten. Settings that
nothing reads are left out, and so are those at their default, given or not: a setting that a later version
adds changes no seed unless it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from fnnctl.config.paths import ConfigPath
from fnnctl.config.rules.unread import unread_settings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import (
    AutoOutput,
    HiddenLayerConfig,
    ModelConfig,
    SoftmaxOutput,
    SquaredOutput,
)
from fnnctl.config.schema.section import Section

NOT_COUNTED: Final[Mapping[ConfigPath, str]] = {
    ("name",): "a name changes no number",
    ("seed",): "it is hashed beside the configuration",
    ("data", "source"): "where the rows are, which may be another path tomorrow",
    ("data", "sha256"): "which rows they are; other rows do not make another configuration",
    ("data", "test_source"): "where the test part is",
    ("data", "test_sha256"): "which rows it has",
    ("data", "task"): "it follows from the target",
    ("data", "delimiter"): "given or found out, the table is the same",
    ("data", "encoding"): "how the file's bytes are read, not which rows they are",
    ("data", "split"): "folds of one configuration differ in it, and a split has the experiment's seed",
    ("evaluation",): "how a configuration is evaluated changes nothing in how it is trained",
    ("search",): "a trial is what it is, whichever others are tried",
    ("model", "calibration"): "it is fitted after training, to the same network",
    ("training", "epochs"): "a trial that is granted more epochs goes on with its own random numbers",
    ("training", "horizon"): "it stands for the epochs, where a search has granted more of them",
    ("training", "threads"): "the same numbers to rounding",
    ("training", "time_limit"): "it ends training sooner, like fewer epochs",
}
"""What does not change the random numbers, each with the reason; a section stands for all that is in it."""

_LAYER_FIELDS = {**HiddenLayerConfig.model_fields, **ModelConfig.model_fields}


def canonical_configuration(experiment: Experiment) -> dict[str, Any]:
    """What two experiments must have in common to be the same configuration."""
    written_out = experiment.model_copy(update={"model": _written_out(experiment.model)})
    counted: dict[str, Any] = _counted(
        written_out, (), NOT_COUNTED.keys() | unread_settings(written_out).keys()
    )
    return counted


def configuration_seed(experiment: Experiment) -> int:
    """The 64-bit seed of the experiment's weights and order of rows, for a resolved experiment."""
    text = json.dumps([experiment.seed, canonical_configuration(experiment)], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _written_out(model: ModelConfig) -> ModelConfig:
    """The model in one of the forms in which the same network can be written.

    What a layer leaves out is filled in from the model, and an output that `auto` stands for is `auto`.
    """
    inherited = {key: getattr(model, key) for key in HiddenLayerConfig.model_fields if hasattr(model, key)}
    layers = [
        layer.model_copy(
            update={key: value for key, value in inherited.items() if getattr(layer, key) is None}
        )
        for layer in model.hidden
    ]
    output = AutoOutput() if isinstance(model.output, SoftmaxOutput | SquaredOutput) else model.output
    return model.model_copy(update={"hidden": tuple(layers), "output": output})


def _counted(value: Any, path: ConfigPath, left_out: AbstractSet[ConfigPath]) -> Any:
    """The plain form of a value, without the settings that are left out and those at their default."""
    if isinstance(value, tuple):
        return [_counted(entry, (*path, index), left_out) for index, entry in enumerate(value)]
    if not isinstance(value, Section):
        return value
    fields = _LAYER_FIELDS if isinstance(value, HiddenLayerConfig) else type(value).model_fields
    forms = {}
    for key, inner in value:
        here, default = (*path, key), fields[key].default
        if here in left_out or inner == default:
            continue
        form = _counted(inner, here, left_out)
        if form != _counted(default, here, left_out):
            forms[key] = form
    return forms

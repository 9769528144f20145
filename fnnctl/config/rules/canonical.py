"""The canonical form of a configuration, and the seed derived from it.

Equal configurations must train identically, whether they come from a file, `resolved.yaml` or a search. So
the seed of the weights and of the order of rows is a hash of the experiment's seed and every setting that
training depends on. A setting counts unless its record says why not, so that a new one cannot be forgotten.
Settings without effect or at their default value are left out, so that a setting that is added in a later
version changes no seed unless it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any, Final

from fnnctl.config.paths import ConfigPath
from fnnctl.config.rules.setting_rules import ineffective_settings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.layers import HiddenLayerConfig
from fnnctl.config.schema.losses import AutoOutput, is_default
from fnnctl.config.schema.model import ModelConfig
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import setting_of
from fnnctl.config.schema.training import TrainingConfig

_RESIDUAL: Final = "residual"
_LAYER_FIELDS = {
    **HiddenLayerConfig.model_fields,
    **ModelConfig.model_fields,
    _RESIDUAL: HiddenLayerConfig.model_fields[_RESIDUAL],
}
"""The defaults of a layer are those of the model, except that a missing `residual` is not written out."""


def canonical_configuration(experiment: Experiment) -> dict[str, Any]:
    """The plain values that are equal if and only if two configurations are, patience `auto` apart."""
    written_out = experiment.model_copy(
        update={
            "model": _written_out(experiment.model, is_ordered=experiment.data.is_ordered),
            "training": _all_epochs(experiment.training),
        }
    )
    counted: dict[str, Any] = _counted(written_out, (), ineffective_settings(written_out).keys())
    return counted


def configuration_seed(experiment: Experiment) -> int:
    """The 64-bit seed of weights and order of rows; the experiment must be resolved.

    Patience `auto` does not count, although it can end a training: see `configuration_key`.
    """
    text = json.dumps([experiment.seed, canonical_configuration(experiment)], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def configuration_key(experiment: Experiment) -> tuple[int, bool]:
    """A key that is equal for two resolved experiments if and only if their configurations are equal."""
    return configuration_seed(experiment), experiment.training.ends_out_of_reach


def _written_out(model: ModelConfig, *, is_ordered: bool) -> ModelConfig:
    """The model in a form that is the same for all equivalent models.

    Missing layer settings are filled in from the model, and an output that `auto` resolves to becomes `auto`.
    Residual connections are the model's setting if all layers that can have one agree.
    """
    output = AutoOutput() if is_default(model.output, is_ordered=is_ordered) else model.output
    possible = [flag for flag in map(model.residual_of, range(len(model.hidden))) if flag is not None]
    mixed = len(set(possible)) > 1
    hidden = tuple(
        HiddenLayerConfig.model_construct(
            **{**layer._asdict(), _RESIDUAL: True if mixed and layer.residual else None}
        )
        for layer in model.layers
    )
    residual = model.residual if not possible else possible[0] and not mixed
    return model.model_copy(update={"hidden": hidden, _RESIDUAL: residual, "output": output})


def _all_epochs(training: TrainingConfig) -> TrainingConfig:
    """The training without the patience `auto`, which ends it earlier, like fewer epochs.

    So a training that it does not end has the bits that it has with patience null.
    """
    stopping = training.early_stopping
    if stopping is None or not training.ends_out_of_reach:
        return training
    return training.model_copy(update={"early_stopping": stopping.model_copy(update={"patience": None})})


def _counted(value: Any, path: ConfigPath, ineffective: AbstractSet[ConfigPath]) -> Any:
    """The plain form of a value, without settings that are ineffective, at their default or not counted."""
    if isinstance(value, tuple):
        return [_counted(entry, (*path, index), ineffective) for index, entry in enumerate(value)]
    if isinstance(value, dict):
        return {key: _counted(entry, (*path, key), ineffective) for key, entry in value.items()}
    if not isinstance(value, Section):
        return value
    forms = {}
    for key, default in _counted_fields(type(value)):
        setting, inner = (*path, key), getattr(value, key)
        if setting in ineffective or inner == default:
            continue
        form = _counted(inner, setting, ineffective)
        if form != _counted(default, setting, ineffective):
            forms[key] = form
    return forms


@cache
def _counted_fields(section: type[Section]) -> tuple[tuple[str, Any], ...]:
    """The settings of a section that count, each with its default."""
    fields = _LAYER_FIELDS if issubclass(section, HiddenLayerConfig) else section.model_fields
    return tuple(
        (key, fields[key].default) for key in section.model_fields if not setting_of(fields[key]).not_counted
    )

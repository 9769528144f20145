"""The best architecture of a search, as it is written in a config, and the rewards of its controller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.losses import is_default
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.records.history import SearchHistory
from fnnctl.report.summary import Summary

if TYPE_CHECKING:
    from fnnctl.config.schema.model import ModelConfig


@dataclass(frozen=True, slots=True)
class BestModel:
    """The `model` section of the best trial."""

    model: ModelConfig
    values: Mapping[str, Any]
    """As plain values, with searched settings as the trial has them."""
    is_ordered: bool = False
    """Whether the classes have an order."""

    def lines(self) -> list[str]:
        """The section as YAML, with its hidden layers and all settings that are not at their default."""
        layers = self.values["hidden"]
        lines = ["model:", f"  hidden: {flow_yaml(layers)}"]
        if any(isinstance(layer, Mapping) for layer in layers):
            lines[1:] = ["  hidden:", *(f"  - {flow_yaml(layer)}" for layer in layers)]
        keys = [key for key in self.values if key != "hidden" and not self._is_default(key)]
        return [*lines, *(f"  {key}: {flow_yaml(self.values[key])}" for key in keys)]

    def _is_default(self, key: str) -> bool:
        value, default = getattr(self.model, key), type(self.model).model_fields[key].default
        return value == default or (key == "output" and is_default(value, is_ordered=self.is_ordered))


def best_model(summary: Summary) -> BestModel | None:
    """The best trial's model; None if there is none, or if the search has no layers to choose."""
    search, configs = summary.search, summary.trial_configs
    if search is None or configs is None or not search.learns_layers or (best := search.best) is None:
        return None
    values = configs.config_of(best.assignment)["model"]
    experiment = configs.experiment_of(best.assignment)
    return BestModel(experiment.model, values, experiment.data.is_ordered)


def rewards(search: SearchHistory) -> FloatArray:
    """The reward of each trial, in the order of their first results: the objective, or its negative if it is
    minimized.

    A trial that diverged or failed gets the worst reward so far. Failures before the first finite reward are
    skipped.
    """
    first = {result.trial: result for result in reversed(search.results)}
    values: list[float] = []
    for result in search.results:
        if first[result.trial] is result:
            reward = -search.loss_of(result)
            if values or math.isfinite(reward):
                values.append(reward if math.isfinite(reward) else min(values))
    return np.array(values, dtype=np.float64)


def moving_average(values: FloatArray, window: int) -> FloatArray:
    """The mean of each value and those before it, at most `window` of them."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    averages: FloatArray = (sums[ends] - sums[starts]) / (ends - starts)
    return averages

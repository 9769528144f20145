"""A config that has become an experiment: the experiment, and where its values come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias

from fnnctl.config.paths import ConfigPath
from fnnctl.config.problems import Problems
from fnnctl.config.schema.experiment import Experiment
from fnnctl.messages import Message

Values: TypeAlias = Mapping[ConfigPath, Any]
"""Values of settings by path."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the settings of a config come from; it may still be wrong."""

    written: Mapping[str, Any]
    """The config without the recipe's values."""
    config: Mapping[str, Any]
    """The config with the applied values."""
    applied: Values = field(default_factory=dict)
    """The values that were applied, also those of searched settings: a search may start from them."""
    omitted: Problems = field(default_factory=dict)
    """The values of settings that the config leaves open which were not applied, each with the reason, whose
    `path` is the setting that it is about."""
    changed: Problems = field(default_factory=dict)
    """Why values were applied that are others than the recipe's."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The experiment of a config whose recipe has filled in what it leaves open, and how it came about."""

    experiment: Experiment
    provenance: Provenance
    warnings: Sequence[Message] = ()
    """What is doubtful about the config's values beside the recipe's."""

    @classmethod
    def without_recipe(cls, written: Mapping[str, Any], experiment: Experiment) -> Self:
        """A config without a recipe's values."""
        return cls(experiment, Provenance(written, written))

    def with_experiment(self, experiment: Experiment) -> Self:
        """The config with another experiment, such as one that is completed with facts of the data."""
        return replace(self, experiment=experiment)

"""Turns an assignment of a search into the full experiment of its trial.

`fnnctl train` with the assignment as `--set` options gives the same experiment, except for the `search`
section, which trials do not have.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fnnctl.config.paths import ConfigPath, Messages, is_below, parse_path
from fnnctl.config.rules.branches import Fork, forks_of
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.contradictions import contradictions
from fnnctl.config.rules.plain_config import is_given, value_at, with_value, without
from fnnctl.config.rules.unread import unread_settings
from fnnctl.config.rules.validation import RefusedConfigurationError, validated
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import Problem
from fnnctl.space.values import identity

EPOCHS: ConfigPath = ("training", "epochs")
HORIZON: ConfigPath = ("training", "horizon")
ENSEMBLE: ConfigPath = ("model", "ensemble")
ONE_NETWORK: Final = (
    "each trial trains one network, because an ensemble of N takes N times as long; write model.ensemble: 5 "
    "outside of the search section, and the winner is refitted as an ensemble of 5"
)
Check: TypeAlias = Callable[[Experiment], Sequence[Problem]]
"""Returns the reasons why the data do not fit an experiment, as problems with paths."""


@dataclass(frozen=True, slots=True)
class TrialConfigs:
    """An experiment in which a search replaces settings."""

    config: Mapping[str, Any]
    """The experiment as plain values, without its search, and with one network per trial."""
    forks: tuple[Fork, ...]
    epochs: int
    """The training.epochs of every trial: the largest budget."""
    horizon: int
    """The training.horizon of every trial: it does not change if the largest budget is raised."""
    check: Check | None = None
    """None if the data are not known."""

    def experiment_of(self, assignment: Mapping[str, Any]) -> Experiment:
        """The trial's experiment; raises `RefusedConfigurationError` if the rules or the data refuse it."""
        experiment = _resolved(self.config_of(assignment))
        if self.check and (problems := self.check(experiment)):
            raise RefusedConfigurationError({parse_path(each.path or ""): each.message for each in problems})
        return experiment

    def unread_in(self, assignment: Mapping[str, Any]) -> Messages:
        """The settings without effect in this trial; `RefusedConfigurationError` if the schema refuses it."""
        return unread_settings(validated(self.config_of(assignment)))

    def for_all_trials(self, values: Any, experiment: Experiment) -> Any:
        """The complete `values` of the config's own `experiment`, adapted so that they give the same trials.

        Settings that the config gives but only some trials read, such as another optimizer's momentum, are
        added. In a section whose `name` is searched, a setting at its default is removed if another name has
        a setting of the same key, because its default may differ.
        """
        values = without(
            values, [path for fork in self.forks for path in fork.shared_defaults(values, self.config)]
        )
        unread = (path for path in unread_settings(experiment) if is_given(self.config, path))
        others = (path for fork in self.forks for path in fork.others_in(self.config))
        for path in (*unread, *others):
            values = with_value(values, path, value_at(self.config, path))
        return values

    def config_of(self, assignment: Mapping[str, Any]) -> Any:
        """The trial's config as plain values, not checked yet."""
        paths = {parse_path(setting): value for setting, value in assignment.items()}
        config: Any = self.config
        horizon = None if self.horizon == self.epochs else self.horizon
        for path, value in {**paths, EPOCHS: self.epochs, HORIZON: horizon}.items():
            config = with_value(config, path, value)
        for fork in self.forks:
            config = fork.without_others(config, kept=paths)
        return config

    def key_of(self, assignment: Mapping[str, Any]) -> Hashable:
        """A key that is equal for assignments that give equal configurations."""
        try:
            return configuration_seed(self.experiment_of(assignment))
        except RefusedConfigurationError:
            return identity(assignment)


def trial_configs(
    config: Mapping[str, Any],
    experiment: Experiment,
    *,
    epochs: int,
    horizon: int | None = None,
    check: Check | None = None,
) -> TrialConfigs:
    """The trials of a loaded `config` with this `experiment`; `epochs` is the largest budget.

    The default `horizon` is that of the config or, if it has none, the largest budget. A trial has one
    network; `model.ensemble` is for the winner, because an ensemble of N takes N times as long.
    """
    given = [path for path in (("search",), ENSEMBLE) if is_given(config, path)]
    plain: Any = without(config, given)
    plain = {**plain, "name": experiment.name}
    if experiment.training.early_stopping is None:
        plain = with_value(plain, ("training", "early_stopping"), None)
    if value_at(plain, EPOCHS) is None:
        plain = with_value(plain, EPOCHS, experiment.training.epochs)
    horizon = horizon or value_at(plain, HORIZON) or epochs
    return TrialConfigs(plain, tuple(forks_of(config)), epochs, horizon, check)


def gives_ensemble(path: ConfigPath, value: Any) -> bool:
    """Whether a value of the setting at this path, such as a whole model section, sets `model.ensemble`."""
    inside = ENSEMBLE[len(path) :]
    return bool(inside) and ENSEMBLE[: len(path)] == path and is_given(value, inside)


def _resolved(config: Any) -> Experiment:
    """The experiment of plain values; settings without effect get their defaults."""
    experiment = validated(config)
    unread = unread_settings(experiment)
    given = [path for path in unread if value_at(config, path) is not None and not is_below(path, unread)]
    if given:
        experiment = validated(without(config, given))
    if wrong := contradictions(experiment, unread):
        raise RefusedConfigurationError(wrong)
    return experiment

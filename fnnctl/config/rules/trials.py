"""Turns an assignment of a search into the full experiment of its trial.

`fnnctl train` with the assignment as `--set` options gives the same experiment, except for the `search`
section, which trials do not have.

A config may have settings of branches that it does not use but trials of its search may.
`optimizer: {name: adam, momentum: 0.5}` is an error because adam has no momentum. It is valid if the space
has `training.optimizer.name: {choice: [adam, momentum]}`: some trials use the momentum, the others ignore it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from fnnctl.config.paths import (
    EARLY_STOPPING,
    EMBEDDING,
    ENSEMBLE,
    EPOCHS,
    HORIZON,
    TWINS,
    ConfigPath,
    is_below,
    parse_path,
)
from fnnctl.config.problems import Problems, by_path
from fnnctl.config.provenance import Resolved
from fnnctl.config.rules.canonical import configuration_key
from fnnctl.config.rules.plain_config import is_set, value_at, with_value, without
from fnnctl.config.rules.setting_rules import contradictions, ineffective_settings
from fnnctl.config.rules.validation import InvalidConfigurationError, validated
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import names_of, sections_of
from fnnctl.config.schema.lookups import forms_at
from fnnctl.config.schema.validation_schemes import ON_VALIDATION, VALIDATION_SCHEMES, ValidationScheme
from fnnctl.errors import Problem
from fnnctl.plugins import Scope, current
from fnnctl.space.identity import identity


@dataclass(frozen=True, slots=True)
class SearchedSection:
    """A section whose `name` is searched, and the settings that belong to each possible name."""

    path: ConfigPath
    settings: Mapping[Any, Collection[str]]
    """Settings by name; the key None is for the default name."""

    def inactive_in(self, config: Any) -> list[ConfigPath]:
        """The settings in the config that belong to another name and not to the section's current name."""
        section = value_at(config, self.path)
        if not isinstance(section, Mapping):
            return []
        name = section.get("name")
        active = self.settings.get(name, section) if isinstance(name, str | None) else section
        searched = {key for keys in self.settings.values() for key in keys}
        return [(*self.path, key) for key in section if key in searched and key not in active]

    def shared_defaults(self, values: Any, config: Any) -> list[ConfigPath]:
        """The settings in complete `values` that the config does not set and that another name also has."""
        section = value_at(values, self.path)
        if not isinstance(section, Mapping):
            return []
        name = section["name"]
        settings = [keys for searched_name, keys in self.settings.items() if searched_name != name]
        shared = {key for keys in settings for key in keys} - {"name"}
        paths = [(*self.path, key) for key in section if key in shared]
        return [path for path in paths if not is_set(config, path)]

    def without_inactive(self, config: Any, exceptions: Collection[ConfigPath] = ()) -> Any:
        """The config without its `inactive_in`; `exceptions` stay, for the schema to check."""
        return without(config, [path for path in self.inactive_in(config) if path not in exceptions])


def searched_sections(config: Mapping[str, Any]) -> list[SearchedSection]:
    """The sections whose `name` is in a config's space; malformed parts are skipped."""
    search = config.get("search")
    space = search.get("space") if isinstance(search, Mapping) else None
    sections = []
    for key, domain in space.items() if isinstance(space, Mapping) else ():
        *path, last = parse_path(key)
        choices = domain.get("choice") if isinstance(domain, Mapping) else None
        if last == "name" and path and isinstance(choices, list):
            names = [*choices, value_at(config, (*path, last))]
            settings = _settings(tuple(path), [name for name in names if isinstance(name, str)])
            sections.append(SearchedSection(tuple(path), settings))
    return sections


def _settings(path: ConfigPath, names: Iterable[str]) -> dict[Any, Collection[str]]:
    sections = sections_of(forms_at(path, {}))
    by_name = {name: section.model_fields for section in sections for name in names_of(section)}
    settings: dict[Any, Collection[str]] = {name: by_name[name] for name in names if name in by_name}
    default = next((fields for fields in by_name.values() if not fields["name"].is_required()), None)
    return settings if default is None else {None: default, **settings}


Check: TypeAlias = Callable[[Experiment], Sequence[Problem]]
"""Returns the reasons why the data do not fit an experiment, as problems with paths."""


@dataclass(frozen=True, slots=True)
class TrialConfigs:
    """An experiment in which a search replaces settings."""

    config: Mapping[str, Any]
    """The experiment as plain values, without its search; with one network, unless trials are ensembles."""
    sections: tuple[SearchedSection, ...]
    epochs: int
    """The training.epochs of every trial: the largest budget."""
    horizon: int
    """The training.horizon of every trial: it does not change if the largest budget is raised."""
    check: Check | None = None
    """None if the data are not known."""
    scheme: ValidationScheme = VALIDATION_SCHEMES[ON_VALIDATION]
    """Where trials are measured, and so whether a trial is the config's ensemble."""
    own_epochs: bool = False
    """Whether epochs are searched. A trial then has its own, up to `epochs`, which are also its horizon."""

    def experiment_of(self, assignment: Mapping[str, Any]) -> Experiment:
        """The trial's experiment; raises `InvalidConfigurationError` if the rules or the data refuse it."""
        return _remembered(self.config_of(assignment), self.check).experiment

    def ineffective_in(self, assignment: Mapping[str, Any]) -> Problems:
        """The settings without effect in this trial; `InvalidConfigurationError` if the schema refuses it."""
        return ineffective_settings(validated(self.config_of(assignment)))

    def for_all_trials(self, values: Any, experiment: Experiment) -> Any:
        """The complete `values` of the config's own `experiment`, adapted so that they give the same trials.

        Settings that the config sets but only some trials read, such as another optimizer's momentum, are
        added. In a section whose `name` is searched, a setting at its default is removed if another name has
        a setting of the same key, because its default may differ.
        """
        values = without(
            values,
            [path for section in self.sections for path in section.shared_defaults(values, self.config)],
        )
        ineffective = (path for path in ineffective_settings(experiment) if is_set(self.config, path))
        inactive = (path for section in self.sections for path in section.inactive_in(self.config))
        for path in (*ineffective, *inactive):
            values = with_value(values, path, value_at(self.config, path))
        return values

    def config_of(self, assignment: Mapping[str, Any]) -> Any:
        """The trial's config as plain values, not checked yet."""
        paths = {parse_path(setting): value for setting, value in assignment.items()}
        config: Any = self.config
        for path, value in {**paths, **self._duration(paths)}.items():
            config = with_value(config, path, value)
        if self.scheme.trains_ensembles and TWINS not in paths and not _embeds_numbers(config):
            config = with_value(config, TWINS, False)
        for section in self.sections:
            config = section.without_inactive(config, exceptions=paths)
        return config

    def leaves_out_twins(self, assignment: Mapping[str, Any]) -> bool:
        """Whether a trial lacks the plain twins of the config: they differ from members by the embedding of
        numbers, which the trial lacks.
        """
        lacks = self.scheme.trains_ensembles and not value_at(self.config_of(assignment), TWINS)
        return lacks and bool(value_at(self.config, TWINS)) and TWINS not in map(parse_path, assignment)

    def _duration(self, paths: Mapping[ConfigPath, Any]) -> dict[ConfigPath, Any]:
        """The epochs and the horizon of a trial with these values."""
        if not self.own_epochs:
            return {EPOCHS: self.epochs, HORIZON: None if self.horizon == self.epochs else self.horizon}
        epochs = paths.get(EPOCHS, value_at(self.config, EPOCHS))
        return {EPOCHS: min(epochs, self.epochs) if isinstance(epochs, int) else epochs, HORIZON: None}

    def key_of(self, assignment: Mapping[str, Any]) -> Hashable:
        """A key that is equal for assignments that give equal configurations."""
        try:
            trial = _remembered(self.config_of(assignment), self.check)
        except InvalidConfigurationError:
            return identity(assignment)
        if not self.scheme.trains_ensembles:
            return trial.key
        # Epochs and twins do not count for the seed, but trials may differ in nothing else.
        experiment = trial.experiment
        return trial.key, experiment.training.epochs, experiment.model.ensemble.plain_twins


def trial_configs(
    resolved: Resolved,
    *,
    epochs: int,
    horizon: int | None = None,
    check: Check | None = None,
) -> TrialConfigs:
    """The trials of a config; `epochs` is the largest budget.

    The default `horizon` is that of the config or, if it has none, the largest budget. A trial has one
    network, and `model.ensemble` is for the winner, because an ensemble of N takes N times as long; but a
    trial that is measured on bags is the ensemble.
    """
    config, experiment = resolved.provenance.config, resolved.experiment
    search, scheme = experiment.search, experiment.validation_scheme
    parts = (("search",), *(() if scheme.trains_ensembles else (ENSEMBLE,)))
    plain: Any = without(config, [path for path in parts if is_set(config, path)])
    plain = {**plain, "name": experiment.name}
    if experiment.training.early_stopping is None:
        plain = with_value(plain, EARLY_STOPPING, None)
    if value_at(plain, EPOCHS) is None:
        plain = with_value(plain, EPOCHS, experiment.training.epochs)
    horizon = horizon or value_at(plain, HORIZON) or epochs
    searched = map(parse_path, search.domains if search else ())
    own_epochs = scheme.trains_ensembles and EPOCHS in searched
    sections = tuple(searched_sections(config))
    return TrialConfigs(plain, sections, epochs, horizon, check, scheme, own_epochs)


def _embeds_numbers(config: Any) -> bool:
    embedding = value_at(config, EMBEDDING)
    name = embedding.get("name") if isinstance(embedding, Mapping) else embedding
    return name not in (None, "none")


def gives_ensemble(path: ConfigPath, value: Any) -> bool:
    """Whether a value of the setting at this path, such as a whole model section, sets `model.ensemble`."""
    inside = ENSEMBLE[len(path) :]
    return bool(inside) and ENSEMBLE[: len(path)] == path and is_set(value, inside)


MOST_REMEMBERED: Final = 1_000
"""The most trials of a command whose experiments are kept."""


@dataclass(frozen=True)
class _ValidTrial:
    """A trial that the rules and the data accept."""

    experiment: Experiment

    @cached_property
    def key(self) -> Hashable:
        """Its `configuration_key`."""
        return configuration_key(self.experiment)


_remembered_trials: WeakKeyDictionary[Scope, dict[tuple[Check | None, str], _ValidTrial | Problems]]
_remembered_trials = WeakKeyDictionary()
"""The trials of a command by their plain values as text, or what is wrong with them."""


def _remembered(config: Any, check: Check | None) -> _ValidTrial:
    """As `_resolved`: the checks of a space, of memory and of costs ask for the same trials many times."""
    trials, key = _remembered_trials.setdefault(current(), {}), (check, repr(config))
    if key not in trials:
        if len(trials) >= MOST_REMEMBERED:
            trials.clear()
        try:
            trials[key] = _ValidTrial(_resolved(config, check))
        except InvalidConfigurationError as error:
            trials[key] = error.by_path
    trial = trials[key]
    if not isinstance(trial, _ValidTrial):
        raise InvalidConfigurationError(trial)
    return trial


def _resolved(config: Any, check: Check | None) -> Experiment:
    """The experiment of plain values; settings without effect get their defaults."""
    experiment = validated(config)
    ineffective = ineffective_settings(experiment)
    removed = [
        path for path in ineffective if value_at(config, path) is not None and not is_below(path, ineffective)
    ]
    if removed:
        experiment = validated(without(config, removed))
    if wrong := contradictions(experiment, ineffective):
        raise InvalidConfigurationError(wrong)
    if check and (problems := check(experiment)):
        raise InvalidConfigurationError(by_path(problems))
    return experiment

"""The first trials of a search: completes and checks the entries of `search.start_from`.

An entry gives values of searched settings. Those that it leaves out have the config's own values, so that the
trial is what `fnnctl train` would train with the entry's values as `--set` options. Values outside a domain
are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fnnctl.config.paths import ENSEMBLE, ConfigPath, format_path, overlap, parse_path
from fnnctl.config.problems import Problems, predicate, sentence
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.trials import TrialConfigs, gives_ensemble
from fnnctl.config.rules.validation import InvalidConfigurationError, validated
from fnnctl.config.schema.records import why_not_searched
from fnnctl.config.schema.search import DEFAULTS, SearchConfig
from fnnctl.config.schema.section import Section, plain, written_out
from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import Problem
from fnnctl.space.assignments import Assignment, assignment_of, values_by_dimension
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import Choice, Domain
from fnnctl.space.layers import DEPTH, RESIDUAL, UNITS, layer_domains, single_layer_part
from fnnctl.text import did_you_mean, word_list

START_FROM: Final[ConfigPath] = ("search", "start_from")
_MISSING: Final = object()
"""Marks a setting that the config does not have, such as the momentum of adam."""


def first_assignments(configs: TrialConfigs, search: SearchConfig) -> tuple[Assignment, ...]:
    """The first trials, complete and in order; equal configurations occur once.

    Raises `InvalidConfigurationError` if one is invalid; its paths begin with `search.start_from`.
    """
    dimensions = space_of(search.domains).dimensions
    assignments: dict[Any, Assignment] = {}
    for path, entry in _entries(search):
        assignment = _completed(path, entry, configs, dimensions)
        assignments.setdefault(configs.key_of(assignment), assignment)
    return tuple(assignments.values())


def start_from_problems(configs: TrialConfigs, search: SearchConfig) -> Problems:
    """What is wrong with the entries, if the space is valid."""
    dimensions = space_of(search.domains).dimensions
    problems: Problems = {}
    for path, entry in _entries(search):
        try:
            _completed(path, entry, configs, dimensions)
        except InvalidConfigurationError as error:
            problems |= error.by_path
    return problems


def _entries(search: SearchConfig) -> Iterator[tuple[ConfigPath, Mapping[str, Any]]]:
    """The entries, each with its path. A run has none: a search replaces it by its trials first."""
    if search.start_from == DEFAULTS:
        yield START_FROM, {}
    elif not isinstance(search.start_from, str):
        for index, entry in enumerate(search.start_from or ()):
            yield (*START_FROM, index), entry


def _completed(
    path: ConfigPath, entry: Mapping[str, Any], configs: TrialConfigs, dimensions: Sequence[Dimension]
) -> Assignment:
    """The entry with a value for every active setting."""
    keys = _keys_by_setting(path, entry, dimensions, configs.scheme)
    values = {setting: entry[key] for setting, key in keys.items()}
    try:
        assignment = _Completion(configs, dimensions, values).assignment()
        configs.experiment_of(assignment)
    except InvalidConfigurationError as error:
        raise InvalidConfigurationError(_located(error.by_path, path, keys)) from None
    return assignment


def _keys_by_setting(
    path: ConfigPath, entry: Mapping[str, Any], dimensions: Sequence[Dimension], scheme: ValidationScheme
) -> dict[str, str]:
    """The settings of an entry, each with its path as it is written there.

    Raises `InvalidConfigurationError` if a path is not searched, occurs twice, or sets an ensemble.
    """
    settings = list(dict.fromkeys(dimension.setting for dimension in dimensions))
    keys: dict[str, str] = {}
    wrong: Problems = {}
    for key, value in entry.items():
        setting = format_path(parse_path(key))
        if setting not in settings:
            wrong[*path, key] = _not_searched(setting, value, settings)
        elif setting in keys:
            wrong[*path, key] = predicate(
                f"is already given, as {keys[setting]}", advice="remove one of the two"
            )
        elif gives_ensemble(parse_path(key), value):
            reason = why_not_searched(ENSEMBLE, scheme)
            wrong[*path, key] = sentence(f"model.ensemble cannot be given here: {reason}")
        else:
            keys[setting] = key
    if wrong:
        raise InvalidConfigurationError(wrong)
    return keys


def _located(problems: Problems, path: ConfigPath, keys: Mapping[str, str]) -> Problems:
    """The problems with a trial's settings, at the paths of its entry."""
    located: Problems = {}
    for trial_path, problem in problems.items():
        setting = next((setting for setting in keys if overlap(trial_path, parse_path(setting))), None)
        entry_path = path if setting is None else (*path, keys[setting])
        subject = format_path(trial_path)
        if subject == setting:
            located.setdefault(entry_path, problem)
        else:
            related = (*problem.related, subject)
            located.setdefault(entry_path, replace(problem.prefixed(subject), related=related))
    return located


class _Completion:
    """Gives each setting the entry's value or the config's, in the order of the conditions."""

    def __init__(
        self, configs: TrialConfigs, dimensions: Sequence[Dimension], entry: Mapping[str, Any]
    ) -> None:
        self._configs, self._dimensions, self._entry = configs, dimensions, entry
        self._settings = [dimension for dimension in dimensions if dimension.part in {None, DEPTH}]
        """One dimension per setting."""
        # The config's values can depend on those of the entry, as the defaults of an optimizer do.
        self._values = {
            dimension.setting: entry[dimension.setting]
            for dimension in self._settings
            if dimension.setting in entry and not dimension.conditions
        }

    def assignment(self) -> Assignment:
        """The values of all active settings, in the order of the dimensions."""
        values: dict[str, Any] = {}
        for dimension in self._settings:
            if not all(condition.holds(values) for condition in dimension.conditions):
                continue
            setting = dimension.setting
            value = self._entry[setting] if setting in self._entry else self._default(parse_path(setting))
            if value is _MISSING:
                continue
            self._values[setting] = value
            if dimension.part:
                value = self._layers(setting)
            else:  # `adam`, not `{name: adam}`, if the choice has `adam`
                value = self._in_form_of(dimension.domain, setting, value)
            self._values[setting] = value
            values |= values_by_dimension(self._dimensions, {setting: value})
        order = (dimension.setting for dimension in self._settings)
        return {setting: self._values[setting] for setting in order if setting in self._values}

    def _default(self, path: ConfigPath) -> Any:
        """The config's own value, as written there or else its default."""
        config = self._configs.config_of(self._values)
        checked = _look_up(validated(config), path)
        written = _look_up(config, path)
        return plain(checked) if written in (_MISSING, None) or checked is _MISSING else written

    def _in_form_of(self, domain: Domain, setting: str, value: Any) -> Any:
        """The value as the domain writes it, if that is a choice which has it in another form."""
        if not isinstance(domain, Choice) or value in domain:
            return value
        meaning = self._meaning(setting, value)
        if meaning is _MISSING:
            return value
        forms = (form for form in domain.choice if _is_nested(form) or _is_nested(value))
        return next((form for form in forms if self._meaning(setting, form) == meaning), value)

    def _meaning(self, setting: str, value: Any) -> Any:
        """The checked value of a setting; `_MISSING` if the schema refuses it."""
        try:
            experiment = validated(self._configs.config_of({**self._values, setting: value}))
        except InvalidConfigurationError:
            return _MISSING
        return _look_up(experiment, parse_path(setting))

    def _layers(self, setting: str) -> list[Any]:
        """The layers in the form of the space, with the model's settings where they leave searched ones out.

        Raises `InvalidConfigurationError` if the dimensions cannot have them.
        """
        validated(self._configs.config_of(self._values))  # so that it is a list of layers
        dimensions = [dimension for dimension in self._dimensions if dimension.setting == setting]
        domains = layer_domains(dimensions)
        value = self._values[setting]
        layers = [written_out(layer) for layer in value]
        if any(layer.keys() - {UNITS, *domains} for layer in layers):
            names = word_list([UNITS, *domains]) if domains else "numbers of units"
            text, advice = "has layers with settings of their own", f"this space has only {names}"
        else:
            complete = [self._layer(layer, index, domains) for index, layer in enumerate(layers)]
            values = values_by_dimension(self._dimensions, {setting: complete})
            searched: list[Any] = assignment_of(self._dimensions, values)[setting]
            if list(map(written_out, searched)) == complete:
                return searched
            text, advice = "has more layers than this space has widths for", "raise the depth"
            if not any(map(single_layer_part, dimensions)):
                text = f"has layers {'that differ' if domains else 'of different widths'}"
                advice = "this space needs per_layer: true for that"
        problem = sentence(f"{flow_yaml(value)} {text}", advice=advice)
        raise InvalidConfigurationError({parse_path(setting): problem})

    def _layer(self, layer: Mapping[str, Any], index: int, domains: Mapping[str, Domain]) -> dict[str, Any]:
        """A layer with all searched settings; the first layer has no residual connection."""
        complete = {UNITS: layer[UNITS]}
        for key, domain in domains.items():
            if key != RESIDUAL or index:
                setting = f"model.{key}"
                value = layer.get(key)
                if value is None:
                    value = self._default(parse_path(setting))
                complete[key] = self._in_form_of(domain, setting, value)
        return complete


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def _look_up(node: Any, path: ConfigPath) -> Any:
    """The value of an experiment or a plain config at a path; `_MISSING` if it has no such setting."""
    for part in path:
        if isinstance(node, Section):
            node = getattr(node, str(part)) if part in type(node).model_fields else _MISSING
        elif isinstance(node, list | tuple):
            node = node[part] if isinstance(part, int) and part < len(node) else _MISSING
        else:
            node = node[part] if isinstance(node, Mapping) and part in node else _MISSING
    return node


def _not_searched(setting: str, value: Any, settings: Sequence[str]) -> Problem:
    """Why an entry cannot give the setting, and which was probably meant."""
    path = parse_path(setting)
    for searched in settings:
        searched_path = parse_path(searched)
        is_inside = searched_path[: len(path)] == path
        if is_inside and _look_up(value, searched_path[len(path) :]) is not _MISSING:
            advice = f"write the setting's whole path with dots: {searched}"
            return predicate("is not searched", advice=advice)
    suggestion = did_you_mean(setting, settings)
    advice = "" if suggestion else f"search.space has {word_list(settings)}"
    return predicate(f"is not searched{suggestion}", advice=advice)

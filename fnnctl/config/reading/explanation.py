"""Says where each setting of an experiment comes from: `fnnctl check --explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fnnctl.config.paths import (
    BAGS,
    HIDDEN,
    LEARNING_RATE,
    OPTIMIZER,
    SPACE,
    TWINS,
    ConfigPath,
    Locations,
    format_path,
    overlap,
    parse_path,
)
from fnnctl.config.problems import NO_EFFECT
from fnnctl.config.provenance import Resolved
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.recipes.resolving import COMPLETED
from fnnctl.config.recipes.written import NAME, gives, outside_search, searched, settings_in
from fnnctl.config.rules.plain_config import is_set, takes_any_key, value_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import plain
from fnnctl.errors import Problem
from fnnctl.text import word_list

AUTO: Final = "auto"
RECIPE: Final = "recipe"
SCHEMA: Final = "schema"
OF_SEVERAL: Final = {BAGS, TWINS}
"""Settings of which nobody expects the recipe's value who asks for one network."""
SCALING: Final[ConfigPath] = ("data", "scaling")
COMPUTATION: Final = {("training", "precision"), ("training", "threads")}
"""Settings that do not describe the network; they have a line only if they are set."""
CALIBRATIONS: Final = {
    "temperature": "divides all scores by one number, so that probabilities agree with frequencies",
    "shrunk_temperature": "divides all scores by one number, so that probabilities agree with frequencies; "
    "with few rows the number is near 1",
}
"""What they do, in words."""


@dataclass(frozen=True, slots=True)
class ExplainedSetting:
    """A setting with its value and its origin."""

    path: str
    value: Any
    """The plain value; of a searched setting its domain, as it is written."""
    origin: str
    reason: str | None = None
    """Why an unset setting does not have the recipe's value."""

    @property
    def origin_with_reason(self) -> str:
        """The origin, and why an unset setting does not have the recipe's value."""
        return f"{self.origin}: {self.reason}" if self.reason else self.origin


def explained(complete: Experiment, config: Resolved, locations: Locations) -> list[ExplainedSetting]:
    """The settings of the network and its training and those that the config sets, then the searched ones.

    `complete` is the config's experiment with what follows from its data. Settings inside another, such as
    an ensemble's members, have lines of their own. Left out are settings without effect, and hyperparameters
    of a choice, such as an optimizer's, that are at their defaults. The learning rate is there all the same,
    except in a search of the optimizer, where its default depends on the trial.
    """
    origins, rows = _Origins(config, locations), []
    domains = searched(config.provenance.written)
    has_one_optimizer = not any(overlap(parse_path(key), (*OPTIMIZER, NAME)) for key in domains)
    sources = {name: getattr(config.experiment.data, name) for name in ("source", "test_source")}
    data = complete.data.model_copy(update=sources)
    values = active_settings(complete.model_copy(update={"data": data, "search": None}))
    for path, value in _settings(values, ()):
        is_hyperparameter = path[-1] != NAME and NAME in value_at(values, path[:-1]) and bool(path[1:])
        if path == LEARNING_RATE and has_one_optimizer:
            is_hyperparameter = False
        origin = origins.of(path, value, is_hyperparameter)
        if origin is not None:
            setting = path[:-1] if path[-1] == NAME and path[1:] else path
            reason = origins.reason(path) if origin in {SCHEMA, RECIPE} else None
            rows.append(ExplainedSetting(format_path(setting), value, origin, reason))
    for key, domain in domains.items():
        origin = f"{origins.location((*SPACE, key))}, searched"
        rows.append(ExplainedSetting(key, domain, origin))
    return rows


def explained_search(
    section: Mapping[str, Any], original: Mapping[str, Any], locations: Locations
) -> list[ExplainedSetting]:
    """The settings of a `search` section that the recipe has completed, then the domains of its space.

    `original` is the config without the recipe's values.
    """
    rows = []
    for path, value in _settings({key: section[key] for key in section if key != "space"}, ("search",)):
        origin = _location(locations, path) if is_set(original, path) else RECIPE
        rows.append(ExplainedSetting(format_path(path), value, origin))
    searched_rows = (
        ExplainedSetting(key, domain, f"{RECIPE}, searched") for key, domain in section["space"].items()
    )
    return [*rows, *searched_rows]


def recipe_line(config: Resolved) -> str | None:
    """One line with the recipe and the settings that do not have its values; None if it gives nothing.

    Why its members have no bags is said, because it depends on the data.
    """
    provenance = config.provenance
    if not (provenance.applied or provenance.omitted):
        return None
    parts = [f"recipe {config.experiment.recipe}"]
    left_out = list(_left_out(config))
    if settings := [setting for path, setting, _ in left_out if path != BAGS]:
        parts.append(f"without its {word_list(settings)}")
    if changed := [format_path(path) for path in provenance.changed]:
        parts.append(f"with another {word_list(changed)}")
    if reason := next((reason for path, _, reason in left_out if path == BAGS), None):
        has_no_effect = reason.kind == NO_EFFECT
        why = f"{reason.path} would have no effect" if has_no_effect else _in_few_words(reason)
        parts.append(f"without bags: {why}")
    return "; ".join(parts)


def calibration_lines(rows: Sequence[ExplainedSetting]) -> list[str]:
    """A sentence that says what the calibration is, if there is one and it is not searched."""
    return [
        f"{row.path}: {value} {meaning}"
        for row in rows
        for value, meaning in CALIBRATIONS.items()
        if row.path == "model.calibration" and row.value == value
    ]


def left_out_values(config: Resolved) -> list[str]:
    """Sentences that say which of the recipe's values are left out or have changed, and why."""
    settings = [(setting, reason) for _, setting, reason in _left_out(config)]
    settings += [(format_path(path), reason) for path, reason in config.provenance.changed.items()]
    return [
        f"{setting} does not have the recipe's value: {_in_few_words(reason)}" for setting, reason in settings
    ]


def _left_out(config: Resolved) -> Iterator[tuple[ConfigPath, str, Problem]]:
    """The paths of the recipe's omitted values, the settings as they are written, and the reasons.

    Hyperparameters are left out that the config's choice, such as another optimizer, does not have, and
    settings of several networks if there is one.
    """
    values = active_settings(config.experiment)
    without = OF_SEVERAL if config.experiment.model.ensemble.members == 1 else set()
    for path, reason in config.provenance.omitted.items():
        if path not in without and (path == BAGS or is_set(values, path)):
            yield path, format_path(path[:-1] if path[-1] == NAME else path), reason


@dataclass(frozen=True)
class _Origins:
    config: Resolved
    locations: Locations

    @cached_property
    def set_paths(self) -> list[ConfigPath]:
        """The settings that the config sets; those that only its search varies are not among them."""
        return list(settings_in(outside_search(self.config.provenance.written)))

    def of(self, path: ConfigPath, value: Any, is_hyperparameter: bool) -> str | None:
        """Where a setting's value comes from; None if the setting needs no line."""
        original = self.config.provenance.written
        if any(overlap(parse_path(key), path) for key in searched(original)):
            return None  # it has a line as a searched setting
        if gives(self.set_paths, path):
            is_auto = value_at(original, path) == AUTO != value
            return f"{self.location(path)}, from the data" if is_auto else self.location(path)
        if path in self.config.provenance.applied:
            return RECIPE
        if is_hyperparameter or path in COMPUTATION or not (path[0] in COMPLETED or path == SCALING):
            return None
        if self.reason(path):
            return SCHEMA
        return SCHEMA if value_at(plain(self.config.experiment), path) == value else "data"

    def reason(self, path: ConfigPath) -> str | None:
        """Why an unset setting does not have the recipe's value; None if it has, or if that is unknown."""
        provenance = self.config.provenance
        reasons = {**provenance.omitted, **provenance.changed}
        own_reasons = (reason for setting, reason in reasons.items() if overlap(setting, path))
        return next(map(_in_few_words, own_reasons), None)

    def location(self, path: ConfigPath) -> str:
        """The file and line of a setting, or the command-line option that set it."""
        return _location(self.locations, path)


def _location(locations: Locations, path: ConfigPath) -> str:
    location = locations.of(format_path(path))
    place = f"{location.file}:{location.line}" if location.line else str(location.file)
    inside = locations.variables_in(format_path(path)) or location.variables
    variables = word_list([f"${{{name}}}" for name in inside])
    return f"{place}, with {variables}" if variables else place


def _settings(values: Mapping[str, Any], section: ConfigPath) -> Iterator[tuple[ConfigPath, Any]]:
    """The innermost settings; a list is one setting, and so is a mapping whose keys are no settings."""
    for key, value in values.items():
        path = (*section, key)
        if isinstance(value, Mapping) and not takes_any_key(path):
            yield from _settings(value, path)
        else:
            yield path, _short(value) if path == HIDDEN else value


def _in_few_words(reason: Problem) -> str:
    """A reason as a sentence, without the advice."""
    return reason.clause if reason.has_subject else reason.sentence_about("it")


def _short(layers: list[Any]) -> list[Any]:
    """Hidden layers in their short form, where they have only units."""
    return [layer["units"] if layer.keys() == {"units"} else layer for layer in layers]

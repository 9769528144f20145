"""Says where each setting of an experiment comes from: `fnnctl check --explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fnnctl.config.messages.wording import about
from fnnctl.config.paths import SPACE, ConfigPath, Locations, format_path, is_below, parse_path, problem_at
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.recipes.filling import CompleteConfig
from fnnctl.config.recipes.groups import (
    GROUP_NAMES,
    SHORT,
    Group,
    classic_clause,
    group_of,
    searched,
    set_or_searched,
    settings_in,
)
from fnnctl.config.rules.plain_config import is_set, takes_any_key, value_at
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import plain, written_out

NAME: Final = "name"
CLASSIC: Final = "classic"
AUTO: Final = "auto"
RECIPE: Final = "recipe"
SCHEMA: Final = "schema"
BAGS: Final[ConfigPath] = ("model", "ensemble", "bags")
HIDDEN: Final[ConfigPath] = ("model", "hidden")
OPTIMIZER: Final[ConfigPath] = ("training", "optimizer")
LEARNING_RATE: Final[ConfigPath] = (*OPTIMIZER, "learning_rate")
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
    group: Group | None
    """The recipes' group of the setting; None if recipes leave it alone."""
    reason: str | None = None
    """Why a classic setting does not have the recipe's value."""

    @property
    def origin_with_reason(self) -> str:
        """The origin, and why a classic setting does not have the recipe's value."""
        return f"{self.origin}: {self.reason}" if self.reason else self.origin


def explained(complete: Experiment, config: CompleteConfig, locations: Locations) -> list[ExplainedSetting]:
    """The settings that recipes fill in or that the config sets, then those that its search varies.

    `complete` is the config's experiment with what follows from its data. Settings inside another, such as
    an ensemble's members, have lines of their own. Left out are settings without effect, and hyperparameters
    of a choice, such as an optimizer's, that are at their defaults. The learning rate is there all the same,
    except in a search of the optimizer, where its default depends on the trial.
    """
    origins, rows = _Origins(config, locations), []
    domains = searched(config.recipe.original)
    has_one_optimizer = not any(_overlap(parse_path(key), (*OPTIMIZER, NAME)) for key in domains)
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
            reason = origins.reason(path) if origin == CLASSIC else None
            rows.append(ExplainedSetting(format_path(setting), value, origin, group_of(path), reason))
    for key, domain in domains.items():
        origin = f"{origins.location((*SPACE, key))}, searched"
        rows.append(ExplainedSetting(key, domain, origin, group_of(parse_path(key))))
    return rows


def recipe_line(config: CompleteConfig) -> str | None:
    """One line with the recipe, the groups that are classic, and why the recipe's members have no bags.

    Each group has the setting that made it classic. A group in which no value differs from the recipe's is
    left out. None if the recipe gives nothing, and would give only what is set or has no effect, as in a
    `resolved.yaml`.
    """
    recipe = config.recipe
    settings = list(settings_in(recipe.original))
    differing = list(_differing(config))
    is_lost = any(not any(_sets(setting, path) for setting in settings) for path in differing)
    if not (recipe.applied or is_lost):
        return None
    changed = {group_of(path) for path in differing}
    groups = [f"{group} ({format_path(recipe.classic[group])})" for group in GROUP_NAMES if group in changed]
    parts = [f"recipe {config.experiment.recipe}"]
    if groups:
        parts.append(f"classic: {', '.join(groups)}")
    if BAGS in recipe.omitted:
        parts.append(f"without bags: {_in_few_words(recipe.omitted[BAGS]).partition(': ')[0]}")
    return "; ".join(parts)


def calibration_lines(rows: Sequence[ExplainedSetting]) -> list[str]:
    """A sentence that says what the calibration is, if there is one and it is not searched."""
    return [
        f"{row.path}: {value} {meaning}"
        for row in rows
        for value, meaning in CALIBRATIONS.items()
        if row.path == "model.calibration" and row.value == value
    ]


def _differing(config: CompleteConfig) -> Iterator[ConfigPath]:
    """The settings of classic groups that have an effect, and another value than the recipe's.

    A searched setting has no single value, so it is none of them.
    """
    values = active_settings(config.experiment)
    searched_paths = [parse_path(key) for key in searched(config.recipe.original)]
    for setting, default in config.recipe.values.items():
        group = group_of(setting)
        if group not in config.recipe.classic or not is_set(values, setting):
            continue
        is_section = isinstance(value_at(values, setting), Mapping)
        inner = _inside(setting, written_out(default, SHORT)) if is_section else [(setting, default)]
        for path, inner_value in inner:
            is_searched = any(_overlap(key, path) for key in searched_paths)
            if group_of(path) == group and is_set(values, path) and not is_searched:
                value = value_at(values, path)
                if (_short(value) if path == HIDDEN else value) != inner_value:
                    yield path


def left_to_classic(config: CompleteConfig, locations: Locations) -> list[str]:
    """Sentences that say which groups, and which values of other groups, are not the recipe's, and why.

    A group that is set but in which no value differs from the recipe's, which `recipe_line` leaves out, is
    said to change no value.
    """
    recipe, origins = config.recipe, _Origins(config, locations)
    differing = {group_of(path) for path in _differing(config)}
    sentences = []
    for group in (group for group in GROUP_NAMES if group in recipe.classic):
        has_value = set_or_searched(recipe.original, recipe.classic[group]) == "set"
        same = ", which changes no value" if has_value and group not in differing else ""
        sentences.append(f"{classic_clause(group)}{same}: {origins.of_group(group)}")
    return sentences + [
        f"{format_path(path)} is not taken from the recipe: {_in_few_words(reason)}"
        for path, reason in recipe.omitted.items()
    ]


@dataclass(frozen=True)
class _Origins:
    config: CompleteConfig
    locations: Locations

    @cached_property
    def set_paths(self) -> list[ConfigPath]:
        """The settings that the config sets; those that only its search varies are not among them."""
        config = {key: value for key, value in self.config.recipe.original.items() if key != SPACE[0]}
        return list(settings_in(config))

    def of(self, path: ConfigPath, value: Any, is_hyperparameter: bool) -> str | None:
        """Where a setting's value comes from; None if the setting needs no line."""
        original, group = self.config.recipe.original, group_of(path)
        if any(_overlap(parse_path(key), path) for key in searched(original)):
            return None  # it has a line as a searched setting
        if any(_sets(setting, path) for setting in self.set_paths):
            is_auto = value_at(original, path) == AUTO != value
            return f"{self.location(path)}, from the data" if is_auto else self.location(path)
        if self._is_applied(path):
            return RECIPE
        if group is None or is_hyperparameter:
            return None
        if self.reason(path):
            return CLASSIC
        return SCHEMA if value_at(plain(self.config.experiment), path) == value else "data"

    def reason(self, path: ConfigPath) -> str | None:
        """Why a setting that is not set does not have the recipe's value; None if nothing is known."""
        for omitted, reason in self.config.recipe.omitted.items():
            if _overlap(omitted, path):
                return _in_few_words(reason)
        group = group_of(path)
        return self.of_group(group) if group and group in self.config.recipe.classic else None

    def of_group(self, group: Group) -> str:
        """Why a group is classic."""
        because = self.config.recipe.classic[group]
        return f"{format_path(because)} is {set_or_searched(self.config.recipe.original, because)}"

    def location(self, path: ConfigPath) -> str:
        """The file and line of a setting, or the command-line option that set it."""
        problem = self.locations.locate(problem_at(path, ""))
        return f"{problem.file}:{problem.line}" if problem.line else str(problem.file)

    def _is_applied(self, path: ConfigPath) -> bool:
        """Whether the recipe gives the setting, by itself or in a mapping."""
        for setting, value in self.config.recipe.applied.items():
            inside = path[len(setting) :]
            if setting == path[: len(setting)] and (not inside or is_set(written_out(value, SHORT), inside)):
                return True
        return False


def _settings(values: Mapping[str, Any], section: ConfigPath) -> Iterator[tuple[ConfigPath, Any]]:
    """The innermost settings; a list is one setting, and so is a mapping whose keys are no settings."""
    for key, value in values.items():
        path = (*section, key)
        if isinstance(value, Mapping) and not takes_any_key(path):
            yield from _settings(value, path)
        else:
            yield path, _short(value) if path == HIDDEN else value


def _inside(path: ConfigPath, value: Any) -> list[tuple[ConfigPath, Any]]:
    """The settings that a value gives."""
    return (
        [((*path, key), inner) for key, inner in value.items()]
        if isinstance(value, Mapping)
        else [(path, value)]
    )


def _in_few_words(reason: str) -> str:
    """A reason as a sentence, without the suggestion that follows it."""
    return about("it", reason.partition("; ")[0])


def _short(layers: list[Any]) -> list[Any]:
    """Hidden layers in their short form, where they have only units."""
    return [layer["units"] if layer.keys() == {"units"} else layer for layer in layers]


def _sets(setting: ConfigPath, path: ConfigPath) -> bool:
    """Whether a set setting is the one at a path, a part of it, or its short form."""
    return setting[: len(path)] == path or any((*setting, key) == path for key in SHORT)


def _overlap(one: ConfigPath, other: ConfigPath) -> bool:
    """Whether two settings are the same, or one is inside the other."""
    return one == other or is_below(one, {other}) or is_below(other, {one})

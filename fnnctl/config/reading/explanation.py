"""Says where each setting of an experiment comes from: `fnnctl check --explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fnnctl.config.messages.wording import about
from fnnctl.config.paths import SPACE, ConfigPath, Locations, format_path, is_below, parse_path, problem_at
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.recipes.filling import Expansion
from fnnctl.config.recipes.groups import (
    GROUP_NAMES,
    SHORT,
    Group,
    given_settings,
    group_of,
    is_classic,
    searched,
    set_or_searched,
)
from fnnctl.config.rules.plain_config import is_given, takes_any_key, value_at
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
    def told(self) -> str:
        """The origin with its reason."""
        return f"{self.origin}: {self.reason}" if self.reason else self.origin


def explained(complete: Experiment, expansion: Expansion, locations: Locations) -> list[ExplainedSetting]:
    """The settings that recipes fill in or that the config gives, then those that its search varies.

    `complete` is the expansion's experiment with what follows from its data. Settings inside another, such as
    an ensemble's members, have lines of their own. Left out are settings without effect, and hyperparameters
    of a choice, such as an optimizer's, that are at their defaults. The learning rate is there all the same,
    except in a search of the optimizer, where its default depends on the trial.
    """
    origins, rows = _Origins(expansion, locations), []
    varied = [parse_path(key) for key in searched(expansion.given)]
    has_one_optimizer = not any(_meet(key, (*OPTIMIZER, NAME)) for key in varied)
    as_given = {name: getattr(expansion.experiment.data, name) for name in ("source", "test_source")}
    data = complete.data.model_copy(update=as_given)
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
    for key, domain in searched(expansion.given).items():
        origin = f"{origins.place((*SPACE, key))}, searched"
        rows.append(ExplainedSetting(key, domain, origin, group_of(parse_path(key))))
    return rows


def recipe_line(expansion: Expansion) -> str | None:
    """One line with the recipe, the groups that are classic, and why the recipe's members have no bags.

    Each group has the setting that made it classic. A group in which no value differs from the recipe's is
    left out. None if the recipe gives nothing, and would give only what is given or has no effect, as in a
    `resolved.yaml`.
    """
    given = list(given_settings(expansion.given))
    differing = list(_differing(expansion))
    is_lost = any(not any(_gives(each, path) for each in given) for path in differing)
    if not (expansion.taken or is_lost):
        return None
    named = {group_of(path) for path in differing}
    groups = [f"{group} ({format_path(expansion.classic[group])})" for group in GROUP_NAMES if group in named]
    parts = [f"recipe {expansion.experiment.recipe}"]
    if groups:
        parts.append(f"classic: {', '.join(groups)}")
    if BAGS in expansion.refused:
        parts.append(f"without bags: {_in_few_words(expansion.refused[BAGS]).partition(': ')[0]}")
    return "; ".join(parts)


def calibration_lines(rows: Sequence[ExplainedSetting]) -> list[str]:
    """A sentence that says what the calibration is, if there is one and it is not searched."""
    return [
        f"{row.path}: {value} {meaning}"
        for row in rows
        for value, meaning in CALIBRATIONS.items()
        if row.path == "model.calibration" and row.value == value
    ]


def _differing(expansion: Expansion) -> Iterator[ConfigPath]:
    """The settings of classic groups that have an effect, and another value than the recipe's.

    A searched setting has no single value, so it is none of them.
    """
    values = active_settings(expansion.experiment)
    varied = [parse_path(key) for key in searched(expansion.given)]
    for setting, value in expansion.filled.values.items():
        group = group_of(setting)
        if group not in expansion.classic or not is_given(values, setting):
            continue
        is_section = isinstance(value_at(values, setting), Mapping)
        inner = _inside(setting, written_out(value, SHORT)) if is_section else [(setting, value)]
        for path, wanted in inner:
            is_varied = any(_meet(key, path) for key in varied)
            if group_of(path) == group and is_given(values, path) and not is_varied:
                found = value_at(values, path)
                if (_short(found) if path == HIDDEN else found) != wanted:
                    yield path


def left_to_classic(expansion: Expansion, locations: Locations) -> list[str]:
    """Sentences that say which groups, and which values of other groups, are not the recipe's, and why.

    A group that is set but in which no value differs from the recipe's, which `recipe_line` leaves out, is
    said to change no value.
    """
    origins = _Origins(expansion, locations)
    differing = {group_of(path) for path in _differing(expansion)}
    groups = []
    for group in (each for each in GROUP_NAMES if each in expansion.classic):
        is_set = set_or_searched(expansion.given, expansion.classic[group]) == "set"
        same = ", which changes no value" if is_set and group not in differing else ""
        groups.append(f"{is_classic(group)}{same}: {origins.of_group(group)}")
    return groups + [
        f"{format_path(path)} is not taken from the recipe: {_in_few_words(reason)}"
        for path, reason in expansion.refused.items()
    ]


@dataclass(frozen=True)
class _Origins:
    expansion: Expansion
    locations: Locations

    @cached_property
    def given(self) -> list[ConfigPath]:
        """The settings that the config gives; those that only its search varies are not among them."""
        config = {key: value for key, value in self.expansion.given.items() if key != SPACE[0]}
        return list(given_settings(config))

    def of(self, path: ConfigPath, value: Any, is_hyperparameter: bool) -> str | None:
        """Where a setting's value comes from; None if the setting needs no line."""
        expansion, group = self.expansion, group_of(path)
        if any(_meet(parse_path(key), path) for key in searched(expansion.given)):
            return None  # it has a line as a searched setting
        if any(_gives(each, path) for each in self.given):
            is_auto = value_at(expansion.given, path) == AUTO != value
            return f"{self.place(path)}, from the data" if is_auto else self.place(path)
        if self._is_taken(path):
            return RECIPE
        if group is None or is_hyperparameter:
            return None
        if self.reason(path):
            return CLASSIC
        return SCHEMA if value_at(plain(expansion.experiment), path) == value else "data"

    def reason(self, path: ConfigPath) -> str | None:
        """Why a setting that is not given does not have the recipe's value; None if nothing is known."""
        for refused, reason in self.expansion.refused.items():
            if _meet(refused, path):
                return _in_few_words(reason)
        group = group_of(path)
        return self.of_group(group) if group and group in self.expansion.classic else None

    def of_group(self, group: Group) -> str:
        """Why a group is classic."""
        because = self.expansion.classic[group]
        return f"{format_path(because)} is {set_or_searched(self.expansion.given, because)}"

    def place(self, path: ConfigPath) -> str:
        """The file and line of a setting, or the command-line option that gave it."""
        found = self.locations.located(problem_at(path, ""))
        return f"{found.file}:{found.line}" if found.line else str(found.file)

    def _is_taken(self, path: ConfigPath) -> bool:
        """Whether the recipe gives the setting, by itself or in a mapping."""
        for taken, value in self.expansion.taken.items():
            inside = path[len(taken) :]
            if taken == path[: len(taken)] and (not inside or is_given(written_out(value, SHORT), inside)):
                return True
        return False


def _settings(values: Mapping[str, Any], place: ConfigPath) -> Iterator[tuple[ConfigPath, Any]]:
    """The innermost settings; a list is one setting, and so is a mapping whose keys are no settings."""
    for key, value in values.items():
        path = (*place, key)
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
    """A reason as a sentence, without the advice that follows it."""
    return about("it", reason.partition("; ")[0])


def _short(layers: list[Any]) -> list[Any]:
    """Hidden layers in their short form, where they have only units."""
    return [layer["units"] if layer.keys() == {"units"} else layer for layer in layers]


def _gives(given: ConfigPath, path: ConfigPath) -> bool:
    """Whether what is given at one path is the setting at the other, a part of it, or its short form."""
    return given[: len(path)] == path or any((*given, key) == path for key in SHORT)


def _meet(one: ConfigPath, other: ConfigPath) -> bool:
    """Whether two settings are the same, or one is inside the other."""
    return one == other or is_below(one, {other}) or is_below(other, {one})

"""Says where each setting of an experiment comes from: `fnnctl check --explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fnnctl.config.paths import SPACE, ConfigPath, Locations, format_path, is_below, parse_path, problem_at
from fnnctl.config.reading.resolved import active_settings
from fnnctl.config.rules.plain_config import value_at
from fnnctl.config.rules.recipes.expansion import Expansion
from fnnctl.config.rules.recipes.groups import Group, given_settings, group_of, searched
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import plain, written_out

NAME: Final = "name"
AUTO: Final = "auto"
DEFAULT: Final = "schema default"


@dataclass(frozen=True, slots=True)
class ExplainedSetting:
    """A setting with its value and its origin."""

    path: str
    value: Any
    """The plain value; of a searched setting its domain, as it is written."""
    origin: str
    group: Group | None
    """The recipes' group of the setting; None if recipes leave it alone."""


def explained(complete: Experiment, expansion: Expansion, locations: Locations) -> list[ExplainedSetting]:
    """The settings that recipes fill in or that the config gives, then those that its search varies.

    `complete` is the expansion's experiment with what follows from its data. Left out are hyperparameters of
    a choice, such as an optimizer's, that are at their defaults, and settings without effect.
    """
    origins, rows = _Origins(expansion, locations), []
    as_given = {name: getattr(expansion.experiment.data, name) for name in ("source", "test_source")}
    data = complete.data.model_copy(update=as_given)
    values = active_settings(complete.model_copy(update={"data": data, "search": None}))
    for path, value in _settings(values, ()):
        origin = origins.of(path, value)
        if origin is not None:
            setting = path[:-1] if path[-1] == NAME and path[1:] else path
            rows.append(ExplainedSetting(format_path(setting), value, origin, group_of(path)))
    for key, domain in searched(expansion.given).items():
        origin = f"{origins.place((*SPACE, key))}, searched"
        rows.append(ExplainedSetting(key, domain, origin, group_of(parse_path(key))))
    return rows


@dataclass(frozen=True)
class _Origins:
    expansion: Expansion
    locations: Locations

    @cached_property
    def given(self) -> list[ConfigPath]:
        """The settings that the config gives; those that only its search varies are not among them."""
        config = {key: value for key, value in self.expansion.given.items() if key != SPACE[0]}
        return list(given_settings(config))

    def of(self, path: ConfigPath, value: Any) -> str | None:
        """Where a setting's value comes from; None if the setting needs no line."""
        expansion, group = self.expansion, group_of(path)
        if any(_meet(parse_path(key), path) for key in searched(expansion.given)):
            return None  # it has a line as a searched setting
        if any(_gives(each, path) for each in self.given):
            is_auto = value_at(expansion.given, path) == AUTO != value
            return f"{self.place(path)}, from the data" if is_auto else self.place(path)
        if self._is_taken(path):
            return f"recipe {expansion.experiment.recipe}"
        if group is None or (path[2:] and path[-1] != NAME):
            return None
        for refused, reason in expansion.refused.items():
            if _meet(refused, path):
                return f"classic: {reason.partition('; ')[0]}"
        if group in expansion.classic:
            because = expansion.classic[group]
            is_set = any(_meet(because, each) for each in self.given)
            return f"classic: {format_path(because)} is {'set' if is_set else 'searched'}"
        return DEFAULT if value_at(plain(expansion.experiment), path) == value else "data"

    def place(self, path: ConfigPath) -> str:
        """The file and line of a setting, or the command-line option that gave it."""
        found = self.locations.located(problem_at(path, ""))
        return f"{found.file}:{found.line}" if found.line else str(found.file)

    def _is_taken(self, path: ConfigPath) -> bool:
        """Whether the recipe gives the setting, by itself or in a mapping."""
        for taken, value in self.expansion.taken.items():
            inside = path[len(taken) :]
            if taken == path[: len(taken)] and (
                not inside or value_at(written_out(value), inside) is not None
            ):
                return True
        return False


def _settings(values: Mapping[str, Any], place: ConfigPath) -> Iterator[tuple[ConfigPath, Any]]:
    """The settings inside sections and choices; lists and other mappings are one setting each."""
    for key, value in values.items():
        path = (*place, key)
        if isinstance(value, Mapping) and (not place or NAME in value):
            yield from _settings(value, path)
        else:
            yield path, _short(value) if path == ("model", "hidden") else value


def _short(layers: list[Any]) -> list[Any]:
    """Hidden layers in their short form, where they have only units."""
    return [layer["units"] if layer.keys() == {"units"} else layer for layer in layers]


def _gives(given: ConfigPath, path: ConfigPath) -> bool:
    """Whether what is given at one path is the setting at the other, a part of it, or its short form."""
    return given[: len(path)] == path or (*given, NAME) == path


def _meet(one: ConfigPath, other: ConfigPath) -> bool:
    """Whether two settings are the same, or one is inside the other."""
    return one == other or is_below(one, {other}) or is_below(other, {one})

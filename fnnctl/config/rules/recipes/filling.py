"""Fills in a recipe's values in the groups of settings that a config leaves open.

Every value is taken that the config's own settings, its search and its data allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from fnnctl.config.messages.wording import about
from fnnctl.config.paths import SPACE, ConfigPath, Messages, format_path, parse_path
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_given, override, value_at
from fnnctl.config.rules.recipes.groups import Group, completed_value, given_groups, group_of, needed_group
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError

if TYPE_CHECKING:
    from fnnctl.config.rules.trials import Check

Values: TypeAlias = Mapping[ConfigPath, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """A config with a recipe's values; it may still be wrong."""

    config: Mapping[str, Any]
    values: Values
    """All values of the recipe."""
    classic: Mapping[Group, ConfigPath]
    """The groups that the config has settings of, each with one of these."""
    taken: Values
    refused: Messages = field(default_factory=dict)
    """The values of other groups that were not taken, each with the reason."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Says what is wrong with a config: by itself, with its search, and with the data."""

    name: str | None
    """The experiment's name, also if the config gives none."""
    check: Check | None = None
    searches: bool = True
    """Whether to look at the search."""

    def problems(self, config: Mapping[str, Any]) -> Messages:
        """The messages of a config by path; empty if it is valid."""
        try:
            experiment = self.experiment(config)
        except RefusedConfigurationError as error:
            return error.messages | (self._unsuited(error.experiment) if error.experiment else {})
        found, search = self._unsuited(experiment), experiment.search
        if self.searches and search is not None and search.space:
            # The rules of searches take long to import, and most configs have none.
            from fnnctl.config.rules.search_check import search_messages

            found |= search_messages(config, experiment, self.check)
        return found

    def _unsuited(self, experiment: Experiment) -> Messages:
        """What the data do not allow."""
        wrong = self.check(experiment) if self.check else ()
        return {parse_path(each.path or ""): each.message for each in wrong}

    def experiment(self, config: Mapping[str, Any]) -> Experiment:
        """The experiment of a config; raises `RefusedConfigurationError`."""
        return experiment_of(config).model_copy(update={"name": self.name})


def rule_problems(config: Mapping[str, Any]) -> Messages:
    """What is wrong with a config by itself, without its search and its data."""
    return Judge(None, searches=False).problems(config)


def filled(config: Mapping[str, Any], values: Values, judge: Judge) -> Filled:
    """The config with the recipe's `values`, as far as it leaves their groups open and allows them."""
    classic = given_groups(config)
    open_values = {path: value for path, value in values.items() if group_of(path) not in classic}
    unsuited = {
        path: f"it suits only the recipe's {group}"
        for path, value in open_values.items()
        if (group := needed_group(path, value)) in classic
    }
    offered = {path: value for path, value in open_values.items() if path not in unsuited}
    if not offered:
        return Filled(config, values, classic, offered, unsuited)
    result: Any = config
    try:
        for path, value in offered.items():
            result = _with_value(result, config, path, value)
        fits = not judge.problems(result)
    except ConfigError:
        fits = False
    if fits:
        return Filled(result, values, classic, offered, unsuited)
    result, taken, refused = _as_far_as_possible(config, offered, judge)
    return Filled(result, values, classic, taken, unsuited | refused)


def _as_far_as_possible(config: Any, offered: Values, judge: Judge) -> tuple[Any, Values, Messages]:
    """The config with those values that bring no new problem, the values, and why others are left out.

    Values are tried one after the other, so a value may need those before it. Those that mend the config
    come first, because its search is judged only when nothing else is wrong.
    """
    given, known = config, judge.problems(config)
    in_order = sorted(offered.items(), key=lambda item: not _mends(config, item, judge, known))
    taken: dict[ConfigPath, Any] = {}
    refused: Messages = {}
    for path, value in in_order:
        found = known
        try:
            attempt = _with_value(config, given, path, value)
            found = judge.problems(attempt)
            wrong = {place: found[place] for place in found if place not in known}
        except ConfigError as error:
            wrong = {parse_path(each.path or ""): each.message for each in error.problems}
        if wrong:
            refused[path] = _reason(path, wrong)
        else:
            config, known, taken[path] = attempt, found, value
    return config, taken, refused


def _mends(config: Any, item: tuple[ConfigPath, Any], judge: Judge, known: Messages) -> bool:
    """Whether a value, by itself, leaves a config with fewer than the `known` problems, and no new one."""
    if not known:
        return False
    try:
        return judge.problems(_with_value(config, config, *item)).keys() < known.keys()
    except ConfigError:
        return False


def _with_value(config: Any, given: Mapping[str, Any], path: ConfigPath, value: Any) -> Any:
    """The config with a recipe's value. What is given inside the setting counts; a null section stays."""
    sections = (path[:depth] for depth in range(1, len(path)))
    if any(is_given(given, each) and value_at(given, each) is None for each in sections):
        return config
    return override(config, path, completed_value(given, path, value))


def _reason(path: ConfigPath, wrong: Messages) -> str:
    """Why a setting is left out: a problem of its own, or that of another setting."""
    cause, reason = next(iter(wrong.items()))
    is_own = all(one == other for one, other in zip(path, cause, strict=False))
    return reason if is_own else _of_another(cause, reason)


def _of_another(cause: ConfigPath, reason: str) -> str:
    """What a value would make wrong with a setting that the config gives or searches."""
    message = reason.replace("has no effect", "would have no effect", 1)
    return about(str(cause[2]) if cause[:2] == SPACE and cause[2:] else format_path(cause), message)

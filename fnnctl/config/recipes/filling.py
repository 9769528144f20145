"""Fills in a recipe's values in the groups of settings that a config leaves open.

Every value is taken that the config's own settings, its search and its data allow. If an error exists only
because a group is classic, its message says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from fnnctl.config.messages.wording import about
from fnnctl.config.paths import SPACE, ConfigPath, Messages, format_path, parse_path
from fnnctl.config.recipes.definitions import RecipeFacts, default_recipe, fast_recipe
from fnnctl.config.recipes.groups import (
    SHORT,
    Group,
    completed_value,
    given_groups,
    group_of,
    is_classic,
    needed_group,
    set_or_searched,
)
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_given, override, value_at
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe
from fnnctl.config.schema.section import written_out
from fnnctl.config.yaml_text import flow_yaml
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


Problems: TypeAlias = Callable[[Mapping[str, Any]], Messages]
NAME: Final = "name"

_ADVICE: Final = re.compile(r"; [^;]*\bwrite\b.*")
"""What a message says to write instead."""


def with_hints(messages: Messages, filled: Filled, problems: Problems = rule_problems) -> Messages:
    """The messages about a config, with a hint where the recipe's values of a classic group would help.

    `problems` finds all messages of a config.
    """
    return {
        path: next(_hints(path, messages, filled, problems), message) for path, message in messages.items()
    }


def _hints(path: ConfigPath, messages: Messages, filled: Filled, problems: Problems) -> Iterator[str]:
    """The message of a path with each hint that is true, the most helpful first."""
    message, others = messages[path], messages.keys() - {path}
    for group, because in filled.classic.items():
        own = {each: value for each, value in filled.values.items() if group_of(each) == group}
        cause = path if group_of(path) == group and is_given(filled.config, path) else because
        why = f"{format_path(cause)} is {set_or_searched(filled.config, cause)}, so {is_classic(group)}"
        for each, value in own.items():
            kind = _kind(value)
            if _is_mended(filled.config, {each: kind}, problems, others):
                written = flow_yaml(_short(completed_value(filled.config, each, kind)))
                yield f"{_ADVICE.sub('', message)}; {why}; write {format_path(each)}: {written}"
        if _is_mended(filled.config, own, problems, others):
            yield f"{message}; {why}"


def _is_mended(
    config: Mapping[str, Any],
    values: Mapping[ConfigPath, Any],
    problems: Problems,
    others: set[ConfigPath],
) -> bool:
    """Whether a config has no problem but the `others` if it also has these values."""
    mended: Any = config
    try:
        for path, value in values.items():
            mended = override(mended, path, completed_value(config, path, value))
        return problems(mended).keys() <= others
    except ConfigError:
        return False


def _kind(value: Any) -> Any:
    """Of a section's settings the one that chooses the others, if there is one."""
    section = written_out(value, SHORT)
    if not isinstance(section, Mapping):
        return value
    return {key: inner for key, inner in section.items() if key in SHORT} or section


def _short(value: Any) -> Any:
    """The short form of a section that has only its kind."""
    return value[NAME] if isinstance(value, Mapping) and value.keys() == {NAME} else value


RECIPES: Final[dict[Recipe, Callable[[RecipeFacts], Mapping[str, Any]]]] = {
    "default": default_recipe,
    "fast": fast_recipe,
}


@dataclass(frozen=True, slots=True)
class Expansion:
    """A config with its recipe's values, and how it came about."""

    given: Mapping[str, Any]
    """The config before."""
    experiment: Experiment
    filled: Filled

    @property
    def config(self) -> Mapping[str, Any]:
        """The config with the recipe's values."""
        return self.filled.config

    @property
    def taken(self) -> Values:
        """The values that were taken."""
        return self.filled.taken

    @property
    def classic(self) -> Mapping[Group, ConfigPath]:
        """The groups that the config has settings of, each with one of these."""
        return self.filled.classic

    @property
    def refused(self) -> Messages:
        """The values of other groups that were not taken, each with the reason."""
        return self.filled.refused

    @classmethod
    def nothing(cls, config: Mapping[str, Any], experiment: Experiment) -> Self:
        """A config without a recipe's values."""
        return cls(config, experiment, Filled(config, {}, {}, {}))


def expanded(
    config: Mapping[str, Any], experiment: Experiment, facts: RecipeFacts, check: Check | None = None
) -> Expansion:
    """The config of this `experiment` with its recipe's values; `check` says what the data do not allow.

    Raises `RefusedConfigurationError` if the config is wrong even so.
    """
    if experiment.recipe == "classic":
        return Expansion.nothing(config, experiment)
    judge = Judge(experiment.name, check)
    found = filled(config, recipe_values(experiment.recipe, facts), judge)
    try:
        complete = judge.experiment(found.config)
    except RefusedConfigurationError as error:
        raise RefusedConfigurationError(with_hints(error.messages, found)) from None
    return Expansion(config, complete, found)


def recipe_values(recipe: Recipe, facts: RecipeFacts) -> Values:
    """The values of a recipe by path, before anything is left out; none for `classic`."""
    if recipe == "classic":
        return {}
    return {parse_path(setting): value for setting, value in RECIPES[recipe](facts).items()}

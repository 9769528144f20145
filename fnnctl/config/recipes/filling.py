"""Fills in a recipe's values in the groups of settings that a config leaves open.

Every value is applied that the config's own settings, its search and its data allow. If an error exists only
because a group is classic, its message says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from fnnctl.config.messages.wording import about
from fnnctl.config.paths import SPACE, ConfigPath, Messages, format_path, parse_path
from fnnctl.config.recipes.definitions import RecipeFacts, default_recipe, fast_recipe
from fnnctl.config.recipes.groups import (
    SHORT,
    Group,
    classic_clause,
    classic_groups,
    completed_value,
    group_of,
    needed_group,
    set_or_searched,
)
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, override, value_at
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe
from fnnctl.config.schema.section import written_out
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError

if TYPE_CHECKING:
    from fnnctl.config.rules.trials import Check

Values: TypeAlias = Mapping[ConfigPath, Any]
FindProblems: TypeAlias = Callable[[Mapping[str, Any]], Messages]
RECIPES: Final[dict[Recipe, Callable[[RecipeFacts], Mapping[str, Any]]]] = {
    "default": default_recipe,
    "fast": fast_recipe,
}
NAME: Final = "name"
_SUGGESTION: Final = re.compile(r"; [^;]*\bwrite\b.*")
"""The part of a message that says what to write instead."""


def recipe_values(recipe: Recipe, facts: RecipeFacts) -> Values:
    """The values of a recipe by path, before any is omitted; none for `classic`."""
    if recipe == "classic":
        return {}
    return {parse_path(setting): value for setting, value in RECIPES[recipe](facts).items()}


@dataclass(frozen=True, slots=True)
class AppliedRecipe:
    """A config with a recipe's values; it may still be wrong."""

    original: Mapping[str, Any]
    """The config before."""
    config: Mapping[str, Any]
    """The config with the applied values."""
    values: Values
    """All values of the recipe."""
    classic: Mapping[Group, ConfigPath]
    """The groups in which the config has settings, each with the path of one of these."""
    applied: Values
    omitted: Messages = field(default_factory=dict)
    """The values of other groups that were not applied, each with the reason."""


@dataclass(frozen=True, slots=True)
class CompleteConfig:
    """The experiment of a config whose recipe has filled in what it leaves open, and how it came about."""

    experiment: Experiment
    recipe: AppliedRecipe

    @classmethod
    def without_recipe(cls, config: Mapping[str, Any], experiment: Experiment) -> Self:
        """A config without a recipe's values."""
        return cls(experiment, AppliedRecipe(config, config, {}, {}, {}))


def complete_config(
    config: Mapping[str, Any], experiment: Experiment, facts: RecipeFacts, check: Check | None = None
) -> CompleteConfig:
    """The config of this `experiment` with its recipe's values; `check` says what the data do not allow.

    Raises `InvalidConfigurationError` if the config is wrong even so.
    """
    if experiment.recipe == "classic":
        return CompleteConfig.without_recipe(config, experiment)
    checker = ConfigChecker(experiment.name, check)
    recipe = apply_recipe(config, recipe_values(experiment.recipe, facts), checker)
    try:
        return CompleteConfig(checker.experiment(recipe.config), recipe)
    except InvalidConfigurationError as error:
        raise InvalidConfigurationError(with_classic_notes(error.messages, recipe)) from None


@dataclass(frozen=True, slots=True)
class ConfigChecker:
    """Finds what is wrong with a config: by itself, with its search, and with the data."""

    name: str | None
    """The experiment's name, also if the config has none."""
    check: Check | None = None
    checks_search: bool = True

    def problems(self, config: Mapping[str, Any]) -> Messages:
        """The messages about a config by path; empty if it is valid."""
        try:
            experiment = self.experiment(config)
        except InvalidConfigurationError as error:
            return error.messages | (self._data_problems(error.experiment) if error.experiment else {})
        messages, search = self._data_problems(experiment), experiment.search
        if self.checks_search and search is not None and search.space:
            # The rules of searches take long to import, and most configs have none.
            from fnnctl.config.rules.search_check import search_messages

            messages |= search_messages(config, experiment, self.check)
        return messages

    def _data_problems(self, experiment: Experiment) -> Messages:
        """What the data do not allow."""
        problems = self.check(experiment) if self.check else ()
        return {parse_path(problem.path or ""): problem.message for problem in problems}

    def experiment(self, config: Mapping[str, Any]) -> Experiment:
        """The experiment of a config; raises `InvalidConfigurationError`."""
        return experiment_of(config).model_copy(update={"name": self.name})


def rule_problems(config: Mapping[str, Any]) -> Messages:
    """What is wrong with a config by itself, without its search and its data."""
    return ConfigChecker(None, checks_search=False).problems(config)


def apply_recipe(config: Mapping[str, Any], values: Values, checker: ConfigChecker) -> AppliedRecipe:
    """The config with the recipe's `values`, as far as it leaves their groups open and allows them."""
    classic = classic_groups(config)
    open_values = {path: value for path, value in values.items() if group_of(path) not in classic}
    unsuited = {
        path: f"it suits only the recipe's {group}"
        for path, value in open_values.items()
        if (group := needed_group(path, value)) in classic
    }
    candidates = {path: value for path, value in open_values.items() if path not in unsuited}
    result: Any = config
    try:
        for path, value in candidates.items():
            result = _with_value(result, config, path, value)
        fits = not candidates or not checker.problems(result)
    except ConfigError:
        fits = False
    if fits:
        return AppliedRecipe(config, result, values, classic, candidates, unsuited)
    result, applied, omitted = _apply_one_by_one(config, candidates, checker)
    return AppliedRecipe(config, result, values, classic, applied, unsuited | omitted)


def _apply_one_by_one(
    original: Any, candidates: Values, checker: ConfigChecker
) -> tuple[Any, Values, Messages]:
    """The config with those values that bring no new problem, the values, and why others are omitted.

    Values are tried one after the other, so a value may need those before it. Those that mend the config
    come first, because its search is checked only when nothing else is wrong.
    """
    config, problems = original, checker.problems(original)
    in_order = sorted(candidates.items(), key=lambda item: not _mends(original, item, checker, problems))
    applied: dict[ConfigPath, Any] = {}
    omitted: Messages = {}
    for path, value in in_order:
        messages = problems
        try:
            attempt = _with_value(config, original, path, value)
            messages = checker.problems(attempt)
            new = {cause: message for cause, message in messages.items() if cause not in problems}
        except ConfigError as error:
            new = {parse_path(problem.path or ""): problem.message for problem in error.problems}
        if new:
            omitted[path] = _reason(path, new)
        else:
            config, problems, applied[path] = attempt, messages, value
    return config, applied, omitted


def _mends(config: Any, item: tuple[ConfigPath, Any], checker: ConfigChecker, problems: Messages) -> bool:
    """Whether a value, by itself, leaves a config with fewer than these `problems`, and no new one."""
    if not problems:
        return False
    try:
        return checker.problems(_with_value(config, config, *item)).keys() < problems.keys()
    except ConfigError:
        return False


def _with_value(config: Any, original: Mapping[str, Any], path: ConfigPath, value: Any) -> Any:
    """The config with a recipe's value. Settings of the original inside it stay, as does a null section."""
    sections = (path[:depth] for depth in range(1, len(path)))
    if any(is_set(original, section) and value_at(original, section) is None for section in sections):
        return config
    return override(config, path, completed_value(original, path, value))


def _reason(path: ConfigPath, problems: Messages) -> str:
    """Why a setting is omitted: a problem with itself, or with another setting."""
    cause, message = next(iter(problems.items()))
    if all(part == other for part, other in zip(path, cause, strict=False)):
        return message
    subject = str(cause[2]) if cause[:2] == SPACE and cause[2:] else format_path(cause)
    return about(subject, message.replace("has no effect", "would have no effect", 1))


def with_classic_notes(
    messages: Messages, recipe: AppliedRecipe, problems: FindProblems = rule_problems
) -> Messages:
    """The messages about a config, with a note where the recipe's values of a classic group would help.

    `problems` finds all messages about a config.
    """
    groups = {
        group: {path: value for path, value in recipe.values.items() if group_of(path) == group}
        for group in recipe.classic
    }

    @cache  # there may be thousands of messages, and each attempt is a check of the whole config
    def problems_with(group: Group, setting: ConfigPath | None) -> Messages | None:
        values = groups[group] if setting is None else {setting: _kind(groups[group][setting])}
        attempt: Any = recipe.config
        try:
            for path, value in values.items():
                attempt = override(attempt, path, completed_value(recipe.config, path, value))
            return problems(attempt)
        except ConfigError:
            return None

    def mends(path: ConfigPath, group: Group, setting: ConfigPath | None = None) -> bool:
        remaining = problems_with(group, setting)
        return remaining is not None and path not in remaining and remaining.keys() <= messages.keys()

    def notes(path: ConfigPath) -> Iterator[str]:
        """The message of a path with each note that is true, the most helpful first."""
        message = messages[path]
        for group, setting_of_group in recipe.classic.items():
            cause = path if group_of(path) == group and is_set(recipe.config, path) else setting_of_group
            why = (
                f"{format_path(cause)} is {set_or_searched(recipe.config, cause)}, so {classic_clause(group)}"
            )
            for setting, value in groups[group].items():
                if mends(path, group, setting):
                    written = flow_yaml(_short(completed_value(recipe.config, setting, _kind(value))))
                    yield f"{_SUGGESTION.sub('', message)}; {why}; write {format_path(setting)}: {written}"
            if mends(path, group):
                yield f"{message}; {why}"

    return {path: next(notes(path), message) for path, message in messages.items()}


def _kind(value: Any) -> Any:
    """A section's value reduced to the settings that choose the others, such as `name`, if it has any."""
    section = written_out(value, SHORT)
    if not isinstance(section, Mapping):
        return value
    return {key: inner for key, inner in section.items() if key in SHORT} or section


def _short(value: Any) -> Any:
    """The short form of a section that has only a name."""
    return value[NAME] if isinstance(value, Mapping) and value.keys() == {NAME} else value

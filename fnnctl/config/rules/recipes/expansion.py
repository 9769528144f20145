"""Fills in what a config leaves open, by its recipe and the facts of its data.

A group that the config has a setting of stays as it is. Of the other groups every value is taken that the
config's own settings, its search and its data allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fnnctl.config.paths import ConfigPath, Messages, format_path, parse_path
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import override
from fnnctl.config.rules.recipes.default import default_recipe
from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.fast import fast_recipe
from fnnctl.config.rules.recipes.groups import Group, given_groups, group_of
from fnnctl.config.rules.search_check import search_messages
from fnnctl.config.rules.trials import Check
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe
from fnnctl.errors import ConfigError

Values: TypeAlias = Mapping[ConfigPath, Any]
RECIPES: Final = {"default": default_recipe, "fast": fast_recipe}


@dataclass(frozen=True, slots=True)
class Expansion:
    """A config with its recipe's values, and how it came about."""

    given: Mapping[str, Any]
    """The config before."""
    config: Mapping[str, Any]
    experiment: Experiment
    taken: Values = field(default_factory=dict)
    classic: Mapping[Group, ConfigPath] = field(default_factory=dict)
    """The groups that the config has settings of, each with one of these."""
    refused: Messages = field(default_factory=dict)
    """The recipe's values that were not taken, each with the reason."""


def expanded(
    config: Mapping[str, Any], experiment: Experiment, facts: RecipeFacts, check: Check | None = None
) -> Expansion:
    """The config of this `experiment` with its recipe's values; `check` says what the data do not allow.

    Raises `ConfigError` if the config is wrong even so.
    """
    if experiment.recipe == "classic":
        return Expansion(config, config, experiment)
    classic = given_groups(config)
    offered = {
        path: value
        for path, value in recipe_values(experiment.recipe, facts).items()
        if group_of(path) not in classic
    }
    if not offered:
        complete = experiment_of(config).model_copy(update={"name": experiment.name})
        return Expansion(config, config, complete, classic=classic)
    judge = _Judge(experiment, check)
    result: Any = config
    taken: Values = offered
    refused: Messages = {}
    try:
        for path, value in offered.items():
            result = override(result, path, value)
        fits = not judge.problems(result)
    except ConfigError:
        fits = False
    if not fits:
        result, taken, refused = _as_far_as_possible(config, offered, judge)
    complete = experiment_of(result).model_copy(update={"name": experiment.name})
    return Expansion(config, result, complete, taken, classic, refused)


def recipe_values(recipe: Recipe, facts: RecipeFacts) -> Values:
    """The values of a recipe by path, before anything is left out; none for `classic`."""
    if recipe == "classic":
        return {}
    return {parse_path(setting): value for setting, value in RECIPES[recipe](facts).items()}


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says what is wrong with a config: by itself, with its search, and with the data."""

    given: Experiment
    check: Check | None

    def problems(self, config: Mapping[str, Any]) -> Messages:
        """The messages of a config by path; empty if it is valid."""
        try:
            experiment = experiment_of(config).model_copy(update={"name": self.given.name})
        except RefusedConfigurationError as error:
            return error.messages
        wrong = self.check(experiment) if self.check else ()
        found = {parse_path(each.path or ""): each.message for each in wrong}
        search = experiment.search
        if search is not None and search.space:
            found |= search_messages(config, experiment, self.check)
        return found


def _as_far_as_possible(config: Any, offered: Values, judge: _Judge) -> tuple[Any, Values, Messages]:
    """The config with those values that bring no new problem, the values, and why others are left out.

    Values are tried one after the other, so a value may need those before it.
    """
    known = judge.problems(config).keys()
    taken: dict[ConfigPath, Any] = {}
    refused: Messages = {}
    for path, value in offered.items():
        try:
            attempt = override(config, path, value)
            found = judge.problems(attempt)
            wrong = {place: found[place] for place in found if place not in known}
        except ConfigError as error:
            wrong = {parse_path(each.path or ""): each.message for each in error.problems}
        if wrong:
            refused[path] = _reason(path, wrong)
        else:
            config, taken[path] = attempt, value
    return config, taken, refused


def _reason(path: ConfigPath, wrong: Messages) -> str:
    """Why a setting is left out: a problem of its own, or that of another setting."""
    cause, reason = next(iter(wrong.items()))
    is_own = all(one == other for one, other in zip(path, cause, strict=False))
    return reason if is_own else f"{format_path(cause)}: {reason}"

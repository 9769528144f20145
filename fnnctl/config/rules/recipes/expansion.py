"""Fills in what a config leaves open, by its recipe and the facts of its data.

A group that the config has a setting of stays as it is. Of the other groups every value is taken that the
config's own settings, its search and its data allow; values that belong together are taken all or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fnnctl.config.paths import ConfigPath, Messages, format_path, parse_path
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import override
from fnnctl.config.rules.recipes.default import default_recipe
from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.fast import fast_recipe
from fnnctl.config.rules.recipes.groups import Group, bundles, given_groups, group_of, searched
from fnnctl.config.rules.search_check import search_messages
from fnnctl.config.rules.trials import Check
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe
from fnnctl.errors import ConfigError

Values: TypeAlias = Mapping[ConfigPath, Any]
NAME: Final = "name"
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
        fits = not (_not_in_every_trial(offered, config) or judge.problems(result))
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
    for bundle in bundles(offered):
        attempt, wrong = config, _not_in_every_trial(bundle, config)
        try:
            for path in bundle:
                attempt = override(attempt, path, offered[path])
            found = judge.problems(attempt)
            wrong = wrong or {place: found[place] for place in found if place not in known}
        except ConfigError as error:
            wrong = {parse_path(each.path or ""): each.message for each in error.problems}
        if wrong:
            refused |= _reasons(bundle, wrong)
        else:
            config = attempt
            taken |= {path: offered[path] for path in bundle}
    return config, taken, refused


def _not_in_every_trial(paths: Iterable[ConfigPath], config: Mapping[str, Any]) -> Messages:
    """The settings inside a searched choice that belong together with others, which all trials would have."""
    choices = {parse_path(key) for key in searched(config)}
    return {
        path: "not every trial has it"
        for bundle in bundles(paths)
        for path in bundle
        if bundle[1:] and choices & {path[:-1], (*path[:-1], NAME)}
    }


def _reasons(bundle: Sequence[ConfigPath], wrong: Messages) -> Messages:
    """Why each setting of a bundle is left out: by itself, or because it belongs to one that is."""
    cause, reason = next(iter(wrong.items()))
    culprit = next((path for path in bundle if cause[: len(path)] == path), None)
    if culprit is None:
        is_around = any(path[: len(cause)] == cause for path in bundle)
        return dict.fromkeys(bundle, reason if is_around else f"{format_path(cause)}: {reason}")
    return {path: reason if path == culprit else f"it goes with {format_path(culprit)}" for path in bundle}

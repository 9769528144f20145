"""Recipes by name, and the experiment of a config whose recipe has filled in what it leaves open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fnnctl.config.paths import ConfigPath, Messages, parse_path
from fnnctl.config.rules.recipes.default import default_recipe
from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.fast import fast_recipe
from fnnctl.config.rules.recipes.filling import Judge, Values, filled
from fnnctl.config.rules.recipes.groups import Group
from fnnctl.config.rules.recipes.hints import with_hints
from fnnctl.config.rules.trials import Check
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe

RECIPES: Final[dict[Recipe, Callable[[RecipeFacts], Mapping[str, Any]]]] = {
    "default": default_recipe,
    "fast": fast_recipe,
}


@dataclass(frozen=True, slots=True)
class Expansion:
    """A config with its recipe's values, and how it came about."""

    given: Mapping[str, Any]
    """The config before."""
    config: Mapping[str, Any]
    experiment: Experiment
    values: Values = field(default_factory=dict)
    """All values of the recipe."""
    taken: Values = field(default_factory=dict)
    classic: Mapping[Group, ConfigPath] = field(default_factory=dict)
    """The groups that the config has settings of, each with one of these."""
    refused: Messages = field(default_factory=dict)
    """The values of other groups that were not taken, each with the reason."""


def expanded(
    config: Mapping[str, Any], experiment: Experiment, facts: RecipeFacts, check: Check | None = None
) -> Expansion:
    """The config of this `experiment` with its recipe's values; `check` says what the data do not allow.

    Raises `RefusedConfigurationError` if the config is wrong even so.
    """
    if experiment.recipe == "classic":
        return Expansion(config, config, experiment)
    judge = Judge(experiment.name, check)
    found = filled(config, recipe_values(experiment.recipe, facts), judge)
    try:
        complete = judge.experiment(found.config)
    except RefusedConfigurationError as error:
        raise RefusedConfigurationError(with_hints(error.messages, found)) from None
    return Expansion(config, found.config, complete, found.values, found.taken, found.classic, found.refused)


def recipe_values(recipe: Recipe, facts: RecipeFacts) -> Values:
    """The values of a recipe by path, before anything is left out; none for `classic`."""
    if recipe == "classic":
        return {}
    return {parse_path(setting): value for setting, value in RECIPES[recipe](facts).items()}

"""Recipes by name, and the experiment of a config whose recipe has filled in what it leaves open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from fnnctl.config.paths import ConfigPath, Messages, parse_path
from fnnctl.config.rules.recipes.default import default_recipe
from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.fast import fast_recipe
from fnnctl.config.rules.recipes.filling import Filled, Judge, Values, filled
from fnnctl.config.rules.recipes.groups import Group
from fnnctl.config.rules.recipes.hints import with_hints
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe

if TYPE_CHECKING:
    from fnnctl.config.rules.trials import Check

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

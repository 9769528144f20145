"""What can be said about a config before its data are known, on which its recipe's values depend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.paths import ConfigPath
from fnnctl.config.recipes.filling import RECIPES, ConfigChecker, apply_recipe, recipe_values
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, value_at
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.recipe_values import MANY, RecipeFacts
from fnnctl.config.schema.setting import Recipe
from fnnctl.metrics.registry import ACCURACY, R2

RECIPE: Final[ConfigPath] = ("recipe",)
COMPLETE: Final[ConfigPath] = ("complete",)
COMPLETED: Final = ("model", "training")
"""The sections that the recipe completes; the data can be read without them."""
EXTREMES: Final = (
    RecipeFacts(
        task="classification",
        rows=1,
        numeric=1,
        indicators=0,
        categories=0,
        outputs=2,
        metric=ACCURACY.name,
    ),
    RecipeFacts(
        task="regression",
        rows=MANY,
        numeric=0,
        indicators=0,
        categories=MANY,
        outputs=1,
        metric=R2.name,
        has_search=True,
    ),
)
"""Facts that differ so much that every value of a recipe that depends on the data differs between the two."""


def experiment_before_data(config: Mapping[str, Any]) -> Experiment:
    """The experiment of a config whose data are not read yet; what it leaves open may change.

    Raises `InvalidConfigurationError` with the problems that the config has whatever its data are.
    """
    try:
        return experiment_of(config)
    except InvalidConfigurationError as error:
        setting = value_at(config, RECIPE) if is_set(config, RECIPE) else "default"
        recipe = next((name for name in RECIPES if name == setting), None)
        if recipe is None or value_at(config, COMPLETE):
            raise
        original = error
    try:
        return _possible_experiment(config, recipe)
    except InvalidConfigurationError as error:
        if error.by_path:
            raise
    # Whether the config is valid depends on the data. They can be read all the same, with an experiment that
    # lacks the sections in doubt; `complete_config` checks the whole config once the data are known.
    try:
        return experiment_of({key: value for key, value in config.items() if key not in COMPLETED})
    except InvalidConfigurationError:
        raise original from None


def _possible_experiment(config: Mapping[str, Any], recipe: Recipe) -> Experiment:
    """An experiment that the config may become, beside the recipe's values for one of the `EXTREMES`.

    If there is none, raises `InvalidConfigurationError` with the problems that it has in both cases.
    """
    checker = ConfigChecker(None, checks_search=False)
    attempts: list[InvalidConfigurationError] = []
    for facts in EXTREMES:
        applied = apply_recipe(config, recipe_values(recipe, facts), checker)
        try:
            return checker.experiment(applied.config)
        except InvalidConfigurationError as error:
            attempts.append(error)
    first, second = attempts
    second_problems = second.by_path.items()
    raise InvalidConfigurationError(dict(item for item in first.by_path.items() if item in second_problems))

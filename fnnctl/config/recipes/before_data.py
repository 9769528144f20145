"""What can be said about a config before its data are known, on which its recipe's values depend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.paths import SPACE, ConfigPath, is_below
from fnnctl.config.problems import Problems
from fnnctl.config.recipes.definitions import MANY, RecipeFacts
from fnnctl.config.recipes.filling import RECIPES, ConfigChecker, apply_recipe, recipe_values
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, value_at, without
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe
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
    if original.certain:
        raise InvalidConfigurationError(_with_certain(config, original))
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


def _with_certain(config: Mapping[str, Any], original: InvalidConfigurationError) -> Problems:
    """The problems of the settings that are certainly wrong, and those others that stay without them.

    A config may have thousands of wrong settings, which would be found again for each value of the recipe.
    Those of the search stay: no value of a recipe mends them, and they are found only beside settings that
    the schema refuses.
    """
    try:
        experiment_before_data(without(config, original.certain))
    except InvalidConfigurationError as error:
        others = error.by_path
    else:
        others = {}
    certain = set(original.certain)
    return {
        path: problem if is_kept else others[path]
        for path, problem in original.by_path.items()
        if (is_kept := path in certain or is_below(path, certain) or path[:1] == SPACE[:1]) or path in others
    }


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

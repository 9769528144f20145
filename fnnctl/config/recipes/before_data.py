"""What can be said about a config before its data are known, on which its recipe's values depend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.recipes.resolving import COMPLETED, ConfigChecker, fill_in, recipe_of, recipe_values
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.recipe_values import MANY, RecipeFacts
from fnnctl.config.schema.setting import Recipe
from fnnctl.metrics.registry import ACCURACY, R2

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
        recipe = recipe_of(config)
        if recipe is None:
            raise
        original = error
    try:
        return _possible_experiment(config, recipe)
    except InvalidConfigurationError as error:
        if error.by_path:
            raise
    # Whether the config is valid depends on the data. They can be read all the same, with an experiment that
    # lacks the sections in doubt; `resolve` checks the whole config once the data are known.
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
        applied = fill_in(config, recipe_values(recipe, facts), checker)
        try:
            return checker.experiment(applied.config)
        except InvalidConfigurationError as error:
            attempts.append(error)
    first, second = attempts
    second_problems = second.by_path.items()
    raise InvalidConfigurationError(dict(item for item in first.by_path.items() if item in second_problems))

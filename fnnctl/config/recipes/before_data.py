"""What can be said about a config before its data are known, on which its recipe's values depend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.paths import Messages
from fnnctl.config.recipes.definitions import MANY, RecipeFacts
from fnnctl.config.recipes.filling import RECIPES, Filled, Judge, filled, recipe_values, with_hints
from fnnctl.config.recipes.groups import RECIPE
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_given, value_at, without
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe

COMPLETED: Final = ("model", "training")
"""The sections that data can be read without."""
EXTREMES: Final = (
    RecipeFacts(
        task="classification", rows=1, numeric=1, indicators=0, categories=0, outputs=2, metric="accuracy"
    ),
    RecipeFacts(
        task="regression", rows=MANY, numeric=0, indicators=0, categories=MANY, outputs=1, metric="r2"
    ),
)
"""Facts that differ so much that every value of a recipe that depends on the data differs between the two."""


def experiment_before_data(config: Mapping[str, Any]) -> Experiment:
    """The experiment of a config whose data are not read yet; what it leaves open may change.

    Raises `RefusedConfigurationError` with the problems that the config has whatever its data are.
    """
    try:
        return experiment_of(config)
    except RefusedConfigurationError as error:
        wanted = value_at(config, RECIPE) if is_given(config, RECIPE) else "default"
        recipe = next((name for name in RECIPES if name == wanted), None)
        if recipe is None:
            raise
        refused = error
    if refused.unknown:
        raise RefusedConfigurationError(_with_unknown(config, refused))
    try:
        return _possible_experiment(config, recipe)
    except RefusedConfigurationError as error:
        if error.messages:
            raise
    try:
        return experiment_of({key: value for key, value in config.items() if key not in COMPLETED})
    except RefusedConfigurationError:
        raise refused from None


def _with_unknown(config: Mapping[str, Any], refused: RefusedConfigurationError) -> Messages:
    """The messages of unknown settings, and those others of the schema that stay without them.

    A config may have thousands of unknown settings, which would be found again for each value of the recipe.
    """
    try:
        experiment_before_data(without(config, refused.unknown))
    except RefusedConfigurationError as error:
        rest = error.messages
    else:
        rest = {}
    certain = {*rest, *refused.unknown}
    return {path: rest.get(path, message) for path, message in refused.messages.items() if path in certain}


def _possible_experiment(config: Mapping[str, Any], recipe: Recipe) -> Experiment:
    """An experiment that the config may become, beside the recipe's values for one of the `EXTREMES`.

    If there is none, raises `RefusedConfigurationError` with the problems that it has in both cases.
    """
    judge = Judge(None, searches=False)
    found: list[tuple[Filled, Messages]] = []
    for facts in EXTREMES:
        tried = filled(config, recipe_values(recipe, facts), judge)
        try:
            return judge.experiment(tried.config)
        except RefusedConfigurationError as error:
            found.append((tried, error.messages))
    (tried, messages), (_, others) = found
    certain = dict(item for item in messages.items() if item in others.items())
    raise RefusedConfigurationError(with_hints(certain, tried))

"""What can be said about a config before its data are known, on which its recipe's values depend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.paths import Messages
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_given, value_at
from fnnctl.config.rules.recipes.expansion import RECIPES, recipe_values
from fnnctl.config.rules.recipes.filling import Filled, Judge, filled
from fnnctl.config.rules.recipes.groups import RECIPE
from fnnctl.config.rules.recipes.hints import with_hints
from fnnctl.config.rules.recipes.possible import possible_facts
from fnnctl.config.rules.validation import RefusedConfigurationError
from fnnctl.config.schema.experiment import Experiment, Recipe

COMPLETED: Final = ("model", "training")
"""The sections that data can be read without."""


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
    try:
        return _possible_experiment(config, recipe)
    except RefusedConfigurationError as error:
        if error.messages:
            raise
    try:
        return experiment_of({key: value for key, value in config.items() if key not in COMPLETED})
    except RefusedConfigurationError:
        raise refused from None


def _possible_experiment(config: Mapping[str, Any], recipe: Recipe) -> Experiment:
    """An experiment that the config may become.

    If there is none, raises `RefusedConfigurationError` with the problems that it has in all cases.
    """
    judge = Judge(None, searches=False)
    tried: list[Filled] = []
    certain: Messages = {}
    for facts in possible_facts(config):
        values = recipe_values(recipe, facts)
        if any(values == each.values for each in tried):
            continue
        tried.append(filled(config, values, judge))
        try:
            return judge.experiment(tried[-1].config)
        except RefusedConfigurationError as error:
            found = error.messages
        certain = (
            found if len(tried) == 1 else dict(item for item in certain.items() if item in found.items())
        )
        if not certain:
            break
    raise RefusedConfigurationError(with_hints(certain, tried[0]))

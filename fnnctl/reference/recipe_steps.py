"""What the recipes give a setting: up to how many rows each value holds, and on what else it depends."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product
from typing import Any, Final

from fnnctl.config.paths import ConfigPath
from fnnctl.config.recipes.resolving import RECIPES, recipe_values
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.config.schema.setting import Recipe
from fnnctl.metrics.class_metrics import LOG_LOSS
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION
from fnnctl.metrics.registry import headline

ROWS: Final = (1, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
"""Numbers of rows between which a value changes once at most."""
TASKS: Final = (CLASSIFICATION, REGRESSION)
_UNSET: Final = object()
"""Stands for the value of a setting that a recipe leaves at its default."""


def _usual_facts(task: str) -> RecipeFacts:
    """Those of the table for which values are shown; what they depend on beside its rows is named."""
    return RecipeFacts(
        task=task,
        rows=ROWS[0],
        numeric=10,
        indicators=0,
        categories=0,
        outputs=2 if task == CLASSIFICATION else 1,
        metric=headline(task).name,
        many_categories=True,
    )


_VARIANTS: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "numeric columns": ({"numeric": 0}, {"numeric": 100}, {"numeric": 500}),
    "categories": ({"categories": 3_000}, {"categories": 20_000}, {"many_categories": False}),
    "classes": ({"outputs": 3_000},),
    "the search": ({"has_search": True}, {"has_search": True, "metric": LOG_LOSS.name}),
}
"""Other facts than those of the usual table, by what they are called."""


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """A value, and the tables that get it."""

    value: Any
    most_rows: int | None
    """The most rows of these tables; None for all larger ones."""
    is_default: bool = False
    """Whether the recipe leaves the setting at its default; the value is None then."""


@dataclass(frozen=True, slots=True)
class RecipeSteps:
    """What a recipe gives a setting."""

    recipe: Recipe
    by_task: Mapping[str, tuple[RecipeStep, ...]]
    """The values by task, for more and more rows; equal ones of both tasks stand below `any task`."""
    depends_on: tuple[str, ...]
    """What the values depend on beside the task and the rows."""


ANY_TASK: Final = "any task"

_recipe_values = cache(recipe_values)
"""All settings are looked up with the same facts."""


def recipe_steps(path: ConfigPath) -> list[RecipeSteps]:
    """What each recipe gives the setting at a path; the recipes that leave it at its default are left out.

    Of a section it is a mapping of its settings, and of a choice the name alone.
    """
    return [steps for recipe in RECIPES if (steps := _steps_of(recipe, path)) is not None]


def _steps_of(recipe: Recipe, path: ConfigPath) -> RecipeSteps | None:
    def value_of(facts: RecipeFacts) -> Any:
        values = _recipe_values(recipe, facts)
        inner = {setting[-1]: value for setting, value in values.items() if path[1:] and setting[:-1] == path}
        return values.get(path, inner.get("name", inner or _UNSET))

    by_task = {task: tuple(_steps(value_of, _usual_facts(task))) for task in TASKS}
    depends_on = tuple(name for name in _VARIANTS if _depends(value_of, name))
    if by_task[CLASSIFICATION] == by_task[REGRESSION]:
        by_task = {ANY_TASK: by_task[CLASSIFICATION]}
    is_set = depends_on or not all(step.is_default for steps in by_task.values() for step in steps)
    return RecipeSteps(recipe, by_task, depends_on) if is_set else None


def _steps(value_of: Callable[[RecipeFacts], Any], facts: RecipeFacts) -> Iterator[RecipeStep]:
    for low, high in pairwise(ROWS):
        value = value_of(replace(facts, rows=low))
        if value != value_of(replace(facts, rows=high)):
            rows = range(low, high)
            changed = bisect(rows, False, key=lambda count: value_of(replace(facts, rows=count)) != value)
            yield _step(value, rows[changed - 1])
    yield _step(value_of(replace(facts, rows=ROWS[-1])), None)


def _step(value: Any, most_rows: int | None) -> RecipeStep:
    return RecipeStep(None, most_rows, is_default=True) if value is _UNSET else RecipeStep(value, most_rows)


def _depends(value_of: Callable[[RecipeFacts], Any], name: str) -> bool:
    tables = [replace(_usual_facts(task), rows=rows) for task, rows in product(TASKS, (ROWS[0], ROWS[-1]))]
    return any(
        value_of(replace(facts, **variant)) != value_of(facts)
        for facts, variant in product(tables, _VARIANTS[name])
    )

from __future__ import annotations

from dataclasses import replace

import pytest

from fnnctl.config.paths import parse_path
from fnnctl.config.recipes.resolving import RECIPES, recipe_values
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.config.schema.setting import Recipe
from fnnctl.reference.recipe_steps import ANY_TASK, RecipeStep, recipe_steps

FACTS = RecipeFacts(
    task="classification", rows=1, numeric=10, indicators=0, categories=0, outputs=2, metric="accuracy"
)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("rows", [1, 1_500, 1_501, 20_001, 250_000])
def test_the_steps_say_what_a_recipe_gives(recipe: Recipe, rows: int) -> None:
    values = recipe_values(recipe, replace(FACTS, rows=rows))
    assert values
    for path, value in values.items():
        (steps,) = (steps for steps in recipe_steps(path) if steps.recipe == recipe)
        by_rows = steps.by_task.get(ANY_TASK) or steps.by_task["classification"]
        step = next(step for step in by_rows if step.most_rows is None or rows <= step.most_rows)
        assert step.value == value, path


def test_a_section_has_the_values_of_its_settings() -> None:
    _, fast = recipe_steps(parse_path("model.ensemble"))
    values = {"members": 4, "bags": True, "plain_twins": False}
    assert fast.by_task == {ANY_TASK: (RecipeStep(values, None),)}
    assert recipe_steps(parse_path("model")) == []


def test_a_setting_that_no_recipe_gives_has_no_steps() -> None:
    assert recipe_steps(parse_path("training.l2")) == []

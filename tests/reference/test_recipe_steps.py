from __future__ import annotations

from dataclasses import replace

import pytest

from fnnctl.config.paths import parse_path
from fnnctl.config.recipes.resolving import RECIPES, recipe_values
from fnnctl.config.schema.recipe_values import MANY_ROWS, RecipeFacts
from fnnctl.config.schema.setting import Recipe
from fnnctl.reference.recipe_steps import ANY_TASK, RecipeStep, recipe_steps

FACTS = RecipeFacts(
    task="classification", rows=1, numeric=10, indicators=0, categories=0, outputs=2, metric="accuracy"
)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("rows", [1, 150, 1_500, 1_501, 20_001, 70_000, 250_000, 3_000_000])
def test_the_steps_say_what_a_recipe_gives(recipe: Recipe, rows: int) -> None:
    values = recipe_values(recipe, replace(FACTS, rows=rows))
    assert values
    for path, value in values.items():
        (steps,) = (steps for steps in recipe_steps(path) if steps.recipe == recipe)
        by_rows = steps.by_task.get(ANY_TASK) or steps.by_task["classification"]
        step = next(step for step in by_rows if step.most_rows is None or rows <= step.most_rows)
        assert step.value == value, path


def test_a_value_that_depends_on_the_rows() -> None:
    default, fast = recipe_steps(parse_path("training.batch_size"))
    assert default.by_task == fast.by_task
    assert default.by_task == {
        ANY_TASK: (
            RecipeStep(32, 1_500),
            RecipeStep(64, 10_000),
            RecipeStep(128, 50_000),
            RecipeStep(256, 200_000),
            RecipeStep(512, None),
        )
    }
    assert default.depends_on == ()


def test_a_value_that_depends_on_the_task_and_the_columns() -> None:
    default, _ = recipe_steps(parse_path("training.epochs"))
    assert default.by_task["regression"][0] == RecipeStep(32, MANY_ROWS - 1)
    assert default.by_task["classification"][0] == RecipeStep(22, MANY_ROWS - 1)
    assert default.depends_on == ("numeric columns",)


def test_a_setting_that_only_one_task_gets() -> None:
    default, _ = recipe_steps(parse_path("model.clip_outputs"))
    assert default.by_task["classification"] == (RecipeStep(None, None, is_default=True),)
    assert default.by_task["regression"] == (RecipeStep(True, None),)


def test_the_name_of_a_choice_is_that_of_the_section() -> None:
    default, _ = recipe_steps(parse_path("training.lr_schedule"))
    assert default.by_task == {ANY_TASK: (RecipeStep("cosine", None),)}


def test_a_section_has_the_values_of_its_settings() -> None:
    _, fast = recipe_steps(parse_path("model.ensemble"))
    values = {"members": 4, "bags": True, "plain_twins": False}
    assert fast.by_task == {ANY_TASK: (RecipeStep(values, None),)}
    assert recipe_steps(parse_path("model")) == []


def test_a_setting_that_no_recipe_gives_has_no_steps() -> None:
    assert recipe_steps(parse_path("training.l2")) == []

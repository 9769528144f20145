"""RecipeFacts of data of several sizes, and a check of a whole recipe against them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fnnctl.config.recipes.resolving import recipe_values, resolve
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.config.schema.setting import Recipe


def facts_of(**changes: Any) -> RecipeFacts:
    few = RecipeFacts(
        task="classification", rows=150, numeric=4, indicators=0, categories=0, outputs=3, metric="accuracy"
    )
    return replace(few, **changes)


CASES: Final = {
    "few rows": facts_of(),
    "many rows": facts_of(rows=2_000_000, numeric=0, metric="log_loss"),
    "many columns": facts_of(numeric=5_000),
    "many categories": facts_of(categories=50_000),
    "numbers": facts_of(task="regression", metric="r2"),
}


def assert_all_is_taken(recipe: Recipe, facts: RecipeFacts) -> None:
    """With nothing given, every value is valid and taken."""
    config = {"recipe": recipe, "data": {"source": "table.csv", "target": "y"}}
    complete = resolve(config, facts)
    assert complete.provenance.omitted == {}
    assert complete.provenance.applied == recipe_values(recipe, facts)

"""Replaces the recipes' values, so that a test does not depend on their constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from fnnctl.config.paths import parse_path
from fnnctl.config.recipes import resolving

SetRecipe: TypeAlias = Callable[[Mapping[str, Any] | None], None]


@pytest.fixture
def set_recipe(monkeypatch: pytest.MonkeyPatch) -> SetRecipe:
    """Give all recipes these values, by the paths of their settings; None restores their own."""
    original = resolving.recipe_values

    def change(values: Mapping[str, Any] | None) -> None:
        def recipe_values(recipe: object, facts: object) -> Mapping[Any, Any]:
            return {parse_path(path): value for path, value in (values or {}).items()}

        monkeypatch.setattr(resolving, "recipe_values", original if values is None else recipe_values)

    return change

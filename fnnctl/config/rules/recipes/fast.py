"""The recipe `fast`: that of `default` with half as many members, in about 0.6 of the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.rules.recipes.default import default_recipe
from fnnctl.config.rules.recipes.facts import RecipeFacts

MEMBERS: Final = 4


def fast_recipe(facts: RecipeFacts) -> Mapping[str, Any]:
    """The settings of the recipe `fast`, by path."""
    return {**default_recipe(facts), "model.ensemble": MEMBERS}

"""The recipe `fast`: that of `default` with half as many members, of one hidden layer.

So its count, epochs × rows × parameters × members, is at most twice that of `classic`. With two layers it
would be up to seven times where columns are few, because the weights between the layers do not become fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.rules.recipes.default import default_recipe, hidden_units
from fnnctl.config.rules.recipes.facts import RecipeFacts

MEMBERS: Final = 4


def fast_recipe(facts: RecipeFacts) -> Mapping[str, Any]:
    """The settings of the recipe `fast`, by path."""
    return {**default_recipe(facts), "model.hidden": [hidden_units(facts)], "model.ensemble": MEMBERS}

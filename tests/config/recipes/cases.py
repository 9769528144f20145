"""Facts of data of several sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fnnctl.config.schema.recipe_values import RecipeFacts


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

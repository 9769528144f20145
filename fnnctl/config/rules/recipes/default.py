"""The recipe `default`: the most accurate network in the time that a user waits.

A line is a setting and its value, which may depend on the data; lines are grouped as in `groups`. A
value that the experiment's own settings or its data refuse is left out, so no line needs to say when it is
possible; it may need the lines before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.sizes import BATCH_SIZES, MANY, by_rows

EPOCHS: Final = ((10_000, 64), (50_000, 32), (MANY, 16))
"""Up to how many rows each number of epochs is for."""


def default_recipe(facts: RecipeFacts) -> Mapping[str, Any]:
    """The settings of the recipe `default`, by path."""
    smoothing = 0.0 if facts.wants_probabilities or facts.task == "regression" else 0.1
    return {
        # input
        "data.scaling": "robust",
        # architecture
        "model.hidden": [64, 64, 64],
        "model.activation": "relu",
        "model.initialization": "auto",
        "model.normalization": "none",
        # optimization
        "training.epochs": by_rows(facts.rows, EPOCHS),
        "training.batch_size": by_rows(facts.rows, BATCH_SIZES),
        "training.optimizer": {"name": "adamw", "learning_rate": 0.003, "weight_decay": 0.0},
        "training.lr_schedule": "cosine",
        # regularization
        "training.l2": 0.0,
        "training.optimizer.weight_decay": 0.01,
        "training.label_smoothing": smoothing,
        "model.dropout": 0.1,
        # members
        "model.ensemble": 4,
        "training.early_stopping": None,
    }

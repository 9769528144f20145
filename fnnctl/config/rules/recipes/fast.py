"""The recipe `fast`: one network in less time than `classic` takes; see `default` for the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.sizes import BATCH_SIZES, MANY, by_rows

EPOCHS: Final = ((10_000, 32), (50_000, 16), (MANY, 8))
"""Up to how many rows each number of epochs is for."""


def fast_recipe(facts: RecipeFacts) -> Mapping[str, Any]:
    """The settings of the recipe `fast`, by path."""
    smoothing = 0.0 if facts.wants_probabilities or facts.task == "regression" else 0.1
    return {
        # input
        "data.scaling": "robust",
        # architecture
        "model.hidden": [64, 64],
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
        "model.ensemble": 1,
        "training.early_stopping": None,
    }

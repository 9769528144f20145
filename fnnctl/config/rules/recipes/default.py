"""The recipe `default`: the most accurate network in the time that a user waits.

A line is a setting and its value, which may depend on the data; lines are grouped as in `groups`. A
value that the experiment's own settings or its data refuse is left out, so no line needs to say when it is
possible; it may need the lines before it.

Several parts are those of RealMLP (Holzmüller et al., 2024); the embedding of numbers is that of Gorishniy et
al. (2022). `tests/benchmarks/recipe` measures what each part gains.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.sizes import BATCH_SIZES, EPOCHS, by_rows, units

EMBEDDING_SIZE: Final = 4
"""The inputs that each embedded number becomes, itself included."""
BINS: Final = 16
"""The bins of each embedded number; the time of an embedding is proportional to them."""
MOST_EMBEDDED: Final = 100
"""The largest number of numeric columns that are embedded: each becomes `EMBEDDING_SIZE` inputs."""
MEMBERS: Final = 8


def default_recipe(facts: RecipeFacts) -> Mapping[str, Any]:
    """The settings of the recipe `default`, by path."""
    regression = facts.task == "regression"
    embedding: Any = "none"
    if is_embedded(facts):
        embedding = {"name": "piecewise_linear", "bins": BINS, "size": EMBEDDING_SIZE}
    smoothing = 0.0 if facts.wants_probabilities or regression else 0.1
    return {
        # input
        "model.scaling_layer": True,
        "model.numeric_embedding": embedding,
        # architecture
        "model.hidden": [hidden_units(facts)] * 2,
        # optimization
        "training.epochs": by_rows(facts.rows, EPOCHS),
        "training.batch_size": by_rows(facts.rows, BATCH_SIZES),
        # 0.04 is RealMLP's rate. Its 0.2 for a regression can make units of relu inactive for good.
        # A small table has few steps: with the usual beta2 the average of squares would span all of them.
        "training.optimizer": {"name": "adam", "learning_rate": 0.1 if regression else 0.04, "beta2": 0.95},
        "training.parametrization": "neural_tangent",
        "training.lr_schedule": "cosine",
        # regularization
        # Smoothing makes probabilities too uncertain, which calibration undoes; the gain in accuracy stays.
        "training.label_smoothing": smoothing,
        # members
        "model.ensemble": MEMBERS,
        "model.ensemble.bags": True,
        "training.early_stopping": {"monitor": "validation_loss", "patience": None},
        # output
        **({"model.clip_outputs": True} if regression else {"model.calibration": "shrunk_temperature"}),
    }


def is_embedded(facts: RecipeFacts) -> bool:
    """Whether numbers are embedded."""
    return 0 < facts.numeric <= MOST_EMBEDDED


def hidden_units(facts: RecipeFacts) -> int:
    """The units of each hidden layer."""
    per_number = EMBEDDING_SIZE if is_embedded(facts) else 1
    inputs = per_number * facts.numeric + facts.indicators + facts.categories
    embedding = (EMBEDDING_SIZE - 1) * BINS * facts.numeric if is_embedded(facts) else 0
    return units(inputs, facts.outputs, of_inputs=inputs + embedding)

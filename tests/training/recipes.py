"""Members and pools for the tests in this folder."""

from __future__ import annotations

from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples

OPTIMIZER_NUMBERS = {
    "momentum": 0.9, "decay": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01,
}  # fmt: skip


def pool_of(X: FloatArray, y: IntArray) -> Examples:
    return Examples(np.hstack([X, np.ones((len(X), 1), X.dtype)]), y.astype(np.intp))


def blobs(rows: int, features: int, classes: int, seed: int = 0, precision: str = "float32") -> Examples:
    """Rows around one centre per class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, rows)
    labels[:classes] = np.arange(classes)
    centres = rng.normal(0.0, 1.5, (classes, features))
    return pool_of((centres[labels] + rng.normal(size=(rows, features))).astype(precision), labels)


def settings_of(
    features: int,
    hidden: tuple[tuple[int, str], ...],
    classes: int,
    *,
    optimizer: str = "adam",
    batch_size: int = 16,
    precision: str = "float32",
    **changes: Any,
) -> StackSettings:
    shape = NetworkShape(
        features, tuple(HiddenShape(units, name) for units, name in hidden), OutputShape(classes)
    )
    return StackSettings(shape, optimizer, batch_size, precision=precision, **changes)


def member_of(settings: StackSettings, rows: int, validation: int = 0, **changes: Any) -> Member:
    """A member that trains on the pool's first rows and is validated on the next ones."""
    layers = len(settings.shape.hidden)
    values: dict[str, Any] = {
        "seed": 0,
        "epochs": 5,
        "learning_rate": 0.01,
        "l2": 1e-3,
        "train_rows": np.arange(rows),
        "validation_rows": np.arange(rows, rows + validation),
        "initializers": ("glorot_uniform",) * (layers + 1),
        "layer_hyperparameters": {"activation": (0.25,) * layers},
        "optimizer_hyperparameters": OPTIMIZER_NUMBERS,
    }
    return Member(**{**values, **changes})

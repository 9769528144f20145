"""The candidates of the portfolio: the default, single changes of it, and random ones."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import numpy as np

from fnnctl.config.recipes.portfolio import Change

SINGLE: Final = (
    Change(),
    Change(embedding=False),
    Change(twins=False),
    Change(bins=8, twins=False),
    Change(bins=32, size=8, twins=False),
    Change(bins=32),
    Change(depth=1),
    Change(depth=3),
    Change(width=2),
    Change(width=4, dropout=0.2),
    Change(depth=1, width=4, embedding=False),
    *(Change(activation=name) for name in ("mish", "tanh", "selu")),
    *(Change(rate=rate) for rate in (0.5, 2.0)),
    *(Change(dropout=share) for share in (0.1, 0.3)),
    Change(smoothing=0.0),
    Change(epochs=2),
    Change(epochs=4, rate=0.5),
    *(Change(batch=factor) for factor in (0.5, 2.0)),
    *(Change(l2=penalty) for penalty in (1e-3, 1e-2)),
    Change(depth=1, activation="tanh", embedding=False, l2=1e-3),
    Change(embedding=False, activation="mish", width=2, dropout=0.1),
    Change(embedding=False, depth=3, width=2, activation="selu"),
    Change(bins=32, size=8, twins=False, width=2, dropout=0.2, epochs=2),
    Change(twins=True),
    Change(edges="quantile"),
    Change(category_encoding="one_hot"),
    Change(edges="quantile", category_encoding="one_hot"),
    Change(smoothing=0.1),
)
SEED: Final = 1000


def candidates(drawn: int) -> list[Change]:
    """The single changes, and then random ones, of which a larger number begins with the same ones."""
    return [*SINGLE, *(_drawn(np.random.default_rng(SEED + number)) for number in range(drawn))]


def _drawn(rng: np.random.Generator) -> Change:
    """A point of the recipe's space, more often near the default than far from it."""

    def one_of(values: list[Any], shares: list[float]) -> Any:
        return values[int(rng.choice(len(values), p=shares))]

    form: dict[str, Any] = one_of(
        [{}, {"embedding": False}, {"bins": 32, "size": 8}, {"bins": 8}], [0.4, 0.3, 0.15, 0.15]
    )
    twins = None if "embedding" in form else one_of([None, False], [0.5, 0.5])
    return Change(
        **form,
        twins=twins,
        depth=one_of([1, None, 3], [0.3, 0.45, 0.25]),
        width=one_of([0.5, 1, 2, 4], [0.15, 0.35, 0.3, 0.2]),
        activation=one_of([None, "mish", "tanh", "selu"], [0.45, 0.25, 0.15, 0.15]),
        rate=round(float(2 ** rng.uniform(-2, 1)), 2),
        dropout=one_of([None, 0.1, 0.2, 0.35], [0.45, 0.2, 0.2, 0.15]),
        l2=one_of([None, 1e-6, 1e-3, 1e-2], [0.55, 0.1, 0.2, 0.15]),
        smoothing=one_of([None, 0.0, 0.05], [0.5, 0.3, 0.2]),
        epochs=one_of([1, 2, 3], [0.5, 0.35, 0.15]),
        batch=one_of([0.5, 1, 2], [0.2, 0.5, 0.3]),
        edges=None if form else one_of([None, "quantile"], [0.7, 0.3]),
        category_encoding=one_of([None, "one_hot"], [0.7, 0.3]),
    )


def changed_fields(change: Change) -> dict[str, Any]:
    """The fields that differ from those of the default."""
    values = ((field.name, getattr(change, field.name), field.default) for field in fields(change))
    return {name: value for name, value, default in values if value != default}

"""Shapley values of the columns of a row: how much each moves the prediction from the mean of other rows.

The columns of a background row take the row's values one after the other, in a random order; the change at a
column's turn is its effect (Štrumbelj and Kononenko, Knowledge and Information Systems 41, 2014). Every
background row is used with an order and with its reverse: both together are exact if no three columns
interact. Whatever orders are drawn, the effects sum to the row's value less the mean of the background's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of the columns of one row."""

    base: float
    """The mean value of the background rows."""
    effects: FloatArray
    """(columns,) whose sum is the row's value less the base."""
    errors: FloatArray
    """(columns,) upper bounds of their standard errors, because orders are drawn: the background rows differ,
    too. NaN for a single background row."""


def drawn_turns(background: int, columns: int, rng: np.random.Generator) -> IntArray:
    """When each column takes the explained row's value, from 0: (background, 2, columns), in a random order
    for each background row, and in the reverse order.
    """
    turns = rng.permuted(np.tile(np.arange(columns), (background, 1)), axis=1)
    return np.stack([turns, columns - 1 - turns], axis=1)


def shapley_effects(value: float, of_background: FloatArray, between: FloatArray, turns: IntArray) -> Effects:
    """The effects of the columns of a row with this value.

    Args:
        value: What is explained of the row.
        of_background: (b,) the same of each background row.
        between: (b, 2, columns − 1) the same of the background rows after the first turn, the second, …,
            the last but one.
        turns: (b, 2, columns), see `drawn_turns`.
    """
    background, orders, columns = turns.shape
    path = np.empty((background, orders, columns + 1))
    path[..., 0], path[..., 1:-1], path[..., -1] = of_background[:, None], between, value
    changes = np.take_along_axis(np.diff(path, axis=2), turns, axis=2)
    of_rows = changes.mean(axis=1)
    errors = np.full(columns, np.nan)
    if background > 1:
        errors = of_rows.std(axis=0, ddof=1) / np.sqrt(background)
    return Effects(float(of_background.mean()), of_rows.mean(axis=0), errors)

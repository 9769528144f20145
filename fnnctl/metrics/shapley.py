"""Shapley values of the columns of a row: how much each moves the prediction from the mean of other rows.

The columns of a background row take the row's values one after the other, in a random order; each column has
the effect of its turn (Štrumbelj and Kononenko, 2014). Every background row is used with an order and with
its reverse, which together are exact if no three columns interact. Whatever orders are drawn, the effects sum
to the row's prediction less the mean of the background's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray

Values = Callable[[IntArray, BoolArray], FloatArray]
"""Returns the values, (m,), of rows that have some columns, (m, columns), of the explained row, and the
others of background rows, (m,)."""


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of the columns of one row."""

    base: float
    """The mean value of the background rows."""
    effects: FloatArray
    """(columns,) whose sum is the row's value less the base."""
    errors: FloatArray
    """(columns,) upper bounds of their standard errors, because orders are drawn: the background rows differ,
    too. NaN for a single one."""


def drawn_orders(background: int, columns: int, rng: np.random.Generator) -> IntArray:
    """(background, 2, columns) an order of the columns for each background row, and its reverse."""
    orders = rng.permuted(np.tile(np.arange(columns), (background, 1)), axis=1)
    return np.stack([orders, orders[:, ::-1]], axis=1)


def shapley_effects(values: Values, value: float, of_background: FloatArray, orders: IntArray) -> Effects:
    """The effects of the columns of a row with this value.

    `of_background`, (b,), are the values of the background rows, and `orders`, (b, 2, columns), those of
    `drawn_orders`. `values` is called once, with 2b (columns − 1) rows.
    """
    background, pair, columns = orders.shape
    # turn[i, j]: when column j of order i takes the row's value; after k turns those below k have.
    turn = np.argsort(orders.reshape(-1, columns), axis=1)
    taken = turn[:, None, :] < np.arange(1, columns)[None, :, None]
    rows = np.repeat(np.arange(background), pair * (columns - 1))
    path = np.empty((background * pair, columns + 1))
    path[:, 0], path[:, -1] = np.repeat(of_background, pair), value
    path[:, 1:-1] = values(rows, taken.reshape(-1, columns)).reshape(background * pair, columns - 1)
    steps = np.take_along_axis(np.diff(path, axis=1), turn, axis=1)
    of_rows = steps.reshape(background, pair, columns).mean(axis=1)
    errors = np.full(columns, np.nan)
    if background > 1:
        errors = of_rows.std(axis=0, ddof=1) / np.sqrt(background)
    return Effects(float(of_background.mean()), of_rows.mean(axis=0), errors)

"""How the tasks divide the values of one column into cells, to predict the target from it alone."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

ColumnValues: TypeAlias = FloatArray | IntArray
"""(n,) numbers, NaN if missing, or codes of categories, -1 if missing."""

MOST_DISTINCT = 64
"""A column with at most so many different numbers has a cell for each of them."""


def is_numeric(values: ColumnValues) -> bool:
    """Whether they are numbers, not codes of categories."""
    return values.dtype.kind == "f"


def distinct_edges(numbers: FloatArray) -> FloatArray | None:
    """The distinct numbers in ascending order, without missing ones; None if there are many."""
    distinct = np.unique(numbers[~np.isnan(numbers)])
    return distinct if len(distinct) <= MOST_DISTINCT else None


def cells(values: ColumnValues, edges: FloatArray) -> IntArray:
    """(n,) the cell of each value, from 0, which is that of missing ones.

    Categories have a cell each, and `edges` do not matter; numbers are divided by the rising `edges`, each of
    which is the first number of its cell; the first cell has smaller ones, too.
    """
    if not is_numeric(values):
        codes: IntArray = values.astype(np.int64) + 1
        return codes
    found = np.maximum(np.searchsorted(edges, values, side="right"), 1)
    return np.where(np.isnan(values), 0, found).astype(np.int64)

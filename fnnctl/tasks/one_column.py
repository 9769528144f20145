"""The target as predicted from one column alone: a simple rule for each cell of the column's values."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

ColumnValues: TypeAlias = FloatArray | IntArray
"""(n,) numbers, NaN if missing, or codes of categories, -1 if missing."""

MAX_DISTINCT = 64
"""A column with at most this many different numbers has a cell for each of them."""


def is_numeric(values: ColumnValues) -> bool:
    """Whether they are numbers, not codes of categories."""
    return values.dtype.kind == "f"


def distinct_edges(numbers: FloatArray) -> FloatArray | None:
    """The distinct numbers in ascending order, without missing ones; None if there are many."""
    distinct = np.unique(numbers[~np.isnan(numbers)])
    return distinct if len(distinct) <= MAX_DISTINCT else None


def cells(values: ColumnValues, edges: FloatArray) -> IntArray:
    """(n,) the cell of each value, from 0, which is that of missing ones.

    Categories have a cell each, and `edges` do not matter; numbers are divided by the rising `edges`, each of
    which is the first number of its cell; the first cell has smaller ones, too.
    """
    if not is_numeric(values):
        codes: IntArray = values.astype(np.int64) + 1
        return codes
    numbers = np.maximum(np.searchsorted(edges, values, side="right"), 1)
    return np.where(np.isnan(values), 0, numbers).astype(np.int64)


MAX_CLASSES = 20
"""With more classes the cells do not follow the classes' own quantiles, but those of all rows."""
MAX_CHANGES = 20
"""Where the class changes more often along the numbers, a cell for each change would follow noise."""
CLASS_LEVELS = np.linspace(0.0, 1.0, 9)


def classes_of_column(
    values: ColumnValues, labels: IntArray, new_values: ColumnValues, *, classes: int
) -> IntArray:
    """(m,) the classes of rows with the `new_values` (m,), by a rule fitted to n ≥ 1 rows with labels.

    A cell without any of those has the most frequent class of all.
    """
    edges: FloatArray = np.empty(0)
    if is_numeric(values):
        edges = _class_edges(values.astype(np.float64), labels)
    cell_of_row, cell_of_other = cells(values, edges), cells(new_values, edges)
    pairs, counts = np.unique(cell_of_row * classes + labels, return_counts=True)
    majority = int(np.bincount(labels, minlength=classes).argmax())
    class_of_cell = np.full(int(max(cell_of_row.max(), cell_of_other.max(initial=0))) + 1, majority, np.int64)
    rising = pairs[np.argsort(counts, kind="stable")]
    class_of_cell[rising // classes] = rising % classes  # of several values for one cell the last one stays
    classes_of_rows: IntArray = class_of_cell[cell_of_other]
    return classes_of_rows


def _class_edges(numbers: FloatArray, labels: IntArray) -> FloatArray:
    """Where the class changes, if that is seldom, or the quantiles of each class.

    So even a rare class has cells of its own.
    """
    distinct = distinct_edges(numbers)
    if distinct is not None:
        return distinct
    is_known = ~np.isnan(numbers)
    values, value_labels = numbers[is_known], labels[is_known]
    order = np.argsort(values, kind="stable")
    low, high = values[order[:-1]], values[order[1:]]
    is_change = (value_labels[order[:-1]] != value_labels[order[1:]]) & (low < high)
    if np.count_nonzero(is_change) <= MAX_CHANGES:
        middle = low[is_change] / 2 + high[is_change] / 2
        return np.concatenate([values[order[:1]], middle])
    present = np.unique(value_labels)
    if len(present) > MAX_CLASSES:
        return np.unique(np.quantile(values, np.linspace(0.0, 1.0, 4 * len(CLASS_LEVELS)), method="lower"))
    by_class = [np.quantile(values[value_labels == label], CLASS_LEVELS, method="lower") for label in present]
    return np.unique(np.concatenate(by_class))


TARGET_LEVELS = np.linspace(0.0, 1.0, 25)[:-1]


def estimated_targets(values: ColumnValues, targets: FloatArray, new_values: ColumnValues) -> FloatArray:
    """(m,) estimates for rows with the `new_values` (m,), by a rule fitted to n ≥ 1 rows with targets.

    No estimate is outside the range of the targets. A cell without any of those rows has the mean of all.
    """
    edges: FloatArray = np.empty(0)
    is_line = False
    if is_numeric(values):
        numbers = values.astype(np.float64)
        distinct = distinct_edges(numbers)
        is_line = distinct is None
        edges = _quantiles(numbers) if distinct is None else distinct
    cell_of_row, cell_of_other = cells(values, edges), cells(new_values, edges)
    count = int(max(cell_of_row.max(), cell_of_other.max(initial=0))) + 1
    rows = np.bincount(cell_of_row, minlength=count)
    mean = _means(cell_of_row, targets, rows, float(targets.mean()))
    estimates: FloatArray = mean[cell_of_other]
    if is_line:
        x, new = np.nan_to_num(values.astype(np.float64)), np.nan_to_num(new_values.astype(np.float64))
        with np.errstate(all="ignore"):  # numbers may be huge
            middle = _means(cell_of_row, x, rows, 0.0)
            centred = x - middle[cell_of_row]
            products = np.bincount(cell_of_row, centred * (targets - mean[cell_of_row]), count)
            squares = np.bincount(cell_of_row, centred * centred, count)
            slope = np.nan_to_num(products / squares, posinf=0.0, neginf=0.0)
            estimates = np.nan_to_num(estimates + slope[cell_of_other] * (new - middle[cell_of_other]))
    return np.clip(estimates, targets.min(), targets.max())


def _quantiles(numbers: FloatArray) -> FloatArray:
    return np.unique(np.quantile(numbers[~np.isnan(numbers)], TARGET_LEVELS, method="lower"))


def _means(cell_of_row: IntArray, values: FloatArray, rows: IntArray, default: float) -> FloatArray:
    """The mean value in each cell; `default` in a cell without rows."""
    sums = np.bincount(cell_of_row, values, len(rows))
    return np.where(rows > 0, sums / np.maximum(rows, 1), default)

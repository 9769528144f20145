"""The target as estimated from one column: a straight line in each cell of its numbers, or means."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.tasks.columns import ColumnValues, cells, distinct_edges, is_numeric

LEVELS = np.linspace(0.0, 1.0, 25)[:-1]


def estimated_targets(values: ColumnValues, targets: FloatArray, others: ColumnValues) -> FloatArray:
    """(m,) estimates for the rows with the values `others` (m,), learned from n ≥ 1 rows with targets (n,).

    No estimate is outside the range of the targets. A cell without any learned row has the mean of all.
    """
    edges: FloatArray = np.empty(0)
    is_line = False
    if is_numeric(values):
        numbers = values.astype(np.float64)
        distinct = distinct_edges(numbers)
        is_line = distinct is None
        edges = _quantiles(numbers) if distinct is None else distinct
    learned, wanted = cells(values, edges), cells(others, edges)
    count = int(max(learned.max(), wanted.max(initial=0))) + 1
    rows = np.bincount(learned, minlength=count)
    mean = _means(learned, targets, rows, float(targets.mean()))
    estimates: FloatArray = mean[wanted]
    if is_line:
        x, new = np.nan_to_num(values.astype(np.float64)), np.nan_to_num(others.astype(np.float64))
        with np.errstate(all="ignore"):  # numbers may be huge
            middle = _means(learned, x, rows, 0.0)
            centred = x - middle[learned]
            products = np.bincount(learned, centred * (targets - mean[learned]), count)
            squares = np.bincount(learned, centred * centred, count)
            slope = np.nan_to_num(products / squares, posinf=0.0, neginf=0.0)
            estimates = np.nan_to_num(estimates + slope[wanted] * (new - middle[wanted]))
    return np.clip(estimates, targets.min(), targets.max())


def _quantiles(numbers: FloatArray) -> FloatArray:
    return np.unique(np.quantile(numbers[~np.isnan(numbers)], LEVELS, method="lower"))


def _means(learned: IntArray, values: FloatArray, rows: IntArray, default: float) -> FloatArray:
    """The mean value in each cell; `default` in a cell without rows."""
    sums = np.bincount(learned, values, len(rows))
    return np.where(rows > 0, sums / np.maximum(rows, 1), default)

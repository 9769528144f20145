"""The class as predicted from one column: the most frequent one in each cell of its values."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.tasks.columns import ColumnValues, cells, distinct_edges, is_numeric

MOST_CLASSES = 20
"""With more classes the cells do not follow the classes' own quantiles, but those of all rows."""
MOST_CHANGES = 20
"""Where the class changes more often along the numbers, a cell for each change would follow noise."""
LEVELS = np.linspace(0.0, 1.0, 9)


def classes_of_column(
    values: ColumnValues, labels: IntArray, others: ColumnValues, *, classes: int
) -> IntArray:
    """(m,) the classes of the rows with the values `others` (m,), learned from n ≥ 1 rows with labels (n,).

    A cell without any learned row has the most frequent class of all.
    """
    edges: FloatArray = np.empty(0)
    if is_numeric(values):
        edges = _edges(values.astype(np.float64), labels)
    learned, wanted = cells(values, edges), cells(others, edges)
    pairs, counts = np.unique(learned * classes + labels, return_counts=True)
    majority = int(np.bincount(labels, minlength=classes).argmax())
    of_cell = np.full(int(max(learned.max(), wanted.max(initial=0))) + 1, majority, np.int64)
    rising = pairs[np.argsort(counts, kind="stable")]
    of_cell[rising // classes] = rising % classes  # of several values for one cell the last one stays
    found: IntArray = of_cell[wanted]
    return found


def _edges(numbers: FloatArray, labels: IntArray) -> FloatArray:
    """Where the class changes, if that is seldom, or the quantiles of each class.

    So even a rare class has cells of its own.
    """
    distinct = distinct_edges(numbers)
    if distinct is not None:
        return distinct
    is_known = ~np.isnan(numbers)
    known, of_known = numbers[is_known], labels[is_known]
    order = np.argsort(known, kind="stable")
    low, high = known[order[:-1]], known[order[1:]]
    is_change = (of_known[order[:-1]] != of_known[order[1:]]) & (low < high)
    if np.count_nonzero(is_change) <= MOST_CHANGES:
        middle = low[is_change] / 2 + high[is_change] / 2
        return np.concatenate([known[order[:1]], middle])
    present = np.unique(of_known)
    if len(present) > MOST_CLASSES:
        return np.unique(np.quantile(known, np.linspace(0.0, 1.0, 4 * len(LEVELS)), method="lower"))
    own = [np.quantile(known[of_known == label], LEVELS, method="lower") for label in present]
    return np.unique(np.concatenate(own))

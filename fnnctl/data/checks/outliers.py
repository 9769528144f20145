"""A warning about numbers that are so far from all others that scaling makes the others equal."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Dataset
from fnnctl.errors import quoted_list
from fnnctl.text import shown

FAR = 1e5
"""A number is far if it is so many times the spread of the middle values from the median."""
MOST_COMPARED = 10_000
SPREADS = ((0.25, 0.75), (0.05, 0.95))
"""If the quartiles are equal, the spread is that of the middle nine tenths."""


def outlier_warnings(dataset: Dataset, rows: IntArray, low: FloatArray, high: FloatArray) -> list[str]:
    """One warning about all numeric columns with such numbers.

    `low` and `high` (p,) are each column's extremes in the training `rows` (n,), of which some are compared.
    """
    if not len(rows):
        return []
    some = rows[:: max(1, len(rows) // MOST_COMPARED)]
    columns = (column for several in dataset.number_columns(some) for column in several)
    far = []
    with np.errstate(over="ignore", invalid="ignore"):
        for number, column in enumerate(columns):
            known = column[~np.isnan(column)]
            limits = _limits(known) if known.size else None
            if limits is not None and (low[number] < limits[0] or high[number] > limits[1]):
                value = high[number] if high[number] > limits[1] else low[number]
                far.append((number, float(value)))
    if not far:
        return []
    each = [
        f"{value:.6g} in {shown(dataset.numeric_names[number])}{_place(dataset, rows, number, value)}"
        for number, value in far
    ]
    return [
        f"numbers far from all others make these look equal: {quoted_list(each, 5)}; if such a number stands "
        "for a missing one, add it to data.missing_values, otherwise correct it, or set data.scaling: robust"
    ]


def _limits(known: FloatArray) -> tuple[float, float] | None:
    """Beyond which numbers are far from the others; None if most are equal."""
    middle = float(np.median(known))
    for levels in SPREADS:
        first, last = np.quantile(known, levels)
        if last > first:
            return middle - FAR * float(last - first), middle + FAR * float(last - first)
    return None


def _place(dataset: Dataset, rows: IntArray, column: int, value: float) -> str:
    """The row of the number, as predictions.csv counts rows."""
    for start in range(0, len(rows), MOST_COMPARED):
        block = rows[start : start + MOST_COMPARED]
        found = np.flatnonzero(dataset.numbers(block, [column])[:, 0] == value)
        if found.size:
            return f" (row {int(dataset.file_rows[block[found[0]]])}, counted from 0)"
    return ""

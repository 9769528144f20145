"""Which columns look like ids, whose values say nothing about new rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray

MIN_ROWS: Final = 20
"""With fewer rows, different values are no sign of ids."""


def nearly_all_differ(distinct: int, rows: int) -> bool:
    """Whether there are nearly as many distinct texts as rows: names, ids or remarks, not categories."""
    return rows >= MIN_ROWS and 10 * distinct >= 9 * rows


def may_number_rows(low: float | FloatArray, high: float | FloatArray, rows: int) -> BoolArray:
    """Whether as many distinct whole numbers as rows, between these bounds, are (nearly) consecutive."""
    with np.errstate(over="ignore"):  # the span of huge numbers may be infinite
        return np.asarray(np.subtract(high, low) < 2 * rows)

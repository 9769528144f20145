"""Which rows are predicted worst: the one rule for the run that keeps their cells and the report that shows
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

MOST_WORST: Final = 10
"""This many rows are kept and shown."""


class HasBadness(Protocol):
    """The scores of rows."""

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """The row numbers (n,), and how badly each row is predicted, (n,); NaN for correct predictions."""


def worst_rows(rows: IntArray, badness: FloatArray, most: int = MOST_WORST) -> IntArray:
    """The indices of the `most` worst rows, the worst first; of equally bad ones the lower row number first.

    `rows` (n,) are row numbers, of which a repeated one counts once, and `badness` (n,) is NaN for rows that
    are predicted correctly.
    """
    wrong = np.flatnonzero(~np.isnan(badness))
    ranking = wrong[np.lexsort((rows[wrong], -badness[wrong]))]
    first = np.unique(rows[ranking], return_index=True)[1]
    worst: IntArray = ranking[np.sort(first)[:most]]
    return worst


def joined_badness(parts: Sequence[HasBadness]) -> tuple[IntArray, FloatArray]:
    """The rows and the badness of several parts, one after the other."""
    pairs = [part.row_badness() for part in parts]
    return np.concatenate([rows for rows, _ in pairs]), np.concatenate([badness for _, badness in pairs])

"""Columns that are almost the same: permuting one of them leaves what they share in the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

STRONG: Final = 0.9
FEWEST_ROWS: Final = 20
"""With fewer rows, independent columns may be correlated as strongly by chance."""
MOST_NUMBERS: Final = 2000
"""With more numeric columns, the matrix of all pairs would take too long and too much memory."""


def strong_correlations(numbers: FloatArray, columns: Mapping[str, IntArray]) -> dict[str, tuple[str, float]]:
    """For each column, the one that is correlated with it most, and the correlation, if it is above 0.9.

    `numbers` is (n, p); a column has some of the p, usually one. Correlations are Pearson's, and their sign
    is kept. Of columns with several numbers the strongest one counts.
    """
    owners = np.full(numbers.shape[1], -1)
    for position, places in enumerate(columns.values()):
        owners[places] = position
    numbers, owners = numbers[:, owners >= 0], owners[owners >= 0]
    if len(numbers) < FEWEST_ROWS or not 2 <= len(owners) <= MOST_NUMBERS:
        return {}
    with np.errstate(all="ignore"):  # a constant column has no correlation
        found = np.nan_to_num(np.corrcoef(numbers.astype(np.float64), rowvar=False))
    found[owners[:, None] == owners] = 0.0
    names, strongest = list(columns), np.abs(found).argmax(axis=1)
    partners: dict[str, tuple[str, float]] = {}
    for place, partner in enumerate(strongest.tolist()):
        correlation, name = float(found[place, partner]), names[owners[place]]
        if abs(correlation) > max(STRONG, abs(partners.get(name, ("", 0.0))[1])):
            partners[name] = (names[owners[partner]], correlation)
    return partners

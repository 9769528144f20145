"""Parts of rows in the order of a column, such as a date: training on the first rows, testing on the last.

A random split would train a network on rows that are later than those that it is tested on, which is
not possible once it is used. Rows with equal values, such as those of one day, are always in one part. There
are no random numbers here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray


def distinct(order: FloatArray) -> int:
    """The number of different values, of n rows with this `order` (n,)."""
    return len(np.unique(order))


def cuts(values: FloatArray, ideal: Sequence[int], *, first: int = 1) -> list[int]:
    """Where n sorted `values` (n,) are cut into P parts, P - 1 positions, so that equal values stay together.

    Each cut is as near as possible to the `ideal` one (P - 1, rising); of two equally near, it is the
    earlier one. The first part has at least `first` different values, and each other part at least one.
    Raises ValueError if there are too few.
    """
    possible = np.flatnonzero(values[1:] != values[:-1]) + 1
    if len(possible) < first - 1 + len(ideal):
        raise ValueError(f"{len(possible) + 1} different values are too few")
    positions: list[int] = []
    lowest = first - 1
    for number, position in enumerate(ideal):
        later = len(ideal) - number - 1
        candidates = possible[lowest : len(possible) - later]
        nearest = int(np.abs(candidates - position).argmin())
        positions.append(int(candidates[nearest]))
        lowest += nearest + 1
    return positions


def cut_last(values: FloatArray, share: float) -> int:
    """Where the last rows, this share of n ≥ 2, are cut off from sorted `values` (n,).

    These are round(share·n) rows, at least one and at most all but one, or as near to that as equal values
    allow. Raises ValueError if all values are equal.
    """
    rows = len(values)
    return cuts(values, [rows - min(max(1, round(share * rows)), rows - 1)])[0]


def part_ends(order: FloatArray, validation_size: int, test_size: int) -> tuple[IntArray, int, int]:
    """The n rows in order, (n,), and where the training and the validation part of them end.

    Rows with equal values are in the order of the file. The test part is cut off first, whatever the
    validation size. Of three or more different values it leaves two, for training and validation. The
    validation part has its share of the rows that are left. Raises ValueError if there are fewer different
    values than parts.
    """
    rows = np.argsort(order, kind="stable")
    values, known_end = order[rows], len(rows)
    if test_size:
        (known_end,) = cuts(values, [len(rows) - test_size], first=min(2, max(1, distinct(values) - 1)))
    train_end = known_end
    if validation_size:
        train_end = cut_last(values[:known_end], validation_size / (len(rows) - test_size))
    return rows, train_end, known_end

"""Folds in the order of a column follow one another (forward chaining).

K folds divide the rows into K + 1 blocks. Fold k = 1 … K is tested on block k + 1 and trained on the k blocks
before it, so no fold is trained on rows that are later than those it is tested on, and the first block is
never tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.folds import AssignedFolds, FoldKey
from fnnctl.data.splits.in_order import cut_last, cuts
from fnnctl.data.splits.parts import Split

_NEVER_TESTED = -1
"""The fold of rows that no fold tests."""


@dataclass(frozen=True, slots=True)
class ForwardFold(FoldKey):
    """One fold; its parts are slices of the rows in order, so all folds share one array.

    Repeats differ in their seeds alone.
    """

    rows: IntArray
    """(n,) the numbers of the divided rows, in order."""
    ends: tuple[int, int, int]
    """Where the training, the validation and the test part end in `rows`; each begins at the end before."""

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The fold's parts; neither strata nor groups have an effect."""
        return Split(*(np.sort(self.rows[start:end]) for start, end in pairwise((0, *self.ends))))


@dataclass(frozen=True, slots=True)
class ForwardFolds(AssignedFolds):
    """N rows divided into blocks, of which all but the first are folds; every repeat has the same ones.

    In `assignment` the rows of the first block are in the fold -1.
    """

    order: FloatArray
    """(N,) the values that order the rows."""

    @classmethod
    def of(cls, order: FloatArray, *, folds: int, repeats: int, validated: bool) -> Self:
        """Divide rows in this `order` (N,) into blocks of about the same size; equal values stay together.

        With `validated`, the first block has rows for a training and a validation part. Raises ValueError if
        there are fewer different values than `fewest_values`.
        """
        rows = np.argsort(order, kind="stable")
        ideal_starts = [round(len(rows) * number / (folds + 1)) for number in range(1, folds + 1)]
        starts = cuts(order[rows], ideal_starts, first=2 if validated else 1)
        block = np.empty(len(rows), np.int32)  # the first block is -1, so the others have their fold's number
        block[rows] = np.searchsorted(starts, np.arange(len(rows)), side="right") + _NEVER_TESTED
        return cls(folds, np.broadcast_to(block, (repeats, len(rows))), order)

    def folds(
        self, *, validation: float, stratify: bool, seed: int, rows: IntArray | None = None
    ) -> tuple[ForwardFold, ...]:
        """The folds in order; see `Folds.folds`. A fold is validated on the last rows before its block.

        Neither `stratify` nor `seed` has an effect.
        """
        in_order = np.argsort(self.order, kind="stable")
        values, block = self.order[in_order], self.assignment[0][in_order]
        numbers = in_order if rows is None else rows[in_order]
        ends = []
        for number in range(self.count):
            start, end = np.searchsorted(block, [number, number + 1]).tolist()
            train_end = cut_last(values[:start], validation) if validation else start
            ends.append((train_end, start, end))
        return tuple(ForwardFold(repeat, number, numbers, ends[number]) for repeat, number in self)

    def counts(self, kinds: IntArray, count: int) -> Iterator[tuple[IntArray, IntArray]]:
        """How often each fold tests and trains on each kind of row: see `AssignedFolds`."""
        for tested, _ in AssignedFolds.counts(self, kinds, count):
            first = np.bincount(kinds[self.assignment[0] == _NEVER_TESTED], minlength=count)
            yield tested, first + np.cumsum(tested, axis=0) - tested


def fewest_values(folds: int, *, validated: bool) -> int:
    """The smallest number of distinct values with which rows can be divided into this many folds."""
    return folds + (2 if validated else 1)

"""Folds for cross-validation: the rows are divided into parts of equal size, once per repeat.

The folds depend only on the split's seed, the strata, the groups and the number of folds, so every
configuration of an experiment is scored on the same folds. In the order of a column, folds follow one
another (forward chaining): K folds divide the rows into K + 1 blocks. Fold k = 1 … K is tested on block k + 1
and trained on the k blocks before it, so no fold is trained on rows that are later than those it is tested
on, and the first block is never tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.groups import divide_groups
from fnnctl.data.splits.in_order import cut_last, cuts
from fnnctl.data.splits.parts import VALIDATION, Split, stratified_parts
from fnnctl.seeds import Purpose, fold_seed, stream

FoldNumbers = npt.NDArray[np.int32]
_NEVER_TESTED = -1
"""The fold of rows that no fold tests."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold of a cross-validation. Its parts are computed on demand.

    So five folds in five repeats of a million rows need only five arrays, not 25 arrays of row numbers.
    """

    repeat: int
    """Counted from 0 here and from 1 in files, like `number`."""
    number: int
    assigned: FoldNumbers
    """(n,) for each of the divided rows, the fold that tests it in this repeat."""
    validation: float
    """The share of the fold's non-test rows that is held out for validation."""
    stratify: bool
    """Whether the validation part keeps the proportions of the strata."""
    seed: int
    rows: IntArray | None = None
    """(n,) the sorted numbers of the divided rows; None if all rows are divided."""

    @property
    def key(self) -> tuple[int, ...]:
        """See `Rows`."""
        return self.repeat, self.number

    def own_seed(self, seed: int) -> int:
        """See `Rows`."""
        return fold_seed(seed, self.repeat, self.number)

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The fold's parts of N rows with these `strata` (N,) and `groups` (N,)."""
        others: IntArray = np.flatnonzero(self.assigned != self.number)
        test: IntArray = np.flatnonzero(self.assigned == self.number)
        if self.rows is not None:
            others, test = self.rows[others], self.rows[test]
        held = hold_out(
            strata[others],
            self.validation,
            stratify=self.stratify,
            rng=stream(self.seed, Purpose.HELD_OUT, self.repeat, self.number),
            groups=None if groups is None else groups[others],
        )
        return Split(others[~held], others[held], test)


@dataclass(frozen=True, slots=True)
class AssignedFolds:
    """N rows divided into `count` folds, several times."""

    count: int
    assignment: FoldNumbers
    """(repeats, N) the fold that tests each row; -1 if none does."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each repeat and fold, in order."""
        return ((repeat, fold) for repeat in range(len(self.assignment)) for fold in range(self.count))

    def __len__(self) -> int:
        return len(self.assignment) * self.count

    def test_rows(self, repeat: int, fold: int) -> IntArray:
        """The test rows of the fold, sorted."""
        return np.flatnonzero(self.assignment[repeat] == fold)

    def counts(self, kinds: IntArray, count: int) -> Iterator[tuple[IntArray, IntArray]]:
        """How often each fold tests and trains on each of `count` kinds; (folds, count) twice, per repeat.

        `kinds` (N,) are those of the rows. The rows of a fold that are not tested count as training rows,
        including its validation rows.
        """
        total = np.bincount(kinds, minlength=count)
        for assigned in self.assignment:
            cells = (assigned.astype(np.int64) * count + kinds)[assigned >= 0]
            tested = np.bincount(cells, minlength=self.count * count).reshape(self.count, count)
            yield tested, total - tested

    def fewest_outside(self, groups: IntArray) -> int:
        """The smallest number of groups, of rows with these `groups` (N,), outside one of the folds."""
        return min(len(np.unique(groups[self.assignment[repeat] != fold])) for repeat, fold in self)


@dataclass(frozen=True, slots=True)
class Folds(AssignedFolds):
    """Folds with random rows."""

    def folds(
        self, *, validation: float, stratify: bool, seed: int, rows: IntArray | None = None
    ) -> tuple[Fold, ...]:
        """The folds in order; the arguments are those of `Fold`."""
        assigned = list(self.assignment)  # one array object per repeat, so that pickle writes it once
        return tuple(
            Fold(repeat, number, assigned[repeat], validation, stratify, seed, rows)
            for repeat, number in self
        )


def divide(
    strata: IntArray,
    *,
    folds: int,
    repeats: int,
    stratify: bool,
    seed: int,
    groups: IntArray | None = None,
) -> Folds:
    """Divide N rows with `strata` (N,) into non-empty folds, `repeats` times.

    The sizes of the folds differ by at most one; if stratified, so do the numbers of rows from each stratum.
    With `groups` (N,), the rows of a group are in the same fold, and a greedy algorithm makes sizes and
    strata as even as it can. Raises ValueError if there are fewer rows, or groups, than folds.
    """
    if most_folds(strata, groups) < folds:
        raise ValueError(f"{most_folds(strata, groups)} rows or groups cannot be divided into {folds} folds")
    assignment = np.empty((repeats, len(strata)), np.int32)
    for repeat in range(repeats):
        rng = stream(seed, Purpose.FOLDS, repeat)
        if groups is None:
            assignment[repeat] = _dealt(strata, folds, stratify, rng)
        else:
            sizes = fold_sizes(len(strata), folds)
            proportional = strata if stratify else np.zeros_like(strata)
            assignment[repeat] = divide_groups(groups, proportional, sizes, rng=rng)
    return Folds(folds, assignment)


def most_folds(strata: IntArray, groups: IntArray | None) -> int:
    """The largest possible number of folds of N rows with `strata` (N,) and `groups` (N,)."""
    return len(strata) if groups is None else len(np.unique(groups))


def fold_sizes(rows: int, folds: int) -> IntArray:
    """The sizes of the folds of so many rows, (folds,), dealt out like cards: they differ by at most one."""
    return np.bincount(np.arange(rows) % folds)


def by_stratum(strata: IntArray, rng: np.random.Generator) -> IntArray:
    """The n rows, (n,), one stratum after another, with strata and the rows of each in random order."""
    order = rng.permutation(len(strata))
    rank_of_stratum = rng.permutation(int(strata.max()) + 1)
    return order[np.argsort(rank_of_stratum[strata[order]], kind="stable")]


def hold_out(
    strata: IntArray,
    share: float,
    *,
    stratify: bool,
    rng: np.random.Generator,
    groups: IntArray | None = None,
) -> npt.NDArray[np.bool_]:
    """(n,) which of n non-test rows are held out for validation.

    These are round(share·n) rows: at least one if the share is not 0, and at most all but one. If stratified,
    they come from the strata in proportion, and each stratum keeps at least one row for training. With
    `groups` (n,), whole groups are held out, so there may be fewer or more rows. Raises ValueError if there
    are fewer than two rows, or groups.
    """
    rows = len(strata)
    held = np.zeros(rows, np.bool_)
    if share == 0:
        return held
    if most_folds(strata, groups) < 2:
        raise ValueError("a single row or group cannot be divided")
    size = min(max(1, round(share * rows)), rows - 1)
    if groups is not None:
        proportional = strata if stratify else np.zeros_like(strata)
        parts = divide_groups(groups, proportional, np.array([rows - size, size]), rng=rng)
        return np.asarray(parts == VALIDATION)
    if stratify:
        counts = np.bincount(strata)
        size = min(size, int(np.maximum(counts - 1, 0).sum()))
        return np.asarray(stratified_parts(strata, counts, size, 0, rng) == VALIDATION)
    held[rng.permutation(rows)[:size]] = True
    return held


def _dealt(strata: IntArray, folds: int, stratify: bool, rng: np.random.Generator) -> IntArray:
    """(N,) folds, dealt out like cards, one stratum after another, so that counts differ by at most one."""
    order = by_stratum(strata, rng) if stratify else rng.permutation(len(strata))
    assigned = np.empty(len(strata), np.int32)
    assigned[order] = rng.permutation(folds)[np.arange(len(strata)) % folds]
    return assigned


@dataclass(frozen=True, slots=True)
class ForwardFold:
    """One fold; its parts are slices of the rows in order, so all folds share one array."""

    repeat: int
    """Counted from 0 here and from 1 in files, like `number`. Repeats differ in their seeds alone."""
    number: int
    rows: IntArray
    """(n,) the numbers of the divided rows, in order."""
    ends: tuple[int, int, int]
    """Where the training, the validation and the test part end in `rows`; each begins at the end before."""

    @property
    def key(self) -> tuple[int, ...]:
        """See `Rows`."""
        return self.repeat, self.number

    def own_seed(self, seed: int) -> int:
        """See `Rows`."""
        return fold_seed(seed, self.repeat, self.number)

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
        """See `AssignedFolds`."""
        for tested, _ in AssignedFolds.counts(self, kinds, count):
            first = np.bincount(kinds[self.assignment[0] == _NEVER_TESTED], minlength=count)
            yield tested, first + np.cumsum(tested, axis=0) - tested


def fewest_values(folds: int, *, validated: bool) -> int:
    """The smallest number of distinct values with which rows can be divided into this many folds."""
    return folds + (2 if validated else 1)

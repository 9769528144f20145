"""Folds for cross-validation: the rows divided into parts of one size, once per repeat.

A division follows from the experiment's seed, the strata, the groups and the number of folds alone, so that
every configuration of an experiment is scored on the same folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray
from fnnctl.data.splits.groups import divide_groups
from fnnctl.data.splits.parts import VALIDATION, Split, stratified_parts
from fnnctl.seeds import Purpose, stream

Assignment = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold of a cross-validation. Its parts are computed when they are asked for.

    So 25 folds of a million rows need the five arrays of their repeats, and not 25 arrays of row numbers.
    """

    repeat: int
    """From 0 here, and from 1 in files; `number` likewise."""
    number: int
    assigned: Assignment
    """(n,) the fold in which each of the divided rows is tested, in this repeat."""
    validation: float
    """The share of the rows to learn from that is held out for validation."""
    stratify: bool
    """Whether the validation part has the strata in proportion."""
    seed: int
    rows: IntArray | None = None
    """(n,) the divided rows' numbers, sorted, if they are not all rows."""

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The fold's parts of N rows with these `strata` (N,) and `groups` (N,)."""
        known: IntArray = np.flatnonzero(self.assigned != self.number)
        test: IntArray = np.flatnonzero(self.assigned == self.number)
        if self.rows is not None:
            known, test = self.rows[known], self.rows[test]
        held = hold_out(
            strata[known],
            self.validation,
            stratify=self.stratify,
            seed=self.seed,
            repeat=self.repeat,
            fold=self.number,
            groups=None if groups is None else groups[known],
        )
        return Split(known[~held], known[held], test)


@dataclass(frozen=True, slots=True)
class Folds:
    """N rows divided into `count` folds, several times."""

    count: int
    assignment: Assignment
    """(repeats, N) the fold in which each row is tested."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each repeat and fold, in order."""
        return ((repeat, fold) for repeat in range(len(self.assignment)) for fold in range(self.count))

    def __len__(self) -> int:
        return len(self.assignment) * self.count

    def test_rows(self, repeat: int, fold: int) -> IntArray:
        """The rows that the fold is scored on, sorted."""
        return np.flatnonzero(self.assignment[repeat] == fold)

    def folds(
        self, *, validation: float, stratify: bool, seed: int, rows: IntArray | None = None
    ) -> tuple[Fold, ...]:
        """The folds in order, each to be split as `Fold` says."""
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
    """Divide N rows with `strata` (N,) into folds, `repeats` times, none of them empty.

    Sizes differ by one at most. If the folds are stratified, so do the numbers of each stratum's rows in the
    folds. With `groups` (N,) the rows of a group are in one fold, and sizes and strata are as even as a
    greedy choice makes them. Raises ValueError if there are fewer rows, or groups, than folds.
    """
    if most_folds(strata, groups) < folds:
        raise ValueError(f"{most_folds(strata, groups)} rows or groups cannot be divided into {folds} folds")
    assignment = np.empty((repeats, len(strata)), np.int32)
    for repeat in range(repeats):
        rng = stream(seed, Purpose.FOLDS, repeat)
        if groups is None:
            assignment[repeat] = _dealt(strata, folds, stratify, rng)
        else:
            sizes = np.bincount(np.arange(len(strata)) % folds)
            proportional = strata if stratify else np.zeros_like(strata)
            assignment[repeat] = divide_groups(groups, proportional, sizes, rng=rng)
    return Folds(folds, assignment)


def most_folds(strata: IntArray, groups: IntArray | None) -> int:
    """Into how many folds the rows can be divided."""
    return len(strata) if groups is None else len(np.unique(groups))


def hold_out(
    strata: IntArray,
    share: float,
    *,
    stratify: bool,
    seed: int,
    repeat: int,
    fold: int,
    groups: IntArray | None = None,
) -> npt.NDArray[np.bool_]:
    """Which of a fold's n rows to learn from are held out for validation, (n,).

    They are round(share·n) rows, at least one if the share is not 0, and at most all but one. If they are
    stratified, they are divided among the strata in proportion, and each stratum keeps a row for training: a
    stratum with a single row has none held out. With `groups` (n,) whole groups are held out, and their rows
    may be fewer or more. Raises ValueError if there are fewer than two rows, or groups.
    """
    rows = len(strata)
    held = np.zeros(rows, np.bool_)
    if share == 0:
        return held
    if most_folds(strata, groups) < 2:
        raise ValueError("a single row or group cannot be divided")
    rng = stream(seed, Purpose.HELD_OUT, repeat, fold)
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
    """Deal the rows out like cards, one stratum after the other, so that no difference exceeds one: (N,)."""
    order = rng.permutation(len(strata))
    if stratify:
        rank_of_stratum = rng.permutation(int(strata.max()) + 1)
        order = order[np.argsort(rank_of_stratum[strata[order]], kind="stable")]
    assigned = np.empty(len(strata), np.int32)
    assigned[order] = rng.permutation(folds)[np.arange(len(strata)) % folds]
    return assigned

"""Folds for cross-validation: the rows are divided into parts of equal size, once per repeat.

The folds depend only on the split's seed, the strata, the groups and the number of folds, so every
configuration of an experiment is scored on the same folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray
from fnnctl.data.splits.groups import are_labels, divide_groups, most_folds
from fnnctl.data.splits.parts import Split, hold_out
from fnnctl.seeds import Purpose, fold_seed, stream

FoldNumbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class FoldKey:
    """The fold's number and that of its repeat: both count from 0 here and from 1 in files."""

    repeat: int
    number: int

    @property
    def key(self) -> tuple[int, ...]:
        """What tells these rows from others of the same experiment: see `Rows`."""
        return self.repeat, self.number

    def network_seed(self, seed: int) -> int:
        """The seed of a network that trains on these rows: see `Rows`."""
        return fold_seed(seed, self.repeat, self.number)


@dataclass(frozen=True, slots=True)
class Fold(FoldKey):
    """One fold of a cross-validation. Its parts are computed on demand.

    So five folds in five repeats of a million rows need only five arrays, not 25 arrays of row numbers.
    """

    assigned: FoldNumbers
    """(n,) for each of the divided rows, the fold that tests it in this repeat."""
    validation: float
    """The share of the fold's non-test rows that is held out for validation."""
    stratify: bool
    """Whether the validation part keeps the proportions of the strata."""
    seed: int
    rows: IntArray | None = None
    """(n,) the sorted numbers of the divided rows; None if all rows are divided."""

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The fold's parts of N rows with these `strata` (N,) and `groups` (N,)."""
        rest: IntArray = np.flatnonzero(self.assigned != self.number)
        test: IntArray = np.flatnonzero(self.assigned == self.number)
        if self.rows is not None:
            rest, test = self.rows[rest], self.rows[test]
        held = hold_out(
            strata[rest],
            self.validation,
            stratify=self.stratify,
            rng=stream(self.seed, Purpose.HELD_OUT, self.repeat, self.number),
            groups=None if groups is None else groups[rest],
        )
        return Split(rest[~held], rest[held], test)


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
    """Divide N rows with `strata`, (N,) or labels (N, L), into non-empty folds, `repeats` times.

    The sizes of the folds differ by at most one; if stratified, so do the numbers of rows from each stratum.
    With `groups` (N,), the rows of a group are in the same fold, and a greedy algorithm makes sizes and
    strata as even as it can. It divides labels, too; the sizes of their folds differ by at most one. Raises
    ValueError if there are fewer rows, or groups, than folds.
    """
    if most_folds(strata, groups) < folds:
        raise ValueError(f"{most_folds(strata, groups)} rows or groups cannot be divided into {folds} folds")
    assignment = np.empty((repeats, len(strata)), np.int32)
    for repeat in range(repeats):
        rng = stream(seed, Purpose.FOLDS, repeat)
        if groups is not None or (stratify and are_labels(strata)):
            sizes = fold_sizes(len(strata), folds)
            proportional = strata if stratify else np.zeros(len(strata), np.intp)
            assignment[repeat] = divide_groups(groups, proportional, sizes, rng=rng)
        else:
            assignment[repeat] = _dealt(strata, folds, stratify, rng)
    return Folds(folds, assignment)


def fold_sizes(rows: int, folds: int) -> IntArray:
    """The sizes of the folds of `rows` rows, (folds,), dealt out like cards: they differ by at most one."""
    return np.bincount(np.arange(rows) % folds)


def by_stratum(strata: IntArray, rng: np.random.Generator) -> IntArray:
    """The n rows, (n,), one stratum after another, with strata and the rows of each in random order."""
    order = rng.permutation(len(strata))
    rank_of_stratum = rng.permutation(int(strata.max()) + 1)
    return order[np.argsort(rank_of_stratum[strata[order]], kind="stable")]


def _dealt(strata: IntArray, folds: int, stratify: bool, rng: np.random.Generator) -> IntArray:
    """(N,) folds, dealt out like cards, one stratum after another, so that counts differ by at most one."""
    order = by_stratum(strata, rng) if stratify else rng.permutation(len(strata))
    assigned = np.empty(len(strata), np.int32)
    assigned[order] = rng.permutation(folds)[np.arange(len(strata)) % folds]
    return assigned

"""Bags: training and validation rows for each member of an ensemble; all non-test rows train some member.

The rows outside the test part are divided into one fold per member. A member trains on all folds but its own
and is validated on that one, so its predictions there are those of a network that was not trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, IntArray
from fnnctl.data.splits.folds import by_stratum, fold_sizes
from fnnctl.data.splits.groups import are_labels, divide_groups, most_folds
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.data.splits.seen_rows import SeenRows
from fnnctl.seeds import Purpose, stream

_IN_NO_FOLD: Final = -1


@dataclass(frozen=True, slots=True)
class BaggedRows:
    """The rows of an ensemble's fit, and the bag of each member. All of them are computed on demand."""

    rows: Rows
    """The same rows without bags; their training and validation part are divided anew."""
    members: int
    stratify: bool
    """Whether the folds keep the proportions of the strata."""
    seed: int
    seen: SeenRows | None = None
    """What networks have seen from which the training goes on; None if it begins anew."""

    @property
    def key(self) -> tuple[int, ...]:
        """What tells these rows from others of the same experiment: see `Rows`."""
        return self.rows.key

    def network_seed(self, seed: int) -> int:
        """The seed of a network that trains on these rows: see `Rows`."""
        return self.rows.network_seed(seed)

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """All rows outside the test part as training part; as validation part those that are in a fold."""
        return self.computed(strata, groups).whole

    def bags(self, strata: IntArray, groups: IntArray | None) -> tuple[Split, ...]:
        """Each member's parts of N rows with these `strata` (N,) and `groups` (N,).

        All members have equally many rows. See `member_rows`.
        """
        return self.computed(strata, groups).of_members

    def computed(self, strata: IntArray, groups: IntArray | None) -> ComputedBags:
        """The same rows with their parts, for whoever needs them more than once and has the memory."""
        split = self.rows.split(strata, groups)
        bags = self._bags(split, strata, groups)
        validation = np.sort(np.concatenate([bag.validation for bag in bags]), kind="stable")
        whole = Split(split.non_test, validation, split.test)
        return ComputedBags(
            self.rows, self.members, self.stratify, self.seed, self.seen, whole=whole, of_members=bags
        )

    def non_test(self, strata: IntArray, groups: IntArray | None) -> IntArray:
        """The sorted rows outside the test part."""
        return self.rows.split(strata, groups).non_test

    def _bags(self, split: Split, strata: IntArray, groups: IntArray | None) -> tuple[Split, ...]:
        rows = split.non_test
        row_groups = None if groups is None else groups[rows]
        rng = stream(self.seed, Purpose.BAGS, *self.key)
        proportional = strata[rows] if self.stratify else np.zeros(len(rows), np.intp)
        trained = None if self.seen is None else self.seen.trained[:, rows]
        bags = member_rows(proportional, self.members, rng=rng, groups=row_groups, trained=trained)
        return tuple(Split(rows[train], rows[validation], split.test) for train, validation in bags)


@dataclass(frozen=True, slots=True)
class ComputedBags(BaggedRows):
    """Bags whose parts are in memory; pickled, they are only what the parts follow from."""

    whole: Split = field(kw_only=True)
    """The parts of all rows outside the test part: see `BaggedRows.split`."""
    of_members: tuple[Split, ...] = field(kw_only=True)
    """Those of each member: see `BaggedRows.bags`."""

    def __reduce__(self) -> tuple[type[BaggedRows], tuple[Rows, int, bool, int, SeenRows | None]]:
        return BaggedRows, (self.rows, self.members, self.stratify, self.seed, self.seen)

    def computed(self, strata: IntArray, groups: IntArray | None) -> ComputedBags:
        """Return itself."""
        return self


def member_rows(
    strata: IntArray,
    members: int,
    *,
    rng: np.random.Generator,
    groups: IntArray | None = None,
    trained: BoolArray | None = None,
) -> list[tuple[IntArray, IntArray]]:
    """The training and the validation rows of each member, from n rows with these `strata`; both sorted.

    Each fold has ⌊n / members⌋ rows; the few rows that are left over are training rows of every member. With
    `groups` (n,), the rows of a group are in one fold, and folds differ in size. Then every member is
    validated on as many rows of its fold as the smallest one has, and trains on as many rows as there are
    outside the largest one; surplus rows, drawn at random, are left out. Raises ValueError if there are fewer
    rows, or groups, than members.

    With `trained` (members, n), the rows on which each member was trained before, no member is validated on
    one of them. A row that one member has not seen stays in its fold; a row that all have seen is in none.
    New rows are divided as always. Folds differ in size then, too, and may be empty.
    """
    if (most := most_folds(strata, groups)) < members:
        raise ValueError(f"{most} rows or groups cannot be divided into {members} folds")
    if trained is None:
        fold_of = _new_folds(strata, members, rng, groups)
    else:
        fold_of = _folds_after(trained, strata, rng, groups)
    folds = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(members)]
    train, validation = (min(len(fold_parts[part]) for fold_parts in folds) for part in (0, 1))
    return [(_some(outside, train, rng), _some(inside, validation, rng)) for outside, inside in folds]


def _new_folds(
    strata: IntArray, members: int, rng: np.random.Generator, groups: IntArray | None, fewest: int = 1
) -> IntArray:
    """The fold of each of n new rows, (n,); with groups, each has the `fewest` of these."""
    if groups is None:
        return _dealt_labels(strata, members, rng) if are_labels(strata) else _dealt(strata, members, rng)
    sizes = fold_sizes(len(strata), members)
    return divide_groups(groups, strata, sizes, rng=rng, fewest=[fewest] * members).astype(np.intp)


def _folds_after(
    trained: BoolArray, strata: IntArray, rng: np.random.Generator, groups: IntArray | None
) -> IntArray:
    """The fold of each of n rows, (n,), after the members were `trained` (members, n) on some of them.

    A row that several members have not seen, but not all of them, goes to one of these at random.
    """
    members, rows = trained.shape
    unit_of = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    draws = rng.random((members, int(unit_of.max(initial=-1)) + 1))[:, unit_of]
    draws[trained] = -1.0
    fold_of = np.where(trained.all(axis=0), _IN_NO_FOLD, draws.argmax(axis=0))
    new_rows = np.flatnonzero(~trained.any(axis=0))
    if new_rows.size:
        new_groups = None if groups is None else groups[new_rows]
        fold_of[new_rows] = _new_folds(strata[new_rows], members, rng, new_groups, fewest=0)
    return fold_of


def _some(rows: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """`count` of the sorted rows, drawn at random, in order."""
    if len(rows) == count:
        return rows
    return np.sort(rng.permutation(rows)[:count])


def _dealt(strata: IntArray, folds: int, rng: np.random.Generator) -> IntArray:
    """The fold of each of n rows, (n,), or `_IN_NO_FOLD` for the n mod folds rows that are left over.

    Those are taken at equal distances from the rows sorted by stratum, so they keep the proportions. The
    others are dealt out like cards, one stratum after another.
    """
    rows = len(strata)
    order = by_stratum(strata, rng)
    left_over = rows % folds
    in_fold = np.ones(rows, np.bool_)
    # the middles of equal intervals, (i + 1/2)·rows / left_over for i = 0, 1, …, rounded down
    in_fold[(2 * np.arange(left_over) + 1) * rows // (2 * max(1, left_over))] = False
    fold_of = np.full(rows, _IN_NO_FOLD, np.intp)
    dealt = order[in_fold]
    # the order of the folds is random: otherwise the first ones would get the odd rows of the first stratum
    fold_of[dealt] = rng.permutation(folds)[np.arange(len(dealt)) % folds]
    return fold_of


def _dealt_labels(labels: IntArray, folds: int, rng: np.random.Generator) -> IntArray:
    """The fold of each of n rows with `labels` (n, L), or `_IN_NO_FOLD`, as many as of `_dealt` rows.

    Those that are left over are fewer than the folds, so they are drawn without regard to their labels.
    """
    size, left_over = divmod(len(labels), folds)
    in_fold = np.sort(rng.permutation(len(labels))[left_over:])
    fold_of = np.full(len(labels), _IN_NO_FOLD, np.intp)
    if size:
        fold_of[in_fold] = divide_groups(None, labels[in_fold], np.full(folds, size), rng=rng)
    return fold_of

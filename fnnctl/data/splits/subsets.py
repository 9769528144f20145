"""Subsets of rows: a fold with a share of its training rows, for a learning curve over data size.

The test part stays the same. Subsets of one fold are nested, so a larger one has all rows of a smaller one,
and none depends on which other shares there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.groups import are_labels, divide_groups, most_folds
from fnnctl.data.splits.in_order import cut_last, cuts
from fnnctl.data.splits.parts import TRAIN, VALIDATION, Rows, Split
from fnnctl.seeds import Purpose, stream


@dataclass(frozen=True, slots=True)
class Subset:
    """A share of the rows outside the test part. Its parts are computed on demand."""

    rows: Rows
    """All rows."""
    share: float
    """The share of the training and of the validation rows that are used, above 0 and below 1."""
    stratify: bool
    """Whether a subset keeps the proportions of the strata."""
    seed: int
    order: FloatArray | None = None
    """(N,) the values that order the rows; None if the subset is drawn at random."""

    @property
    def key(self) -> tuple[int, ...]:
        """What tells these rows from others of the same experiment: see `Rows`."""
        return (*self.rows.key, *self.share.as_integer_ratio())

    def network_seed(self, seed: int) -> int:
        """See `Rows`. It is that of all rows, so sizes differ in their rows alone."""
        return self.rows.network_seed(seed)

    def split(self, strata: IntArray, groups: IntArray | None) -> Split:
        """The parts of N rows with these `strata` (N,) and `groups` (N,).

        Rows in an order are the last ones before the test part. Then raises ValueError if too few of their
        values differ.
        """
        whole = self.rows.split(strata, groups)
        if self.order is not None:
            return self._latest(whole, self.order)

        def draw(rows: IntArray, part: int) -> IntArray:
            row_strata = strata[rows] if self.stratify else np.zeros(len(rows), np.intp)
            rng = stream(self.seed, Purpose.SUBSETS, *self.rows.key, part)
            row_groups = None if groups is None else groups[rows]
            return rows[draw_share(row_strata, self.share, rng=rng, groups=row_groups)]

        return Split(draw(whole.train, TRAIN), draw(whole.validation, VALIDATION), whole.test)

    def _latest(self, whole: Split, order: FloatArray) -> Split:
        """The last rows, the validation part being the last of these as it is of all rows."""
        rows = whole.non_test[np.argsort(order[whole.non_test], kind="stable")]
        size = max(1, round(self.share * len(rows)))
        if size == len(rows):
            return whole
        (start,) = cuts(order[rows], [len(rows) - size])
        latest = rows[start:]
        train_end = len(latest)
        if whole.validation.size:
            train_end = cut_last(order[latest], whole.validation.size / len(rows))
        return Split(np.sort(latest[:train_end]), np.sort(latest[train_end:]), whole.test)


def draw_share(
    strata: IntArray, share: float, *, rng: np.random.Generator, groups: IntArray | None = None
) -> IntArray:
    """The sorted places, (m,), of a drawn share of n rows with these `strata`; none of no rows, else m ≥ 1.

    The rows are put in a random order in which any first ones have the strata in proportion: at each moment
    the stratum with the smallest share of its rows so far is next (Webster's method). The first row of every
    stratum comes before all others, so that small strata are not left out. The share is the first
    round(share·n) rows of this order.

    With `groups` (n,), whole groups take the place of rows. A group counts for the stratum of which it has
    the largest share, and there are about share·n rows.

    For labels (n, L) see `_halved`.
    """
    rows = len(strata)
    if not rows:
        return np.arange(0)
    if are_labels(strata):
        return _halved(strata, max(1, round(share * rows)), rng, groups)
    unit_of = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes, stratum_of = (
        np.bincount(unit_of),
        strata if groups is None else _strata_of_groups(unit_of, strata),
    )
    totals = np.bincount(stratum_of, weights=sizes)
    shuffled = rng.permutation(len(sizes))
    by_stratum = shuffled[np.argsort(stratum_of[shuffled], kind="stable")]
    ends = np.cumsum(sizes[by_stratum])
    stratum = stratum_of[by_stratum]
    is_first = np.append(True, stratum[1:] != stratum[:-1])
    before = (np.cumsum(totals) - totals)[stratum]
    middles = (ends - sizes[by_stratum] / 2 - before) / totals[stratum]
    middles[is_first] = -1.0
    order = by_stratum[np.lexsort((rng.permutation(len(totals))[stratum], middles))]
    count = int(np.abs(np.cumsum(sizes[order]) - share * rows).argmin()) + 1
    if groups is None:
        count = max(1, round(share * rows))
    is_drawn = np.zeros(len(sizes), np.bool_)
    is_drawn[order[:count]] = True
    return np.flatnonzero(is_drawn[unit_of])


def _halved(labels: IntArray, size: int, rng: np.random.Generator, groups: IntArray | None) -> IntArray:
    """The sorted places of `size` of n rows with `labels` (n, L), or about as many as the groups allow.

    The rows are divided into two halves with the same shares of labels. If the first half is too large, it is
    divided again; otherwise it is drawn, and the rest comes from the second half in the same way.
    """
    is_drawn = np.zeros(len(labels), np.bool_)
    rows, missing = np.arange(len(labels)), size
    while missing > 0:
        row_groups = None if groups is None else groups[rows]
        if most_folds(rows, row_groups) == 1:
            is_drawn[rows] = 2 * missing >= len(rows) or not is_drawn.any()
            break
        halves = np.array([len(rows) - len(rows) // 2, len(rows) // 2])
        half_of = divide_groups(row_groups, labels[rows], halves, rng=rng)
        first_half = rows[half_of == 0]
        if missing < len(first_half):
            rows = first_half
        else:
            is_drawn[first_half] = True
            rows, missing = rows[half_of == 1], missing - len(first_half)
    return np.flatnonzero(is_drawn)


def _strata_of_groups(group_of_row: IntArray, strata: IntArray) -> IntArray:
    """The stratum of which each group has the largest share of all rows, (groups,)."""
    totals = np.bincount(strata)
    pairs, counts = np.unique(group_of_row * len(totals) + strata, return_counts=True)
    group, stratum = np.divmod(pairs, len(totals))
    by_share = np.lexsort((counts / totals[stratum], group))
    last_of_group = by_share[np.append(group[1:] != group[:-1], True)]
    strata_of_groups: IntArray = stratum[last_of_group]
    return strata_of_groups

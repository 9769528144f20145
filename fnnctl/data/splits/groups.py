"""Divides rows among parts where they cannot be dealt out like cards, by one greedy algorithm.

The rows of a group, such as those of one patient, stay together, and a row with several labels counts for
each of them. Strata are numbers, (n,), or labels, (n, L): 1 where a row has the label, else 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray

SINGLE_ROWS: Final = 3
"""Rows with equal labels of which the smallest part would get fewer than this are placed one by one."""


def most_folds(strata: IntArray, groups: IntArray | None) -> int:
    """The largest possible number of folds of N rows with these `strata` and `groups` (N,)."""
    return len(strata) if groups is None else len(np.unique(groups))


def are_labels(strata: IntArray) -> bool:
    """Whether the strata are labels, of which a row may have several or none."""
    return strata.ndim == 2


def divide_groups(
    groups: IntArray | None,
    strata: IntArray,
    sizes: IntArray,
    *,
    rng: np.random.Generator,
    fewest: Sequence[int] | None = None,
) -> IntArray:
    """Return (n,) the part of each of n rows with these groups and strata; `sizes` (P,) are the target sizes.

    A greedy algorithm. The largest groups are placed first; groups of equal size are in random order. Each
    group goes to the part that lacks its rows most, by stratum (as a share of the stratum) and in total. The
    parts come close to the target sizes and proportions, and reach them if all groups are single rows of one
    stratum. Each part gets at least the `fewest` (P,) groups: by default one, or none if its size is 0. There
    must be enough groups.

    Labels may be divided without groups; then the parts have exactly the `sizes`. This is a form of iterative
    stratification (Sechidis, Tsoumakas & Vlahavas, 2011) that regards all labels of a row together. A group
    with more labels is larger, what parts lack is compared by their sizes, and none gets more than it lacks.
    """
    totals = _counts(strata)
    shortage = np.outer(sizes, totals) / len(strata)
    if groups is None:
        return _divide_rows(strata, sizes, totals, shortage, rng)
    _, group_of_row = np.unique(groups, return_inverse=True)
    part_of = _placed(group_of_row, strata, totals, shortage, rng)
    _fill_up(part_of, np.bincount(group_of_row), np.minimum(sizes, 1) if fewest is None else np.array(fewest))
    return part_of[group_of_row]


def _divide_rows(
    labels: IntArray, sizes: IntArray, totals: FloatArray, shortage: FloatArray, rng: np.random.Generator
) -> IntArray:
    """The part of each row, (n,), without groups: most rows that have the same labels are placed together."""
    part_of = _divide_alike(labels, sizes, rng)
    for part in range(len(sizes)):
        shortage[part] -= _counts(labels[part_of == part])
    open_rows = np.flatnonzero(part_of < 0)
    part_of[open_rows] = _placed(np.arange(len(open_rows)), labels[open_rows], totals, shortage, rng)
    return part_of


def _divide_alike(labels: IntArray, sizes: IntArray, rng: np.random.Generator) -> IntArray:
    """(n,) the part of each row, or -1: of rows with the same labels, all but a few, in proportion.

    Those few leave enough choice for what the parts lack then.
    """
    rows = len(labels)
    _, set_of_row, counts = np.unique(
        np.packbits(labels.astype(np.bool_), axis=1), axis=0, return_inverse=True, return_counts=True
    )
    single_rows = math.ceil(SINGLE_ROWS * rows / int(sizes[sizes > 0].min()))
    ends = np.cumsum(np.outer(np.maximum(counts - single_rows, 0), sizes) // rows, axis=1)
    order = rng.permutation(rows)
    order = order[np.argsort(set_of_row.ravel()[order], kind="stable")]
    set_in_order = set_of_row.ravel()[order]
    rank = np.arange(rows) - (np.cumsum(counts) - counts)[set_in_order]
    part_of = np.empty(rows, np.int16)
    part_of[order] = (rank[:, None] >= ends[set_in_order]).sum(axis=1)
    part_of[part_of == len(sizes)] = -1
    return part_of


def _placed(
    group_of_row: IntArray,
    strata: IntArray,
    totals: FloatArray,
    shortage: FloatArray,
    rng: np.random.Generator,
) -> IntArray:
    """The part of each group, (groups,), without a fewest number of groups.

    `totals` (S + 1) are the numbers of rows of each stratum and of all, and `shortage` (P, S + 1) are those
    that the parts lack.
    """
    weights = [1.0 / max(total, 1.0) ** 2 for total in totals.tolist()]
    lacks: list[list[float]] = shortage.tolist()
    # Measured by its own size, a large part is not filled first. A single target's groups keep their parts.
    units = [lack[-1] if are_labels(strata) else 1.0 for lack in lacks]
    open_parts = [part for part, lack in enumerate(lacks) if lack[-1] > 0]
    rows_by_stratum = _rows_by_stratum(group_of_row, strata)
    order = rng.permutation(len(rows_by_stratum))
    group_sizes = np.array([sum(rows for _, rows in contents) for contents in rows_by_stratum], np.intp)
    part_of = np.zeros(len(rows_by_stratum), np.int16)
    for group in order[np.argsort(-group_sizes[order], kind="stable")].tolist():
        contents = [(s, rows, weights[s] * rows) for s, rows in rows_by_stratum[group]]
        # The part whose squared shortage w falls most, by w² − (w − rows)² = rows · (2w − rows).
        falls = [
            sum([weighted * (2 * lacks[part][s] - rows) for s, rows, weighted in contents]) / units[part]
            for part in open_parts
        ]
        part = open_parts[falls.index(max(falls))]
        part_of[group] = part
        for s, rows, _ in contents:
            lacks[part][s] -= rows
        if are_labels(strata) and lacks[part][-1] <= 0:
            open_parts.remove(part)
    return part_of


def _memberships(strata: IntArray) -> tuple[IntArray, IntArray]:
    """The rows and the strata of all m pairs of a row and a stratum that it belongs to, (m,) twice."""
    if not are_labels(strata):
        return np.arange(len(strata)), strata
    rows, labels = np.nonzero(strata)
    return rows, labels


def _strata_count(strata: IntArray) -> int:
    return strata.shape[1] if are_labels(strata) else int(strata.max()) + 1


def _counts(strata: IntArray) -> FloatArray:
    """The numbers of rows of each of S strata, and of all, (S + 1)."""
    of_strata = np.bincount(_memberships(strata)[1], minlength=_strata_count(strata))
    return np.append(of_strata, len(strata)).astype(np.float64)


def _rows_by_stratum(group_of_row: IntArray, strata: IntArray) -> list[list[tuple[int, int]]]:
    """For each group, its strata with their numbers of rows; all strata together come last."""
    count, (rows_of_pairs, strata_of_pairs) = _strata_count(strata), _memberships(strata)
    pairs, rows = np.unique(group_of_row[rows_of_pairs] * count + strata_of_pairs, return_counts=True)
    group_sizes = np.bincount(group_of_row)
    rows_by_stratum: list[list[tuple[int, int]]] = [[] for _ in group_sizes]
    for pair, size in zip(pairs.tolist(), rows.tolist(), strict=True):
        rows_by_stratum[pair // count].append((pair % count, size))
    for contents, size in zip(rows_by_stratum, group_sizes.tolist(), strict=True):
        contents.append((count, size))
    return rows_by_stratum


def _fill_up(part_of: IntArray, group_sizes: IntArray, fewest: IntArray) -> None:
    """Move the smallest groups of the parts with the most to spare into parts with too few groups."""
    for part, count in enumerate(fewest.tolist()):
        while np.count_nonzero(part_of == part) < count:
            richest = int((np.bincount(part_of, minlength=len(fewest)) - fewest).argmax())
            candidates = np.flatnonzero(part_of == richest)
            part_of[candidates[group_sizes[candidates].argmin()]] = part

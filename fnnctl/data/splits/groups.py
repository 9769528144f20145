"""Divides groups of rows, such as the rows of one patient, among parts, without splitting a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fnnctl.arrays import IntArray


def most_folds(strata: IntArray, groups: IntArray | None) -> int:
    """The largest possible number of folds of N rows with `strata` (N,) and `groups` (N,)."""
    return len(strata) if groups is None else len(np.unique(groups))


def divide_groups(
    groups: IntArray,
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
    """
    _, group_of_row = np.unique(groups, return_inverse=True)
    rows_by_stratum = _rows_by_stratum(group_of_row, strata)
    count = int(strata.max()) + 1
    totals = np.append(np.bincount(strata, minlength=count), len(strata)).astype(np.float64)
    weights = [1.0 / max(total, 1.0) ** 2 for total in totals.tolist()]
    shortage = [[total * size / len(strata) for total in totals.tolist()] for size in sizes.tolist()]
    order = rng.permutation(len(rows_by_stratum))
    group_sizes = np.array([sum(rows for _, rows in strata_rows) for strata_rows in rows_by_stratum])
    part_of = np.zeros(len(rows_by_stratum), np.int16)
    open_parts = [part for part, size in enumerate(sizes.tolist()) if size]
    for group in order[np.argsort(-group_sizes[order], kind="stable")].tolist():
        contents = [*rows_by_stratum[group], (count, int(group_sizes[group]))]
        # The part whose squared shortage w falls most, by w² − (w − rows)² = rows · (2w − rows).
        part = max(
            open_parts,
            key=lambda part: sum(weights[s] * rows * (2 * shortage[part][s] - rows) for s, rows in contents),
        )
        part_of[group] = part
        for s, rows in contents:
            shortage[part][s] -= rows
    _fill_up(part_of, group_sizes, np.minimum(sizes, 1) if fewest is None else np.array(fewest))
    return part_of[group_of_row]


def _rows_by_stratum(group_of_row: IntArray, strata: IntArray) -> list[list[tuple[int, int]]]:
    """For each group, its strata with their numbers of rows."""
    strata_count = int(strata.max()) + 1
    pairs, rows = np.unique(group_of_row * strata_count + strata, return_counts=True)
    rows_by_stratum: list[list[tuple[int, int]]] = [[] for _ in range(int(group_of_row.max()) + 1)]
    for pair, count in zip(pairs.tolist(), rows.tolist(), strict=True):
        rows_by_stratum[pair // strata_count].append((pair % strata_count, count))
    return rows_by_stratum


def _fill_up(part_of: IntArray, group_sizes: IntArray, fewest: IntArray) -> None:
    """Move the smallest groups of the parts with the most to spare into parts with too few groups."""
    for part, count in enumerate(fewest.tolist()):
        while np.count_nonzero(part_of == part) < count:
            richest = int((np.bincount(part_of, minlength=len(fewest)) - fewest).argmax())
            candidates = np.flatnonzero(part_of == richest)
            part_of[candidates[group_sizes[candidates].argmin()]] = part

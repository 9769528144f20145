"""Divides groups of rows, such as a patient's, among the parts: a group is never in two of them."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import IntArray


def divide_groups(
    groups: IntArray, labels: IntArray, sizes: IntArray, *, rng: np.random.Generator
) -> IntArray:
    """Return (n,) the part of each of n rows with these groups and labels; `sizes` (P,) are the rows wanted.

    Large groups come first, and those of a size in the order that `rng` draws. Each goes to the part that
    misses most of what it has: of a class's rows, as a share of the class's, and of all rows alike. So parts
    come near the wanted sizes and proportions, and exactly where all groups are single rows of one class.
    Each part with a size above 0 gets a group at least; there must be as many.
    """
    _, of_row = np.unique(groups, return_inverse=True)
    held = _rows_by_class(of_row, labels)
    classes = int(labels.max()) + 1
    totals = np.append(np.bincount(labels, minlength=classes), len(labels)).astype(np.float64)
    weights = [1.0 / max(total, 1.0) ** 2 for total in totals.tolist()]
    wanted = [[total * size / len(labels) for total in totals.tolist()] for size in sizes.tolist()]
    drawn = rng.permutation(len(held))
    counts = np.array([sum(rows for _, rows in classes_of) for classes_of in held])
    part_of = np.zeros(len(held), np.int16)
    open_parts = [part for part, size in enumerate(sizes.tolist()) if size]
    for group in drawn[np.argsort(-counts[drawn], kind="stable")].tolist():
        contents = [*held[group], (classes, int(counts[group]))]
        part = max(
            open_parts,
            key=lambda part: sum(weights[c] * rows * (2 * wanted[part][c] - rows) for c, rows in contents),
        )
        part_of[group] = part
        for c, rows in contents:
            wanted[part][c] -= rows
    _fill_empty(part_of, counts, open_parts)
    return part_of[of_row]


def _rows_by_class(of_row: IntArray, labels: IntArray) -> list[list[tuple[int, int]]]:
    """For each group its classes, each with the number of rows."""
    classes = int(labels.max()) + 1
    pairs, rows = np.unique(of_row * classes + labels, return_counts=True)
    held: list[list[tuple[int, int]]] = [[] for _ in range(int(of_row.max()) + 1)]
    for pair, count in zip(pairs.tolist(), rows.tolist(), strict=True):
        held[pair // classes].append((pair % classes, count))
    return held


def _fill_empty(part_of: IntArray, counts: IntArray, parts: list[int]) -> None:
    """Give each part without a group the smallest one of the part that has most."""
    for part in parts:
        if not (part_of == part).any():
            richest = int(np.bincount(part_of).argmax())
            candidates = np.flatnonzero(part_of == richest)
            part_of[candidates[counts[candidates].argmin()]] = part

"""Folds for cross-validation: the rows divided into parts of one size, again and again.

A division follows from the experiment's seed, the labels, the groups and the number of folds alone, so that
every configuration of an experiment is judged on the same folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray
from fnnctl.data.splits.groups import divide_groups
from fnnctl.data.splits.parts import VALIDATION, stratified_parts

FOLDS_PURPOSE = int.from_bytes(b"folds", "big")
HELD_OUT_PURPOSE = int.from_bytes(b"held out", "big")


@dataclass(frozen=True, slots=True)
class Folds:
    """N rows divided into `count` folds, several times; both are counted from 0, and from 1 in files."""

    count: int
    assignment: npt.NDArray[np.int32]
    """(repeats, N) the fold in which each row is tested."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each repeat and fold, in order."""
        return ((repeat, fold) for repeat in range(len(self.assignment)) for fold in range(self.count))

    def __len__(self) -> int:
        return len(self.assignment) * self.count

    def test_rows(self, repeat: int, fold: int) -> IntArray:
        """The rows that the fold is judged on, sorted."""
        return np.flatnonzero(self.assignment[repeat] == fold)

    def other_rows(self, repeat: int, fold: int) -> IntArray:
        """The rows that it may learn from, sorted."""
        return np.flatnonzero(self.assignment[repeat] != fold)


def divide(
    labels: IntArray,
    *,
    folds: int,
    repeats: int,
    stratify: bool,
    seed: int,
    groups: IntArray | None = None,
) -> Folds:
    """Divide N rows with `labels` (N,) into folds, `repeats` times, none of them empty.

    Sizes differ by one at most, and, stratified, so do the numbers of each class's rows in the folds. With
    `groups` (N,) the rows of a group stand in one fold, and sizes and classes are as even as a greedy choice
    makes them. ValueError where there are fewer rows, or groups, than folds.
    """
    if most_folds(labels, groups) < folds:
        raise ValueError(f"{most_folds(labels, groups)} rows or groups cannot be divided into {folds} folds")
    assignment = np.empty((repeats, len(labels)), np.int32)
    for repeat in range(repeats):
        rng = np.random.default_rng(np.random.SeedSequence((seed, FOLDS_PURPOSE, repeat)))
        if groups is None:
            assignment[repeat] = _dealt(labels, folds, stratify, rng)
        else:
            alike = labels if stratify else np.zeros_like(labels)
            sizes = np.bincount(np.arange(len(labels)) % folds)
            assignment[repeat] = divide_groups(groups, alike, sizes, rng=rng)
    return Folds(folds, assignment)


def most_folds(labels: IntArray, groups: IntArray | None) -> int:
    """Into how many folds the rows can be divided."""
    return len(labels) if groups is None else len(np.unique(groups))


def hold_out(
    labels: IntArray,
    share: float,
    *,
    stratify: bool,
    seed: int,
    repeat: int,
    fold: int,
    groups: IntArray | None = None,
) -> npt.NDArray[np.bool_]:
    """Which of a fold's n rows to learn from are set apart for validation, (n,).

    They are round(share·n) rows, and one at least if the share is not 0; all but one at most. Stratified,
    they are divided among the classes in proportion, and each class keeps a row to be learned: one that has a
    single row here is not watched, and where all have, none is set apart. With `groups` (n,) whole groups are
    set apart, and there may be fewer rows or more. ValueError where less than two rows, or groups, are to be
    divided.
    """
    rows = len(labels)
    held = np.zeros(rows, np.bool_)
    if share == 0:
        return held
    if most_folds(labels, groups) < 2:
        raise ValueError("a single row or group cannot be divided")
    rng = np.random.default_rng(np.random.SeedSequence((seed, HELD_OUT_PURPOSE, repeat, fold)))
    size = min(max(1, round(share * rows)), rows - 1)
    if groups is not None:
        alike = labels if stratify else np.zeros_like(labels)
        return np.asarray(divide_groups(groups, alike, np.array([rows - size, size]), rng=rng) == VALIDATION)
    if stratify:
        counts = np.bincount(labels)
        size = min(size, int(np.maximum(counts - 1, 0).sum()))
        return np.asarray(stratified_parts(labels, counts, size, 0, rng) == VALIDATION)
    held[rng.permutation(rows)[:size]] = True
    return held


def _dealt(labels: IntArray, folds: int, stratify: bool, rng: np.random.Generator) -> IntArray:
    """Deal the rows out like cards, class after class, so that all differences are one at most: (N,)."""
    order = rng.permutation(len(labels))
    if stratify:
        rank_of_class = rng.permutation(int(labels.max()) + 1)
        order = order[np.argsort(rank_of_class[labels[order]], kind="stable")]
    assigned = np.empty(len(labels), np.int32)
    assigned[order] = rng.permutation(folds)[np.arange(len(labels)) % folds]
    return assigned

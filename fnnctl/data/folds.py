"""Folds for cross-validation: the rows divided into parts of one size, again and again.

A division follows from the experiment's seed, the labels, the groups and the number of folds alone, so that
every configuration of an experiment is judged on the same folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits import apportion

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
            shares = np.full(folds, 1 / folds)
            assignment[repeat] = _grouped(labels, groups, shares, stratify, rng)
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
    single row here is not watched. With `groups` (n,) whole groups are set apart, and there may be fewer rows
    or more. ValueError where less than two rows, or groups, are to be divided.
    """
    rows = len(labels)
    held = np.zeros(rows, np.bool_)
    if share == 0:
        return held
    if most_folds(labels, groups) < 2:
        raise ValueError("a single row or group cannot be divided")
    rng = np.random.default_rng(np.random.SeedSequence((seed, HELD_OUT_PURPOSE, repeat, fold)))
    if groups is not None:
        return np.asarray(_grouped(labels, groups, np.array([1 - share, share]), stratify, rng) == 1)
    size = min(max(1, round(share * rows)), rows - 1)
    order = rng.permutation(rows)
    if not stratify:
        held[order[:size]] = True
        return held
    counts = np.bincount(labels)
    size = min(size, int(np.maximum(counts - 1, 0).sum()))
    shuffled = rng.permutation(len(counts))
    chosen = np.zeros_like(counts)
    chosen[shuffled] = apportion(size, counts[shuffled], counts[shuffled] - 1)
    order = order[np.argsort(labels[order], kind="stable")]
    of = labels[order]
    rank = np.arange(rows) - (np.cumsum(counts) - counts)[of]
    held[order[rank < chosen[of]]] = True
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


def _grouped(
    labels: IntArray, groups: IntArray, shares: FloatArray, stratify: bool, rng: np.random.Generator
) -> IntArray:
    """Give whole groups to parts that are to have these shares (parts,) of the rows, the largest first: (N,).

    A part of share s that would have the shares pᶜ of the classes' rows, and p of all rows, costs
    (Σ (pᶜ)² + p²)/s, which is least in sum where every pᶜ is s. Each group goes where the sum grows least.
    """
    _, of_group = np.unique(groups, return_inverse=True)
    kinds = labels if stratify else np.zeros_like(labels)
    counts = np.zeros((int(of_group.max()) + 1, int(kinds.max()) + 1))
    np.add.at(counts, (of_group, kinds), 1)
    sizes = counts.sum(axis=1)
    totals = np.append(counts.sum(axis=0), len(labels))
    weights = np.column_stack([counts, sizes]) / np.maximum(totals, 1)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-sizes[order], kind="stable")]
    given = np.zeros((len(shares), weights.shape[1]))
    part_of_group = np.empty(len(counts), np.int32)
    for group in order:
        growth = ((2 * given + weights[group]) * weights[group]).sum(axis=1) / shares
        part_of_group[group] = growth.argmin()
        given[part_of_group[group]] += weights[group]
    used = np.bincount(part_of_group, minlength=len(shares))
    if not used.all():  # of two parts with unlike shares the small one, which gets the smallest group
        part_of_group[order[-1]] = used.argmin()
    return part_of_group[of_group]

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.data.splits.folds import Folds, divide
from fnnctl.data.splits.parts import hold_out
from fnnctl.seeds import Purpose, stream

COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)
SEEDS = st.integers(0, 2**64 - 1)


def held_out(seed: int, repeat: int, fold: int) -> np.random.Generator:
    return stream(seed, Purpose.HELD_OUT, repeat, fold)


def labels_of(counts: list[int], seed: int) -> np.ndarray:
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed % 2**32).permutation(labels)


def counts_by_fold(folds: Folds, labels: np.ndarray, repeat: int) -> np.ndarray:
    tested = [labels[folds.test_rows(repeat, fold)] for fold in range(folds.count)]
    return np.array([np.bincount(rows, minlength=int(labels.max()) + 1) for rows in tested])


@given(counts=COUNTS, count=st.integers(2, 12), repeats=st.integers(1, 3), seed=SEEDS, stratify=st.booleans())
def test_folds_are_a_partition_as_even_as_can_be(
    counts: list[int], count: int, repeats: int, seed: int, stratify: bool
) -> None:
    labels = labels_of(counts, seed)
    assume(len(labels) >= count)
    folds = divide(labels, folds=count, repeats=repeats, stratify=stratify, seed=seed)
    assert len(folds) == len(list(folds)) == count * repeats
    for repeat in range(repeats):
        tested = [folds.test_rows(repeat, fold) for fold in range(count)]
        assert sorted(np.concatenate(tested)) == list(range(len(labels)))
        by_fold = counts_by_fold(folds, labels, repeat)
        sizes = by_fold.sum(axis=1)
        assert sizes.max() - sizes.min() <= 1
        if stratify:
            assert (by_fold.max(axis=0) - by_fold.min(axis=0)).max() <= 1


def test_worked_by_hand() -> None:
    """Classes of 6, 4 and 2 rows in 4 folds of three rows: 2, 2, 1, 1; 1, 1, 1, 1; and 0, 0, 1, 1."""
    labels = np.array([0] * 6 + [1] * 4 + [2] * 2)
    by_fold = counts_by_fold(divide(labels, folds=4, repeats=1, stratify=True, seed=0), labels, 0)
    assert sorted(by_fold.tolist()) == [[1, 1, 1], [1, 1, 1], [2, 1, 0], [2, 1, 0]]


def test_there_must_be_a_row_or_group_for_each_fold() -> None:
    groups = np.repeat(np.arange(3), 4)
    for labels, given_groups in ((np.zeros(3, np.intp), None), (np.zeros(12, np.intp), groups)):
        with pytest.raises(ValueError, match="cannot be divided"):
            divide(labels, folds=4, repeats=1, stratify=True, seed=0, groups=given_groups)


def test_seed_and_repeat_decide() -> None:
    labels = np.arange(40) % 3
    one, again, two = (
        divide(labels, folds=5, repeats=repeats, stratify=True, seed=seed).assignment
        for repeats, seed in ((2, 1), (7, 1), (2, 2))
    )
    np.testing.assert_array_equal(one, again[:2])
    assert (one != two).any()
    assert (one[0] != one[1]).any()


def test_unstratified_folds_do_not_follow_the_order_of_the_rows() -> None:
    folds = divide(np.zeros(1000, np.intp), folds=2, repeats=1, stratify=False, seed=3)
    assert abs(folds.test_rows(0, 0).mean() - 499.5) < 40  # four standard deviations of the mean of 500


@given(
    sizes=st.lists(st.integers(1, 9), min_size=6, max_size=30),
    count=st.integers(2, 6),
    seed=SEEDS,
    stratify=st.booleans(),
)
def test_groups_stay_together(sizes: list[int], count: int, seed: int, stratify: bool) -> None:
    groups = labels_of(sizes, seed)
    folds = divide(groups % 2, folds=count, repeats=1, stratify=stratify, seed=seed, groups=groups)
    tested = [folds.test_rows(0, fold) for fold in range(count)]
    assert all(len(rows) for rows in tested)
    assert sum(len(set(groups[rows])) for rows in tested) == len(sizes)


def test_grouped_folds_are_even_in_size_and_classes() -> None:
    """Twenty groups of ten rows, half of each class: four folds of five groups, two or three of a class."""
    groups = np.repeat(np.arange(20), 10)
    labels = groups % 2
    folds = divide(labels, folds=4, repeats=1, stratify=True, seed=5, groups=groups)
    by_fold = counts_by_fold(folds, labels, 0)
    assert by_fold.sum(axis=1).tolist() == [50] * 4
    assert set(by_fold.ravel().tolist()) <= {20, 30}


@given(
    groups_of=st.sampled_from([0, 1, 2, 5]),
    subset=st.booleans(),
    share=st.sampled_from([0.0, 0.15, 0.4]),
    stratify=st.booleans(),
    seed=SEEDS,
)
def test_the_parts_of_a_fold(groups_of: int, subset: bool, share: float, stratify: bool, seed: int) -> None:
    """Against a direct computation: parts of the divided rows, which are then mapped to all rows."""
    rng = np.random.default_rng(seed % 2**32)
    strata = rng.integers(0, 4, 90)
    groups = np.arange(90) // groups_of if groups_of else None
    known = np.sort(rng.permutation(90)[:70]) if subset else np.arange(90)
    of_known = None if groups is None else groups[known]
    folds = divide(strata[known], folds=5, repeats=2, stratify=True, seed=seed, groups=of_known)
    lazy = folds.folds(validation=share, stratify=stratify, seed=seed, rows=known if subset else None)
    assert [(fold.repeat, fold.number) for fold in lazy] == list(folds)
    for fold in lazy:
        rows = np.flatnonzero(folds.assignment[fold.repeat] != fold.number)
        of_rows = None if of_known is None else of_known[rows]
        rng = held_out(seed, fold.repeat, fold.number)
        held = hold_out(strata[known][rows], share, stratify=stratify, rng=rng, groups=of_rows)
        expected = rows[~held], rows[held], folds.test_rows(fold.repeat, fold.number)
        split = fold.split(strata, groups)
        for part, inner in zip(split.parts.values(), expected, strict=True):
            np.testing.assert_array_equal(part, known[inner])
        assert split.split(strata, groups) is split


def test_folds_of_one_repeat_share_its_array() -> None:
    folds = divide(np.zeros(40, np.intp), folds=4, repeats=2, stratify=True, seed=1)
    lazy = folds.folds(validation=0.2, stratify=True, seed=1)
    assert len({id(fold.assigned) for fold in lazy}) == 2
    assert np.shares_memory(lazy[0].assigned, folds.assignment)


def test_labels_are_folded_in_proportion() -> None:
    """A fifth of 60, 15 and 5 rows is 12, 3 and 1; sizes are those of other folds, and repeats differ."""
    labels = (
        np.random.default_rng(1).permuted(np.tile(np.arange(103), (3, 1)), axis=1) < [[60], [15], [5]]
    ).T
    folds = divide(labels.astype(np.int8), folds=5, repeats=2, stratify=True, seed=4)
    for repeat in range(2):
        tested = [folds.test_rows(repeat, fold) for fold in range(5)]
        assert [len(rows) for rows in tested] == [21, 21, 21, 20, 20]
        assert (np.abs([labels[rows].sum(axis=0) - [12, 3, 1] for rows in tested]) < 2).all()
    assert folds.assignment[0].tolist() != folds.assignment[1].tolist()


def test_unstratified_folds_do_not_read_the_labels() -> None:
    labels = np.random.default_rng(1).integers(0, 2, (40, 3))
    groups = np.arange(40) // 3
    for row_groups in (None, groups):
        of_labels, of_numbers = (
            divide(strata, folds=4, repeats=1, stratify=False, seed=4, groups=row_groups)
            for strata in (labels, np.zeros(40, np.intp))
        )
        assert of_labels.assignment.tolist() == of_numbers.assignment.tolist()

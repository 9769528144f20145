from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from fnnctl.arrays import FloatArray
from fnnctl.data.splits.folds import (
    Folds,
    ForwardFold,
    ForwardFolds,
    divide,
    fewest_values,
    hold_out,
    most_folds,
)
from fnnctl.data.splits.in_order import distinct
from fnnctl.seeds import Purpose, fold_seed, stream

COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=6)
SEEDS = st.integers(0, 2**64 - 1)


def held_out(seed: int, repeat: int, fold: int) -> np.random.Generator:
    return stream(seed, Purpose.HELD_OUT, repeat, fold)


def labels_of(counts: list[int], seed: int) -> np.ndarray:
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed % 2**32).permutation(labels)


def counts_by_fold(folds: Folds, labels: np.ndarray, repeat: int) -> np.ndarray:
    return np.array(
        [
            np.bincount(labels[folds.test_rows(repeat, fold)], minlength=int(labels.max()) + 1)
            for fold in range(folds.count)
        ]
    )


@given(counts=COUNTS, count=st.integers(2, 12), repeats=st.integers(1, 3), seed=SEEDS, stratify=st.booleans())
def test_folds_are_a_partition_as_even_as_can_be(
    counts: list[int], count: int, repeats: int, seed: int, stratify: bool
) -> None:
    labels = labels_of(counts, seed)
    if len(labels) < count:
        with pytest.raises(ValueError, match="cannot be divided"):
            divide(labels, folds=count, repeats=repeats, stratify=stratify, seed=seed)
        return
    folds = divide(labels, folds=count, repeats=repeats, stratify=stratify, seed=seed)
    assert len(folds) == len(list(folds)) == count * repeats
    for repeat in range(repeats):
        tested = [folds.test_rows(repeat, fold) for fold in range(count)]
        assert sorted(np.concatenate(tested)) == list(range(len(labels)))
        for fold, rows in enumerate(tested):
            others = folds.folds(validation=0, stratify=stratify, seed=seed)[repeat * count + fold]
            learned = others.split(labels, None).train
            assert set(rows) | set(learned) == set(range(len(labels)))
            assert len(rows) + len(learned) == len(labels)
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


def test_seed_and_repeat_decide() -> None:
    labels = np.arange(40) % 3
    first, again, other = (divide(labels, folds=5, repeats=2, stratify=True, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.assignment, again.assignment)
    assert (first.assignment != other.assignment).any()
    assert (first.assignment[0] != first.assignment[1]).any()
    more = divide(labels, folds=5, repeats=7, stratify=True, seed=1)
    np.testing.assert_array_equal(more.assignment[:2], first.assignment)


def test_unstratified_folds_do_not_follow_the_order_of_the_rows() -> None:
    folds = divide(np.zeros(1000, np.intp), folds=2, repeats=1, stratify=False, seed=3)
    first = folds.test_rows(0, 0)
    assert abs(first.mean() - 499.5) < 40  # four standard deviations of the mean of 500 of 1,000


@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=30),
    count=st.integers(2, 6),
    seed=SEEDS,
    stratify=st.booleans(),
)
def test_groups_stay_together(sizes: list[int], count: int, seed: int, stratify: bool) -> None:
    groups = np.random.default_rng(seed % 2**32).permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = groups % 2
    if len(sizes) < count:
        with pytest.raises(ValueError, match="cannot be divided"):
            divide(labels, folds=count, repeats=1, stratify=stratify, seed=seed, groups=groups)
        return
    folds = divide(labels, folds=count, repeats=1, stratify=stratify, seed=seed, groups=groups)
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


def test_most_folds() -> None:
    assert most_folds(np.zeros(7, np.intp), None) == 7
    assert most_folds(np.zeros(7, np.intp), np.array([3, 3, 1, 1, 1, 3, 9])) == 3


class TestHoldOut:
    @given(counts=COUNTS, share=st.floats(0.01, 0.9), seed=SEEDS, stratify=st.booleans())
    def test_size_and_what_stays(self, counts: list[int], share: float, seed: int, stratify: bool) -> None:
        labels = labels_of(counts, seed)
        n = len(labels)
        if n < 2:
            with pytest.raises(ValueError, match="cannot be divided"):
                hold_out(labels, share, stratify=stratify, rng=held_out(seed, 0, 0))
            return
        held = hold_out(labels, share, stratify=stratify, rng=held_out(seed, 0, 0))
        wanted = min(max(1, round(share * n)), n - 1)
        if stratify:
            assert held.sum() == min(wanted, n - len(counts))
            assert set(labels[~held]) == set(range(len(counts)))
        else:
            assert held.sum() == wanted

    def test_classes_in_proportion(self) -> None:
        # a fifth of 60, 30 and 10 rows
        labels = np.repeat(np.arange(3), [60, 30, 10])
        held = hold_out(labels, 0.2, stratify=True, rng=held_out(1, 0, 0))
        assert np.bincount(labels[held]).tolist() == [12, 6, 2]

    def test_nothing(self) -> None:
        assert not hold_out(np.zeros(1, np.intp), 0.0, stratify=True, rng=held_out(1, 0, 0)).any()

    def test_every_fold_draws_its_own(self) -> None:
        labels = np.zeros(50, np.intp)
        drawn = [
            hold_out(labels, 0.3, stratify=True, rng=held_out(1, repeat, fold)).tolist()
            for repeat in range(2)
            for fold in range(2)
        ]
        assert len({tuple(each) for each in drawn}) == 4
        again = hold_out(labels, 0.3, stratify=True, rng=held_out(1, 1, 0))
        assert again.tolist() == drawn[2]

    @given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=20), share=st.floats(0.05, 0.5), seed=SEEDS)
    def test_whole_groups(self, sizes: list[int], share: float, seed: int) -> None:
        groups = np.repeat(np.arange(len(sizes)), sizes)
        held = hold_out(groups % 2, share, stratify=True, rng=held_out(seed, 0, 0), groups=groups)
        assert 0 < held.sum() < len(groups)
        assert not set(groups[held]) & set(groups[~held])

    def test_groups_come_near_the_share(self) -> None:
        groups = np.repeat(np.arange(100), 3)
        held = hold_out(groups % 2, 0.2, stratify=True, rng=held_out(3, 0, 0), groups=groups)
        assert 54 <= held.sum() <= 66


class TestFold:
    """A fold's split against a direct computation: parts of the divided rows, then mapped to all rows."""

    @given(
        groups_of=st.sampled_from([0, 1, 2, 5]),
        subset=st.booleans(),
        share=st.sampled_from([0.0, 0.15, 0.4]),
        stratify=st.booleans(),
        seed=SEEDS,
    )
    def test_its_parts(self, groups_of: int, subset: bool, share: float, stratify: bool, seed: int) -> None:
        rng = np.random.default_rng(seed % 2**32)
        strata = rng.integers(0, 4, 90)
        groups = np.arange(90) // groups_of if groups_of else None
        known = np.sort(rng.permutation(90)[:70]) if subset else np.arange(90)
        of_known = None if groups is None else groups[known]
        folds = divide(strata[known], folds=5, repeats=2, stratify=True, seed=seed, groups=of_known)
        lazy = folds.folds(validation=share, stratify=stratify, seed=seed, rows=known if subset else None)
        assert [(fold.repeat, fold.number) for fold in lazy] == list(folds)
        for fold in lazy:
            repeat, number = fold.repeat, fold.number
            rows = np.flatnonzero(folds.assignment[repeat] != number)
            held = hold_out(
                strata[known][rows],
                share,
                stratify=stratify,
                rng=held_out(seed, repeat, number),
                groups=None if of_known is None else of_known[rows],
            )
            expected = rows[~held], rows[held], folds.test_rows(repeat, number)
            split = fold.split(strata, groups)
            for part, inner in zip(split.parts.values(), expected, strict=True):
                np.testing.assert_array_equal(part, known[inner])
            assert split.split(strata, groups) is split

    def test_folds_of_one_repeat_share_its_array(self) -> None:
        folds = divide(np.zeros(40, np.intp), folds=4, repeats=2, stratify=True, seed=1)
        lazy = folds.folds(validation=0.2, stratify=True, seed=1)
        assert len({id(fold.assigned) for fold in lazy}) == 2
        assert np.shares_memory(lazy[0].assigned, folds.assignment)


NO_STRATA = np.zeros(0, np.intp)


def made(
    order: FloatArray, folds: int, *, validation: float = 0.2, repeats: int = 1
) -> tuple[ForwardFolds, tuple[ForwardFold, ...]]:
    divided = ForwardFolds.of(order, folds=folds, repeats=repeats, validated=validation > 0)
    return divided, divided.folds(validation=validation, stratify=True, seed=3)


@given(
    values=st.lists(st.integers(0, 20), min_size=2, max_size=80),
    folds=st.integers(2, 6),
    validation=st.sampled_from([0.0, 0.15, 0.9]),
)
def test_no_fold_learns_from_the_future(values: list[int], folds: int, validation: float) -> None:
    order = np.array(values, float)
    if distinct(order) < fewest_values(folds, validated=validation > 0):
        with pytest.raises(ValueError, match="too few"):
            made(order, folds, validation=validation)
        return
    divided, found = made(order, folds, validation=validation)
    tested: list[int] = []
    for fold in found:
        split = fold.split(NO_STRATA, None)
        train, validated, test = (order[rows] for rows in split.parts.values())
        assert train.size
        assert test.size
        assert (validated.size > 0) == (validation > 0)
        assert train.max() < min(validated.min(initial=np.inf), test.min())
        assert validated.max(initial=-np.inf) < test.min()
        assert split.test.tolist() == divided.test_rows(0, fold.number).tolist()
        earlier = np.flatnonzero(order < test.min())
        assert split.known.tolist() == earlier.tolist()
        tested += split.test.tolist()
    first = np.flatnonzero(divided.assignment[0] == -1)
    assert sorted([*tested, *first]) == list(range(len(order)))


@given(folds=st.integers(2, 8), rows=st.integers(2, 9), seed=st.integers(0, 99))
def test_the_folds_are_those_of_scikit_learn(folds: int, rows: int, seed: int) -> None:
    count = (folds + 1) * rows
    place = np.random.default_rng(seed).permutation(count)
    _, found = made(place.astype(float), folds, validation=0.0)
    in_order = np.argsort(place)
    for fold, (train, test) in zip(found, TimeSeriesSplit(folds).split(in_order), strict=True):
        split = fold.split(NO_STRATA, None)
        assert split.train.tolist() == sorted(in_order[train].tolist())
        assert split.test.tolist() == sorted(in_order[test].tolist())


def test_repeats_have_the_same_rows_and_other_seeds() -> None:
    divided, found = made(np.arange(30.0), 4, repeats=3)
    assert [fold.key for fold in found] == list(divided) == [(r, k) for r in range(3) for k in range(4)]
    assert [fold.own_seed(5) for fold in found] == [fold_seed(5, *fold.key) for fold in found]
    for first, second in zip(found[:4], found[4:], strict=False):
        assert first.ends == second.ends
    assert len({id(fold.rows) for fold in found}) == 1
    assert len(pickle.dumps(found)) < 3 * found[0].rows.nbytes + 4000


def test_some_rows_can_be_divided() -> None:
    rows = np.array([3, 5, 8, 13, 21, 34])
    divided = ForwardFolds.of(np.array([6.0, 5, 4, 3, 2, 1]), folds=2, repeats=1, validated=True)
    first, second = divided.folds(validation=0.5, stratify=False, seed=0, rows=rows)
    assert [part.tolist() for part in first.split(NO_STRATA, None).parts.values()] == [[34], [21], [8, 13]]
    assert [part.tolist() for part in second.split(NO_STRATA, None).parts.values()] == [
        [21, 34], [8, 13], [3, 5],
    ]  # fmt: skip


def test_what_is_learned_is_counted_from_the_first_block_on() -> None:
    divided, _ = made(np.arange(6.0), 2, repeats=2)
    for tested, learned in divided.counts(np.array([0, 0, 0, 1, 1, 0]), 2):
        assert tested.tolist() == [[1, 1], [1, 1]]
        assert learned.tolist() == [[2, 0], [3, 1]]

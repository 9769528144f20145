from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.arrays import IntArray
from fnnctl.data.splits.bags import BaggedRows, member_rows
from fnnctl.data.splits.folds import divide
from fnnctl.data.splits.parts import Split
from tests.data.splits.test_folds import COUNTS, SEEDS, labels_of

Bags = list[tuple[IntArray, IntArray]]


def bags_of(strata: IntArray, members: int, seed: int, groups: IntArray | None = None) -> Bags:
    return member_rows(strata, members, rng=np.random.default_rng(seed), groups=groups)


@given(counts=COUNTS, members=st.integers(2, 12), seed=SEEDS)
def test_every_row_is_validated_by_one_member_or_learned_by_all(
    counts: list[int], members: int, seed: int
) -> None:
    """The folds and the rows that are left over keep the proportions of the classes."""
    strata = labels_of(counts, seed)
    rows = len(strata)
    assume(rows >= members)
    bags = bags_of(strata, members, seed)
    assert {len(validation) for _, validation in bags} == {rows // members}
    for train, validation in bags:
        assert sorted([*train, *validation]) == list(range(rows))
        assert (np.diff(train) > 0).all()
        assert (np.diff(validation) > 0).all()
    times_validated = np.bincount(np.concatenate([validation for _, validation in bags]), minlength=rows)
    assert np.count_nonzero(times_validated == 0) == rows % members
    assert times_validated.max() == 1
    by_fold = np.array([np.bincount(strata[validation], minlength=len(counts)) for _, validation in bags])
    assert (by_fold.max(axis=0) - by_fold.min(axis=0)).max() <= 1
    left_over = np.array(counts) - by_fold.sum(axis=0)
    assert (np.abs(left_over - rows % members * np.array(counts) / rows) < 1).all()


@given(sizes=st.lists(st.integers(1, 9), min_size=6, max_size=25), members=st.integers(2, 6), seed=SEEDS)
def test_no_member_learns_a_group_that_it_is_validated_on(sizes: list[int], members: int, seed: int) -> None:
    groups = labels_of(sizes, seed)
    bags = bags_of(np.arange(len(groups)) % 2, members, seed, groups)
    assert len({(len(train), len(validation)) for train, validation in bags}) == 1
    for train, validation in bags:
        assert len(train)
        assert len(validation)
        assert not {*groups[train]} & {*groups[validation]}
    validated = np.concatenate([groups[validation] for _, validation in bags])
    assert len({*validated}) == sum(len({*groups[validation]}) for _, validation in bags)


def test_there_must_be_a_row_or_group_for_each_member() -> None:
    groups = np.repeat(np.arange(3), 4)
    for strata, given_groups in ((np.zeros(3, np.intp), None), (np.zeros(12, np.intp), groups)):
        with pytest.raises(ValueError, match="3 rows or groups cannot be divided into 4 folds"):
            bags_of(strata, 4, 0, given_groups)


@pytest.mark.parametrize(
    ("sizes", "learned", "validated"),
    [
        ([2] * 6, 8, 4),  # two groups for each of the three folds
        ([5, 2, 1], 3, 1),  # the groups are the folds: training parts of 8 - 5 rows, validation parts of 1
    ],
)
def test_only_surplus_rows_of_unequal_groups_are_left_out(
    sizes: list[int], learned: int, validated: int
) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    for train, validation in bags_of(np.zeros(len(groups), np.intp), 3, 0, groups):
        assert (len(train), len(validation)) == (learned, validated)


def test_the_training_and_the_validation_part_are_divided_anew_and_the_test_part_is_kept() -> None:
    split = Split(np.array([0, 2, 3, 7]), np.array([1, 5]), np.array([4, 6]))
    strata = np.zeros(8, np.intp)
    bagged = BaggedRows(split, 4, stratify=True, seed=3)
    parts, bags = bagged.split(strata, None), bagged.bags(strata, None)
    assert parts.train.tolist() == [0, 1, 2, 3, 5, 7]
    assert parts.validation.tolist() == sorted(row for bag in bags for row in bag.validation.tolist())
    assert len(parts.validation) == 4
    assert all(bag.test.tolist() == parts.test.tolist() == [4, 6] for bag in bags)
    learned = [
        [bag.train.tolist() for bag in BaggedRows(split, 4, stratify=True, seed=seed).bags(strata, None)]
        for seed in (3, 4)
    ]
    assert learned[0] == [bag.train.tolist() for bag in bags] != learned[1]


def test_folds_of_a_cross_validation_have_bags_of_their_own() -> None:
    strata = np.arange(40) % 2
    folds = divide(strata, folds=2, repeats=2, stratify=True, seed=1)
    found = set()
    for fold in folds.folds(validation=0.0, stratify=True, seed=1):
        bagged = BaggedRows(fold, 4, stratify=True, seed=1)
        assert (bagged.key, bagged.network_seed(9)) == (fold.key, fold.network_seed(9))
        tested = fold.split(strata, None).test
        for bag in bagged.bags(strata, None):
            assert not {*bag.train} & {*tested}
            found.add(bag.validation.tobytes())
    assert len(found) == 4 * 4


def test_computed_bags_are_the_same_and_recomputed_after_pickling() -> None:
    bagged = BaggedRows(Split(np.arange(40), np.arange(40, 50), np.arange(50, 60)), 4, True, 3)
    strata = np.arange(60) % 3
    computed = bagged.computed(strata, None)
    again = pickle.loads(pickle.dumps(computed))
    assert type(again) is BaggedRows
    for rows in (computed, again):
        for parts, same in zip(
            (rows.split(strata, None), *rows.bags(strata, None)),
            (bagged.split(strata, None), *bagged.bags(strata, None)),
            strict=True,
        ):
            assert all(np.array_equal(parts.parts[part], same.parts[part]) for part in same.parts)
    assert computed.computed(strata, None) is computed

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.arrays import BoolArray, IntArray
from fnnctl.data.splits.bags import BaggedRows, member_rows
from fnnctl.data.splits.folds import divide
from fnnctl.data.splits.parts import Split
from fnnctl.data.splits.seen_rows import SeenRows
from tests.data.splits.test_folds import COUNTS, SEEDS, labels_of

Bags = list[tuple[IntArray, IntArray]]


def bags_of(strata: IntArray, members: int, seed: int, groups: IntArray | None = None) -> Bags:
    return member_rows(strata, members, rng=np.random.default_rng(seed), groups=groups)


@given(counts=COUNTS, members=st.integers(2, 12), seed=SEEDS)
def test_every_row_is_validated_by_one_member_or_trained_on_by_all(
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


def marks(rows: int, *members: list[int]) -> BoolArray:
    """The rows of each member, (members, rows)."""
    return np.array([np.isin(np.arange(rows), member) for member in members])


def bags_after(trained: BoolArray, seed: int = 0, groups: IntArray | None = None) -> list[list[list[int]]]:
    """The training and validation rows of each member that was trained before."""
    members, rows = trained.shape
    bags = member_rows(
        np.zeros(rows, np.intp), members, rng=np.random.default_rng(seed), groups=groups, trained=trained
    )
    return [[train.tolist(), validation.tolist()] for train, validation in bags]


def test_an_old_row_keeps_the_bag_of_the_member_that_has_not_seen_it() -> None:
    trained = marks(7, [2, 3, 4, 5, 6], [0, 1, 4, 5, 6], [0, 1, 2, 3, 6])  # all have seen the last row
    expected = [[[2, 3, 4, 5, 6], [0, 1]], [[0, 1, 4, 5, 6], [2, 3]], [[0, 1, 2, 3, 6], [4, 5]]]
    assert bags_after(trained) == expected


def test_new_rows_are_dealt_to_all_members() -> None:
    trained = marks(8, [1, 2, 6, 7], [0, 2, 6, 7], [0, 1, 6, 7])  # three old rows, three new ones, two of all
    bags = bags_after(trained)
    assert [validation[0] for _, validation in bags] == [0, 1, 2]
    assert sorted(validation[1] for _, validation in bags) == [3, 4, 5]
    for train, validation in bags:
        assert sorted([*train, *validation]) == [*range(8)]
    assert len({str(bags_after(trained, seed)) for seed in range(20)}) == 6


def test_folds_that_differ_are_cut_to_the_smallest() -> None:
    trained = marks(5, [3, 4], [0, 1, 2])
    (train_0, validation_0), (train_1, validation_1) = bags_after(trained)
    assert (len(validation_0), len(train_0), train_0) == (2, 2, [3, 4])
    assert set(validation_0) < {0, 1, 2}
    assert (validation_1, len(train_1)) == ([3, 4], 2)


def test_a_row_that_several_members_have_not_seen_is_in_the_bag_of_one() -> None:
    trained = marks(4, [1, 2, 3], [0, 2], [0, 1])  # row 3 is new to the second and the third member
    bags = {str([validation for _, validation in bags_after(trained, seed)]) for seed in range(30)}
    assert bags == {"[[0], [1], [2]]", "[[0], [1], [3]]", "[[0], [3], [2]]"}


def test_old_groups_keep_their_bags_as_a_whole() -> None:
    groups = np.repeat(np.arange(6), 2)
    trained = np.repeat(marks(6, [1, 4, 5], [0, 4, 5]), 2, axis=1)  # groups 0 and 1 are old, 2 and 3 are new
    for seed in range(5):
        bags = bags_after(trained, seed, groups)
        assert [validation[:2] for _, validation in bags] == [[0, 1], [2, 3]]
        assert sorted(validation[2:] for _, validation in bags) == [[4, 5], [6, 7]]


def test_without_unseen_rows_there_is_no_validation() -> None:
    assert bags_after(marks(2, [0, 1], [0, 1])) == [[[0, 1], []], [[0, 1], []]]


@given(members=st.integers(2, 5), rows=st.integers(5, 40), seed=SEEDS, grouped=st.booleans())
def test_no_member_is_validated_on_what_it_was_trained_on(
    members: int, rows: int, seed: int, grouped: bool
) -> None:
    rng = np.random.default_rng(seed)
    unit_of = rng.integers(0, 8, rows) if grouped else np.arange(rows)
    assume(len({*unit_of.tolist()}) >= members)
    units = max(8, rows)
    trained = (rng.random((members, units)) < rng.random(units))[:, unit_of]
    trained[:, rng.random(units)[unit_of] < 0.4] = False
    bags = bags_after(trained, seed, unit_of if grouped else None)
    assert len({(len(train), len(validation)) for train, validation in bags}) == 1
    for member, (train, validation) in enumerate(bags):
        assert not trained[member, validation].any()
        assert not {*train} & {*validation}
        assert not {*unit_of[train]} & {*unit_of[validation]}
    validated = [row for _, validation in bags for row in validation]
    assert len({*validated}) == len(validated)
    assert bags == bags_after(trained, seed, unit_of if grouped else None)


def test_bags_travel_with_what_was_seen() -> None:
    seen = SeenRows(np.arange(8) < 4, marks(8, [0, 1], [2, 3]))
    rows = BaggedRows(Split(np.arange(7), np.arange(0), np.array([7])), 2, False, 3, seen)
    strata = np.zeros(8, np.intp)
    computed = rows.computed(strata, None)
    assert not {0, 1} & {*computed.of_members[0].validation.tolist()}
    again = pickle.loads(pickle.dumps(computed)).bags(strata, None)
    for bag, expected in zip(again, computed.of_members, strict=True):
        np.testing.assert_array_equal(bag.validation, expected.validation)
        np.testing.assert_array_equal(bag.train, expected.train)


@given(rows=st.integers(2, 80), members=st.integers(2, 7), seed=st.integers(0, 10_000))
def test_bags_of_labels_are_as_large_as_others_and_in_proportion(rows: int, members: int, seed: int) -> None:
    assume(rows >= members)
    labels = (np.random.default_rng(seed).random((rows, 3)) < [0.6, 0.2, 0.05]).astype(np.int8)
    bags = bags_of(labels, members, seed)
    assert {len(validation) for _, validation in bags} == {rows // members}
    for train, validation in bags:
        assert sorted([*train, *validation]) == list(range(rows))
        share = labels.sum(axis=0) * (rows // members) / rows
        assert (np.abs(labels[validation].sum(axis=0) - share) < 2).all()


def test_new_rows_with_labels_are_dealt_to_all_members() -> None:
    """Fewer new rows than members are training rows of all; no row that a member has seen is in its bag."""
    labels = np.random.default_rng(0).integers(0, 2, (12, 3))
    for new in (2, 6):
        trained = np.arange(12) < np.full((3, 1), 12 - new)
        bags = member_rows(labels, 3, rng=np.random.default_rng(1), trained=trained)
        assert [len(validation) for _, validation in bags] == [new // 3] * 3
        assert all((validation >= 12 - new).all() for _, validation in bags)

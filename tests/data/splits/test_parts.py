from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.splits.parts import Split, apportion, hold_out, split_rows
from fnnctl.errors import DataError
from fnnctl.seeds import Purpose, stream

SEEDS = st.integers(0, 2**64 - 1)


def names(count: int) -> tuple[str, ...]:
    return tuple(f"k{i}" for i in range(count))


def split(labels: list[int], validation: float, test: float, **more: int | bool) -> Split:
    stratify = bool(more.pop("stratify", True))
    config = SplitConfig(validation=validation, test=test, stratify=stratify)
    seed, test_rows = more.get("seed", 7), more.get("test_rows", 0)
    return split_rows(np.array(labels), names(max(labels) + 1), config, seed=seed, test_rows=test_rows)


def sizes(parts: Split) -> tuple[int, int, int]:
    return len(parts.train), len(parts.validation), len(parts.test)


class TestApportion:
    def test_the_largest_remainders_get_what_is_left(self) -> None:
        # quotas 4.7, 3.2, 2.1
        assert apportion(10, np.array([47, 32, 21]), np.array([46, 31, 20])).tolist() == [5, 3, 2]

    def test_each_class_gets_one_where_there_are_enough(self) -> None:
        # quotas 9.6, 0.2, 0.2
        assert apportion(10, np.array([96, 2, 2]), np.array([95, 1, 1])).tolist() == [8, 1, 1]
        assert apportion(2, np.array([96, 2, 2]), np.array([95, 1, 1])).tolist() == [2, 0, 0]

    def test_no_class_gives_more_than_it_has(self) -> None:
        assert apportion(5, np.array([4, 4, 4]), np.array([0, 3, 3])).tolist() in ([0, 3, 2], [0, 2, 3])
        assert apportion(1, np.array([2, 2]), np.array([-1, 1])).tolist() == [0, 1]


def test_worked_by_hand() -> None:
    # 10 rows: test round(2.0) = 2, validation round(3.0) = 3; classes of 6 and 4 rows
    parts = split([0] * 6 + [1] * 4, 0.3, 0.2)
    labels = np.array([0] * 6 + [1] * 4)
    assert sizes(parts) == (5, 3, 2)
    assert np.bincount(labels[parts.test]).tolist() == [1, 1]
    assert np.bincount(labels[parts.validation]).tolist() == [2, 1]
    assert np.bincount(labels[parts.train]).tolist() == [3, 2]


@pytest.mark.parametrize("stratify", [True, False])
def test_the_test_part_does_not_depend_on_the_validation_share(stratify: bool) -> None:
    labels = [0] * 50 + [1] * 9 + [2] * 4
    tests = [split(labels, share, 0.2, stratify=stratify).test.tolist() for share in (0.0, 0.1, 0.5)]
    assert tests[0] == tests[1] == tests[2]


def test_the_seed_decides() -> None:
    labels = list(range(5)) * 20
    first, again, other = (split(labels, 0.2, 0.2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.test, again.test)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert first.test.tolist() != other.test.tolist()


@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=8),
    validation=st.floats(0, 0.4),
    test=st.floats(0, 0.4),
    seed=st.integers(0, 2**64 - 1),
    stratify=st.booleans(),
)
def test_parts_are_a_partition_of_exact_sizes(
    counts: list[int], validation: float, test: float, seed: int, stratify: bool
) -> None:
    labels = [c for c, count in enumerate(counts) for _ in range(count)]
    n = len(labels)
    expected = [max(1, round(share * n)) if share else 0 for share in (validation, test)]
    if n - sum(expected) < (len(counts) if stratify and any(expected) else 1):
        with pytest.raises(DataError, match="lower the shares, or add rows"):
            split(labels, validation, test, seed=seed, stratify=stratify)
        return
    parts = split(labels, validation, test, seed=seed, stratify=stratify)
    assert sizes(parts) == (n - sum(expected), *expected)
    assert sorted(np.concatenate([parts.train, parts.validation, parts.test])) == list(range(n))
    for part in (parts.train, parts.validation, parts.test):
        assert (np.diff(part) > 0).all()
    if stratify:
        assert np.bincount(np.array(labels)[parts.train], minlength=len(counts)).min() >= 1


@given(
    counts=st.lists(st.integers(20, 400), min_size=2, max_size=10),
    validation=st.floats(0.05, 0.4),
    test=st.floats(0.05, 0.4),
)
def test_classes_keep_their_proportions(counts: list[int], validation: float, test: float) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    parts = split(labels.tolist(), validation, test)
    for part in (parts.test, parts.validation):
        quotas = len(part) * np.array(counts) / len(labels)
        assert np.abs(np.bincount(labels[part], minlength=len(counts)) - quotas).max() < 1 + 1e-9


def test_where_rows_are_scarce_the_test_part_comes_before_the_validation_part() -> None:
    labels = np.array([0] * 90 + [1] * 2 + [2] * 3)
    parts = split(labels.tolist(), 0.2, 0.2)
    assert np.bincount(labels[parts.test], minlength=3).tolist()[1:] == [1, 1]
    assert np.bincount(labels[parts.validation], minlength=3).tolist()[1:] == [0, 1]
    assert np.bincount(labels[parts.train], minlength=3).tolist()[1:] == [1, 1]


def test_a_thousand_classes_with_two_rows_each() -> None:
    labels = np.repeat(np.arange(1000), 2)
    parts = split(labels.tolist(), 0.15, 0.2)
    assert sizes(parts) == (1300, 300, 400)
    assert len(np.unique(labels[parts.train])) == 1000
    # the seed breaks ties, not the order of the classes
    assert len(np.unique(labels[parts.test])) == 400
    assert 300 < labels[parts.test].mean() < 700


def test_two_classes_with_two_rows_each() -> None:
    assert sizes(split([0, 0, 1, 1], 0.15, 0.2)) == (2, 1, 1)


def test_shares_of_zero_give_empty_parts() -> None:
    parts = split([0, 0, 1, 1], 0.0, 0.0)
    assert sizes(parts) == (4, 0, 0)
    assert sizes(split([0, 1], 0.0, 0.0)) == (2, 0, 0)


def test_a_test_file_is_the_test_part() -> None:
    parts = split([0, 1] * 10 + [1, 1, 0], 0.25, 0.9, test_rows=3)
    assert parts.test.tolist() == [20, 21, 22]
    assert sizes(parts) == (15, 5, 3)
    assert parts.validation.max() < 20


def test_a_class_of_one_row_in_the_test_file_only_is_no_obstacle() -> None:
    assert sizes(split([0, 0, 1, 1], 0.0, 0.5, test_rows=1)) == (3, 0, 1)


@pytest.mark.parametrize(("validation", "test"), [(0.2, 0.0), (0.0, 0.2)])
def test_a_class_with_a_single_row_cannot_be_divided(validation: float, test: float) -> None:
    with pytest.raises(DataError) as caught:
        split([0] * 10 + [1] + [2], validation, test)
    (problem,) = caught.value.problems
    assert problem.path == "data.split.stratify"
    assert problem.message.startswith("the classes 'k1', 'k2' have a single row, which cannot be divided")
    assert sizes(split([0] * 10 + [1] + [2], validation, test, stratify=False))[0] == 10


def test_many_numbers_of_which_some_have_a_single_row_may_be_no_classes() -> None:
    labels = np.array([*range(30), *range(25)])
    names = tuple(map(str, range(30)))
    with pytest.raises(
        DataError, match=r"are the target's 30 numbers classes\? If they are quantities, write"
    ):
        split_rows(labels, names, SplitConfig(validation=0.2, test=0.2), seed=0)
    with pytest.raises(DataError, match=r"which cannot be divided: add rows, leave the class out"):
        split_rows(labels, ("a", *names[1:]), SplitConfig(validation=0.2, test=0.2), seed=0)


@pytest.mark.parametrize(
    ("labels", "validation", "test", "stratify", "words"),
    [
        ([0, 1], 0.15, 0.2, False, "2 rows leave none for training (1 for validation, 1 for testing)"),
        (
            [0] * 5 + [1] * 5,
            0.4,
            0.59,
            False,
            "10 rows leave none for training (4 for validation, 6 for testing",
        ),
        ([0] * 5 + [1] * 5, 0.3, 0.59, True, "the training part would get 1 row for 2 strata (3 for valida"),
    ],
)
def test_too_few_rows(labels: list[int], validation: float, test: float, stratify: bool, words: str) -> None:
    with pytest.raises(DataError) as caught:
        split(labels, validation, test, stratify=stratify)
    (problem,) = caught.value.problems
    assert problem.path == "data.split"
    assert problem.message.startswith(words)


class TestInOrder:
    @given(
        values=st.lists(st.integers(0, 30), min_size=3, max_size=80),
        test=st.sampled_from([0.0, 0.1, 0.3]),
        validation=st.sampled_from([0.0, 0.1, 0.3]),
        test_rows=st.integers(0, 3),
    )
    def test_earlier_rows_are_learned_and_equal_values_stay_together(
        self, values: list[int], test: float, validation: float, test_rows: int
    ) -> None:
        order, strata = np.array([*values, *[np.nan] * test_rows]), np.zeros(len(values) + test_rows, int)
        config = SplitConfig(test=test, validation=validation, by="day")
        wants_test = test > 0 and not test_rows
        parts = 1 + wants_test + (validation > 0)
        if len(set(values)) < parts:
            with pytest.raises(DataError, match="values stay together") as caught:
                split_rows(strata, ["a"], config, seed=1, order=order, test_rows=test_rows)
            assert caught.value.problems[0].path == "data.split.by"
            return
        split = split_rows(strata, ["a"], config, seed=1, order=order, test_rows=test_rows)
        assert sorted(np.concatenate([*split.parts.values()])) == list(range(len(strata)))
        own_test = split.test if wants_test else split.test[:0]
        ends = [
            (order[rows].min(), order[rows].max())
            for rows in (split.train, split.validation, own_test)
            if rows.size
        ]
        assert len(ends) == parts
        assert all(before[1] < after[0] for before, after in pairwise(ends))
        if test_rows:
            assert split.test.tolist() == list(range(len(values), len(strata)))
        again = split_rows(strata, ["a"], config, seed=2, order=order, test_rows=test_rows)
        assert again.train.tolist() == split.train.tolist()
        other = config.model_copy(update={"validation": 0.0})
        without = split_rows(strata, ["a"], other, seed=1, order=order, test_rows=test_rows)
        assert without.test.tolist() == split.test.tolist()

    def test_the_strata_do_not_matter(self) -> None:
        order = np.arange(100.0)[::-1]
        strata = np.repeat([0, 1], [99, 1])  # a class with a single row is no problem
        split = split_rows(strata, ["a", "b"], SplitConfig(by="day"), seed=1, order=order)
        assert split.test.tolist() == list(range(20))
        assert split.validation.tolist() == list(range(20, 35))

    def test_one_value_cannot_be_divided(self) -> None:
        with pytest.raises(DataError) as caught:
            split_rows(np.zeros(9, int), ["a"], SplitConfig(by="day"), seed=1, order=np.ones(9))
        assert str(caught.value) == (
            "data.split.by: the column 'day' has the same value in all rows, but 3 parts need one each, for "
            "rows with equal values stay together: name another column, or set a share to 0"
        )


def held_out(seed: int, repeat: int, fold: int) -> np.random.Generator:
    return stream(seed, Purpose.HELD_OUT, repeat, fold)


class TestHoldOut:
    @given(
        counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
        share=st.floats(0.01, 0.9),
        seed=SEEDS,
        stratify=st.booleans(),
    )
    def test_size_and_what_stays(self, counts: list[int], share: float, seed: int, stratify: bool) -> None:
        labels = np.random.default_rng(seed % 2**32).permutation(np.repeat(np.arange(len(counts)), counts))
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

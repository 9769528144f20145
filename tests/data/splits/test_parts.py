from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.splits.parts import Split, apportion, hold_out, split_rows
from fnnctl.errors import DataError
from tests.data.splits.test_folds import COUNTS, SEEDS, held_out, labels_of
from tests.messages import Messages


def split(
    labels: list[int],
    validation: float,
    test: float,
    *,
    stratify: bool = True,
    seed: int = 7,
    test_rows: int = 0,
) -> Split:
    config = SplitConfig(validation=validation, test=test, stratify=stratify)
    names = tuple(f"k{number}" for number in range(max(labels) + 1))
    return split_rows(np.array(labels), names, config, seed=seed, test_rows=test_rows)


def sizes(parts: Split) -> tuple[int, int, int]:
    return len(parts.train), len(parts.validation), len(parts.test)


@pytest.mark.parametrize(
    ("rows", "shares", "most", "expected"),
    [
        (10, [47, 32, 21], [46, 31, 20], [5, 3, 2]),  # 4.7, 3.2, 2.1: the largest remainder gets what is left
        (10, [96, 2, 2], [95, 1, 1], [8, 1, 1]),  # 9.6, 0.2, 0.2: each gets one
        (2, [96, 2, 2], [95, 1, 1], [2, 0, 0]),  # where there are enough
        (4, [4, 4], [1, 3], [1, 3]),  # none gives more than it has
        (1, [2, 2], [-1, 1], [0, 1]),
    ],
)
def test_rows_are_apportioned_to_classes(
    rows: int, shares: list[int], most: list[int], expected: list[int]
) -> None:
    assert apportion(rows, np.array(shares), np.array(most)).tolist() == expected


def test_worked_by_hand() -> None:
    """10 rows: test round(2.0) = 2, validation round(3.0) = 3; classes of 6 and 4 rows."""
    labels = np.array([0] * 6 + [1] * 4)
    parts = split(labels.tolist(), 0.3, 0.2).parts.values()
    assert [np.bincount(labels[rows]).tolist() for rows in parts] == [[3, 2], [2, 1], [1, 1]]


@pytest.mark.parametrize("stratify", [True, False])
def test_the_seed_alone_decides_about_the_test_part(stratify: bool) -> None:
    """Not the validation share, without which a search's winner is trained."""
    labels = [0] * 50 + [1] * 9 + [2] * 4
    tests = [
        split(labels, share, 0.2, stratify=stratify, seed=seed).test.tolist()
        for share, seed in ((0.0, 1), (0.1, 1), (0.5, 1), (0.1, 2))
    ]
    assert tests[0] == tests[1] == tests[2] != tests[3]


@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=8),
    validation=st.floats(0, 0.4),
    test=st.floats(0, 0.4),
    seed=SEEDS,
    stratify=st.booleans(),
)
def test_parts_are_a_partition_of_exact_sizes(
    counts: list[int], validation: float, test: float, seed: int, stratify: bool
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels)
    expected = [max(1, round(share * n)) if share else 0 for share in (validation, test)]
    assume(n - sum(expected) >= len(counts))
    parts = split(labels.tolist(), validation, test, seed=seed, stratify=stratify)
    assert sizes(parts) == (n - sum(expected), *expected)
    assert sorted(np.concatenate([*parts.parts.values()])) == list(range(n))
    for part in parts.parts.values():
        assert (np.diff(part) > 0).all()
    if stratify:
        assert np.bincount(labels[parts.train], minlength=len(counts)).min() >= 1


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
    parts = split(labels.tolist(), 0.2, 0.2).parts.values()
    counts = [np.bincount(labels[rows], minlength=3).tolist()[1:] for rows in parts]
    assert counts == [[1, 1], [0, 1], [1, 1]]


def test_many_classes_with_two_rows_each() -> None:
    """The seed breaks ties, not the order of the classes."""
    labels = np.repeat(np.arange(200), 2)
    parts = split(labels.tolist(), 0.15, 0.2)
    assert sizes(parts) == (260, 60, 80)
    assert len(np.unique(labels[parts.train])) == 200
    assert len(np.unique(labels[parts.test])) == 80
    assert 60 < labels[parts.test].mean() < 140


def test_a_test_file_is_the_test_part() -> None:
    parts = split([0, 1] * 10 + [1, 1, 0], 0.25, 0.9, test_rows=3)
    assert parts.test.tolist() == [20, 21, 22]
    assert sizes(parts) == (15, 5, 3)
    assert parts.validation.max() < 20
    # a class with a single row in that file is no obstacle
    assert sizes(split([0, 0, 1, 1], 0.0, 0.5, test_rows=1)) == (3, 0, 1)


@pytest.mark.parametrize(("validation", "test"), [(0.2, 0.0), (0.0, 0.2)])
def test_a_class_with_a_single_row_cannot_be_divided(
    messages: Messages, validation: float, test: float
) -> None:
    with pytest.raises(DataError) as error:
        split([0] * 10 + [1] + [2], validation, test)
    messages.check(error.value)
    assert sizes(split([0] * 10 + [1] + [2], validation, test, stratify=False))[0] == 10


def test_many_numbers_of_which_some_have_a_single_row_may_be_no_classes(messages: Messages) -> None:
    labels = np.array([*range(30), *range(25)])
    numbers = tuple(map(str, range(30)))
    for names in (numbers, ("a", *numbers[1:])):
        with pytest.raises(DataError) as error:
            split_rows(labels, names, SplitConfig(validation=0.2, test=0.2), seed=0)
        messages.check(error.value)


def test_strata_of_one_of_several_targets_are_named_by_it(messages: Messages) -> None:
    """Rows without the target are a stratum, too."""
    for names in (("a", "b", "c"), (*map(str, range(29)), "no price")):
        labels = np.array([0, *range(len(names)), len(names) - 1])
        with pytest.raises(DataError) as error:
            split_rows(labels, names, SplitConfig(validation=0.2, test=0.2), seed=0, target="price")
        messages.check(error.value)


@pytest.mark.parametrize(
    ("labels", "validation", "test", "stratify"),
    [([0, 1], 0.15, 0.2, False), ([0] * 5 + [1] * 5, 0.4, 0.59, False), ([0] * 5 + [1] * 5, 0.3, 0.59, True)],
)
def test_too_few_rows(
    messages: Messages, labels: list[int], validation: float, test: float, stratify: bool
) -> None:
    with pytest.raises(DataError) as error:
        split(labels, validation, test, stratify=stratify)
    messages.check(error.value)


@given(
    values=st.lists(st.integers(0, 30), min_size=3, max_size=80).filter(lambda values: len({*values}) > 2),
    test=st.sampled_from([0.0, 0.1, 0.3]),
    validation=st.sampled_from([0.0, 0.1, 0.3]),
    test_rows=st.integers(0, 3),
)
def test_earlier_rows_are_learned_and_equal_values_stay_together(
    values: list[int], test: float, validation: float, test_rows: int
) -> None:
    order, strata = np.array([*values, *[np.nan] * test_rows]), np.zeros(len(values) + test_rows, int)
    config = SplitConfig(test=test, validation=validation, by="day")
    wants_test = test > 0 and not test_rows
    split = split_rows(strata, ["a"], config, seed=1, order=order, test_rows=test_rows)
    assert sorted(np.concatenate([*split.parts.values()])) == list(range(len(strata)))
    own_test = split.test if wants_test else split.test[:0]
    values_of = [order[rows] for rows in (split.train, split.validation, own_test) if rows.size]
    assert len(values_of) == 1 + wants_test + (validation > 0)
    assert all(earlier.max() < later.min() for earlier, later in pairwise(values_of))
    if test_rows:
        assert split.test.tolist() == list(range(len(values), len(strata)))
    again = split_rows(strata, ["a"], config, seed=2, order=order, test_rows=test_rows)
    assert again.train.tolist() == split.train.tolist()
    without = config.model_copy(update={"validation": 0.0})
    refit = split_rows(strata, ["a"], without, seed=1, order=order, test_rows=test_rows)
    assert refit.test.tolist() == split.test.tolist()


def test_the_strata_do_not_matter_in_an_order() -> None:
    order = np.arange(100.0)[::-1]
    strata = np.repeat([0, 1], [99, 1])  # a class with a single row is no problem
    split = split_rows(strata, ["a", "b"], SplitConfig(by="day"), seed=1, order=order)
    assert split.test.tolist() == list(range(20))
    assert split.validation.tolist() == list(range(20, 35))


def test_too_few_values_of_an_order_cannot_be_divided(messages: Messages) -> None:
    for order in (np.ones(9), np.arange(9.0) // 5):
        with pytest.raises(DataError) as error:
            split_rows(np.zeros(9, int), ["a"], SplitConfig(by="day"), seed=1, order=order)
        messages.check(error.value)


@given(counts=COUNTS, share=st.floats(0.01, 0.9), seed=SEEDS, stratify=st.booleans())
def test_a_share_is_held_out_and_every_class_stays(
    counts: list[int], share: float, seed: int, stratify: bool
) -> None:
    labels = labels_of(counts, seed)
    n = len(labels)
    assume(n > 1)
    held = hold_out(labels, share, stratify=stratify, rng=held_out(seed, 0, 0))
    wanted = min(max(1, round(share * n)), n - 1)
    assert held.sum() == (min(wanted, n - len(counts)) if stratify else wanted)
    if stratify:
        assert set(labels[~held]) == set(range(len(counts)))


def test_classes_are_held_out_in_proportion() -> None:
    """A fifth of 60, 30 and 10 rows."""
    labels = np.repeat(np.arange(3), [60, 30, 10])
    held = hold_out(labels, 0.2, stratify=True, rng=held_out(1, 0, 0))
    assert np.bincount(labels[held]).tolist() == [12, 6, 2]


def test_a_row_alone_cannot_be_held_out() -> None:
    row = np.zeros(1, np.intp)
    assert not hold_out(row, 0.0, stratify=True, rng=held_out(1, 0, 0)).any()
    with pytest.raises(ValueError, match="cannot be divided"):
        hold_out(row, 0.1, stratify=True, rng=held_out(1, 0, 0))


def test_every_fold_draws_its_own() -> None:
    folds = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 0)]
    drawn = [hold_out(np.zeros(50, np.intp), 0.3, stratify=True, rng=held_out(1, *fold)) for fold in folds]
    assert len({held.tobytes() for held in drawn}) == 4
    assert drawn[2].tolist() == drawn[4].tolist()


@given(sizes=st.lists(st.integers(1, 9), min_size=2, max_size=20), share=st.floats(0.05, 0.5), seed=SEEDS)
def test_whole_groups_are_held_out(sizes: list[int], share: float, seed: int) -> None:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    held = hold_out(groups % 2, share, stratify=True, rng=held_out(seed, 0, 0), groups=groups)
    assert 0 < held.sum() < len(groups)
    assert not set(groups[held]) & set(groups[~held])


def test_groups_come_near_the_share() -> None:
    groups = np.repeat(np.arange(100), 3)
    held = hold_out(groups % 2, 0.2, stratify=True, rng=held_out(3, 0, 0), groups=groups)
    assert 54 <= held.sum() <= 66


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("test_rows", [0, 40])
def test_labels_keep_their_proportions(grouped: bool, test_rows: int) -> None:
    """A label of a single row is no error; the test part does not depend on the validation share."""
    labels = (np.random.default_rng(3).random((240, 4)) < [0.5, 0.2, 0.1, 0.0]).astype(np.int8)
    labels[17, 3] = 1
    groups = np.arange(240) // 2 if grouped else None
    pool = 240 - test_rows

    def parts(**shares: float) -> Split:
        config = SplitConfig.model_validate(shares | {"test": 0.2})
        return split_rows(labels, list("abcd"), config, seed=5, test_rows=test_rows, groups=groups)

    divided = parts(validation=0.3)
    sizes_wanted = (140, 60, 40) if test_rows else (120, 72, 48)
    for rows, size in zip(divided.parts.values(), sizes_wanted, strict=True):
        assert abs(len(rows) - size) <= (1 if grouped else 0)
        if rows is not divided.test or not test_rows:
            assert (np.abs(labels[rows].sum(axis=0) - size * labels[:pool].sum(axis=0) / pool) < 4).all()
    assert 17 in divided.train
    assert parts(validation=0.0).test.tolist() == divided.test.tolist()
    assert sorted(np.concatenate([*divided.parts.values()])) == list(range(240))


def test_labels_are_held_out_in_proportion() -> None:
    """A quarter of 30 and 12 of 80 rows; of a single row nothing is left."""
    labels = np.stack([np.arange(80) < 30, np.arange(80) % 7 == 3], axis=1).astype(np.int8)
    is_held_out = hold_out(labels, 0.25, stratify=True, rng=held_out(1, 0, 0))
    assert is_held_out.sum() == 20
    assert (np.abs(labels[is_held_out].sum(axis=0) - labels.sum(axis=0) / 4) <= 1).all()
    at_random = hold_out(labels, 0.25, stratify=False, rng=held_out(1, 0, 0))
    numbers = hold_out(np.zeros(80, np.intp), 0.25, stratify=False, rng=held_out(1, 0, 0))
    assert at_random.tolist() == numbers.tolist()

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import SplitConfig
from fnnctl.data.splits.parts import Split
from fnnctl.data.splits.seen_rows import SeenRows, of_members, split_unseen_rows
from fnnctl.errors import DataError
from tests.messages import Messages

SEEDS = st.integers(0, 2**32 - 1)


def seen_rows(rows: int, used: list[int], *trained: list[int]) -> SeenRows:
    """By the numbers of the rows; by default one network was trained on all that are used."""
    members = trained or (used,)
    return SeenRows(
        np.isin(np.arange(rows), used), np.array([np.isin(np.arange(rows), member) for member in members])
    )


def split(
    rows: int,
    seen: SeenRows,
    *,
    strata: IntArray | None = None,
    groups: IntArray | None = None,
    order: FloatArray | None = None,
    test_rows: int = 0,
    **shares: object,
) -> Split:
    config = SplitConfig.model_validate({"test": 0.2, "validation": 0.0, **shares})
    by_default = np.zeros(rows, np.intp)
    return split_unseen_rows(
        by_default if strata is None else strata,
        seen,
        config,
        seed=3,
        groups=groups,
        order=order,
        test_rows=test_rows,
    )


def test_the_test_part_is_of_unused_rows_and_has_its_share_of_all() -> None:
    parts = split(10, seen_rows(10, [0, 1, 2, 3, 5, 6, 8, 9]))
    assert parts.test.tolist() == [4, 7]
    assert parts.train.tolist() == [0, 1, 2, 3, 5, 6, 8, 9]


def test_validation_rows_may_have_validated_before() -> None:
    seen = seen_rows(10, [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5])
    parts = split(10, seen, validation=0.2)
    assert parts.test.tolist() == [8, 9]
    assert parts.validation.tolist() == [6, 7]
    assert parts.train.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_row_that_one_of_several_networks_was_trained_on_validates_none_of_them() -> None:
    seen = seen_rows(6, [0, 1, 2], [0, 1], [0, 2])
    parts = split(6, seen, test=0, validation=0.5)
    assert parts.validation.tolist() == [3, 4, 5]


def test_parts_have_the_strata_of_the_rows_that_they_are_drawn_from() -> None:
    strata = np.array([0] * 10 + [1] * 10 + [0] * 6 + [1] * 3 + [2])
    seen = seen_rows(30, [*range(20)])
    parts = split(30, seen, strata=strata, test=0.2)
    assert np.bincount(strata[parts.test]).tolist() == [4, 2]  # of 6, 3 and 1; the last class keeps its row
    assert len(split(30, seen, strata=strata, test=1 / 3).test) == 10  # all of them
    unstratified = split(30, seen, strata=strata, stratify=False)
    assert len(unstratified.test) == 6


def test_a_group_is_in_one_part() -> None:
    groups = np.repeat(np.arange(6), 5)
    parts = split(30, seen_rows(30, [*range(15)]), groups=groups, test=1 / 6, validation=1 / 6)
    for rows in (parts.test, parts.validation):
        assert len(rows) == 5
        assert len({*groups[rows].tolist()}) == 1
        assert rows.min() >= 15
    assert not {*groups[parts.test]} & {*groups[parts.validation]}


def test_in_an_order_parts_are_the_last_unseen_rows() -> None:
    order = np.array([9.0, 1, 2, 3, 4, 5, 6, 7, 8, 0])
    seen = seen_rows(10, [0, 1, 2])
    parts = split(10, seen, order=order, validation=0.2)
    assert (parts.test.tolist(), parts.validation.tolist()) == ([7, 8], [5, 6])
    days = np.array([1.0, 1, 1, 1, 2, 2, 2, 2, 2, 2])
    old = seen_rows(10, [0, 1, 2, 3])
    assert split(10, old, order=days, test=0.3).test.tolist() == [4, 5, 6, 7, 8, 9]  # one day stays together
    days[9] = 3.0
    assert split(10, old, order=days, test=0.5).test.tolist() == [9]  # the day before is left for others


def test_the_test_part_does_not_depend_on_the_validation_share() -> None:
    seen = seen_rows(40, [*range(20)])
    strata = np.arange(40) % 3
    tests = [split(40, seen, strata=strata, validation=share).test.tolist() for share in (0.0, 0.1)]
    assert tests[0] == tests[1]


def test_a_test_file_is_the_test_part() -> None:
    parts = split(10, seen_rows(10, [0, 1, 2]), test_rows=4, test=0)
    assert (parts.test.tolist(), parts.train.tolist()) == ([6, 7, 8, 9], [0, 1, 2, 3, 4, 5])


def test_too_few_unseen_rows_are_refused(messages: Messages) -> None:
    few = seen_rows(10, [0, 1, 2, 3, 4, 5, 6, 7, 8])
    for seen, test, validation in (
        (few, 0.2, 0.0),
        (seen_rows(10, [*range(10)]), 0.2, 0.0),
        (seen_rows(10, [*range(8)], [*range(8)]), 0.2, 0.1),
        (seen_rows(10, []), 0.5, 0.5),
    ):
        with pytest.raises(DataError) as caught:
            split(10, seen, test=test, validation=validation)
        messages.check(caught.value)
    with pytest.raises(DataError) as caught:
        split(10, seen_rows(10, [0, 8, 9]), test_rows=3, test=0)
    messages.check(caught.value)


def test_pickled_it_takes_a_bit_for_each_row_and_network() -> None:
    rng = np.random.default_rng(0)
    seen = SeenRows(rng.random(8001) < 0.5, rng.random((3, 8001)) < 0.5)
    content = pickle.dumps(seen)
    assert len(content) < 5 * 1001
    restored = pickle.loads(content)
    np.testing.assert_array_equal(restored.used, seen.used)
    np.testing.assert_array_equal(restored.trained, seen.trained)


@settings(max_examples=25, deadline=None)
@given(
    seed=SEEDS,
    kind=st.sampled_from(["strata", "groups", "order"]),
    test=st.sampled_from([0.0, 0.05, 0.1]),
    validation=st.sampled_from([0.0, 0.1]),
)
def test_no_part_has_a_row_that_it_must_not_have(
    seed: int, kind: str, test: float, validation: float
) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 12, 60)
    used = np.isin(groups, [0, 1, 2, 3, 4]) if kind == "groups" else rng.random(60) < 0.4
    trained = used & (groups % 2 == 0 if kind == "groups" else rng.random(60) < 0.7)
    seen = SeenRows(used, trained[None])
    parts = [
        split(
            60,
            seen,
            strata=rng.integers(0, 3, 60) if not again else None,
            groups=groups if kind == "groups" else None,
            order=groups.astype(np.float64) if kind == "order" else None,
            test=test,
            validation=validation,
        )
        for again in (False, True, True)
    ]
    for part in parts:
        assert not used[part.test].any()
        assert not trained[part.validation].any()
        assert sorted([*part.train, *part.validation, *part.test]) == [*range(60)]
        assert (part.test.size > 0, part.validation.size > 0) == (test > 0, validation > 0)
        if kind == "strata":
            assert (part.test.size, part.validation.size) == (60 * test, 60 * validation)
        if kind == "groups":
            assert not {*groups[part.test]} & {*groups[part.train], *groups[part.validation]}
    np.testing.assert_array_equal(parts[1].test, parts[2].test)


def test_members_of_another_number_have_seen_what_any_has() -> None:
    counts = np.array([[1, 0, 2], [0, 0, 1]])
    assert of_members(counts, 2) is counts
    assert of_members(counts, 3).tolist() == [[1, 0, 2]] * 3


@pytest.mark.parametrize("grouped", [False, True])
def test_labels_have_the_proportions_of_the_rows_that_a_part_is_drawn_from(grouped: bool) -> None:
    """Of 60 unused rows 40 are tested, so two thirds of those with a label."""
    labels = np.stack([np.arange(200) % 2, np.arange(200) % 5 == 2], axis=1).astype(np.int8)
    groups = np.arange(200) // 2 if grouped else None
    parts = split(200, seen_rows(200, [*range(140)]), strata=labels, groups=groups)
    assert len(parts.test) == 40
    assert parts.test.min() >= 140
    assert (np.abs(labels[parts.test].sum(axis=0) - [20, 8]) <= 1).all()

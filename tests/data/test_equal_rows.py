"""Equal rows in several parts are counted, unless the values of the columns explain them."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import IntArray
from fnnctl.data.dataset import Dataset
from fnnctl.data.splits.parts import Split
from tests.data.test_warnings import NAN, dataset_of, halves, noise, parts, warnings_of
from tests.messages import Messages

SPLIT = parts(40, 20, 90)


def dataset(*same: tuple[int, int]) -> Dataset:
    """90 different rows, of which some are made equal to others."""
    numeric = noise(90, 2)
    numeric[:5, 0] = NAN
    codes = (np.arange(90) % 3)[:, None].astype(np.int32)
    for row, other in same:
        numeric[row], codes[row] = numeric[other], codes[other]
    return dataset_of(numeric, codes, labels=np.arange(90) % 10 % 2)


def test_equal_rows_in_two_parts_are_counted(messages: Messages) -> None:
    same = [(40, 0), (42, 2), (45, 5), (60, 0), (62, 2), (61, 1), (64, 44), (6, 4)]
    for warning in warnings_of(dataset(*same), SPLIT):
        messages.check(warning)
    assert warnings_of(dataset((60, 0), (62, 2)), SPLIT) == [], "a few change no score"


def test_the_advice_for_arrays_names_no_group(messages: Messages) -> None:
    numbers = np.repeat(noise(20, 2), 2, axis=0)
    (warning,) = warnings_of(dataset_of(numbers, labels=np.repeat(np.arange(20) % 2, 2), types={}), None)
    messages.check(warning)


def test_rows_that_differ_in_the_label_a_category_or_a_number_are_not_equal() -> None:
    """Zero and minus zero are one number."""
    same = [(60, 0), (62, 2), (64, 4)]
    equal = dataset(*same)
    equal.numeric[0, 1], equal.numeric[60, 1] = 0.0, -0.0
    assert len(warnings_of(equal, SPLIT)) == 1
    category, number = dataset(*same), dataset(*same)
    category.categorical[60] = (category.categorical[60] + 1) % 3
    number.numeric[62, 1] += 1e-15
    for unequal in (dataset((60, 1), (62, 3), (64, 5)), category, number):
        assert warnings_of(unequal, SPLIT) == []


def test_many_rows_of_small_whole_numbers_do_not_collide() -> None:
    grid = np.stack(np.meshgrid(np.arange(200), np.arange(250)), axis=-1).reshape(-1, 2).astype(float)
    assert warnings_of(dataset_of(grid), halves(len(grid))) == []


@pytest.mark.parametrize(("values", "columns", "kinds"), [
    (2, 3, []), (2, 25, ["shared_rows"] * 2), (6, 11, ["shared_rows"] * 2),
])  # fmt: skip
def test_few_different_values_explain_equal_rows(values: int, columns: int, kinds: list[str]) -> None:
    """Three columns of two values make 8 kinds of rows; 25 make 33 million, so equal ones are copies."""
    rows = np.random.default_rng(0).integers(values, size=(45, columns)).astype(np.float64)
    copies = dataset_of(np.tile(rows, (2, 1)), labels=np.tile(np.arange(45) % 2, 2))
    assert [warning.kind for warning in warnings_of(copies, SPLIT)] == kinds


def passengers(*, measured: bool) -> Dataset:
    """600 passengers, whose fare, deck and age follow from the kind of cabin; the last 40 are copies."""
    rng = np.random.default_rng(3)
    kind = rng.integers(60, size=600)
    numeric = np.column_stack([kind, kind * 7 % 61, kind * 11 % 61, rng.integers(3, size=600)]).astype(float)
    if measured:
        numeric[:, 1] += rng.normal(size=600)
    numeric[560:], kind[560:] = numeric[:40], kind[:40]
    return dataset_of(numeric, labels=(kind % 2).astype(np.intp))


@pytest.mark.parametrize("measured", [False, True])
def test_equal_rows_of_few_discrete_columns_are_hardly_told_to_be_mistakes(
    messages: Messages, measured: bool
) -> None:
    """The columns depend on one another, so that more rows are equal than with independent ones."""
    (warning,) = warnings_of(passengers(measured=measured), parts(400, 0, 600))
    messages.check(warning)


def repeated(groups: IntArray | None = None) -> Dataset:
    """Rows 0 to 9 are repeated by rows 10 to 19."""
    numbers = np.vstack([noise(10, 2), noise(10, 2), 5 + noise(20, 2)])
    return dataset_of(numbers, labels=np.tile(np.arange(10) % 2, 4), groups=groups)


def test_without_a_split_repeated_rows_are_told_unless_their_group_keeps_them_together(
    messages: Messages,
) -> None:
    some = np.r_[np.arange(10), np.arange(6), np.arange(20, 24), np.arange(30, 50)]
    for groups in (None, some):
        (warning,) = warnings_of(repeated(groups), None)
        messages.check(warning)
    assert warnings_of(repeated(np.arange(40) % 10), None) == []


def test_with_bags_repeated_rows_outside_the_test_part_are_told_once(messages: Messages) -> None:
    tested_copies = Split(np.r_[:10, 20:30], np.array([], np.intp), np.r_[10:20, 30:40])
    assert warnings_of(repeated(), parts(30, 0, 40)) == []
    for split in (parts(30, 0, 40), tested_copies):
        (warning,) = warnings_of(repeated(), split, bags=True)
        messages.check(warning)

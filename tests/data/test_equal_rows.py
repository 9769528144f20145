"""Equal rows in several parts are counted, unless the values of the columns explain them."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import IntArray
from fnnctl.data.dataset import Dataset
from fnnctl.data.splits.parts import Split
from tests.data.test_warnings import NAN, dataset_of, noise, warnings_of

ADVICE = "remove the repeated rows, or keep them in one part by data.split.group"
SOFT_ADVICE = (
    "few columns with few different values make rows equal without any mistake; if yours are copies of one "
    "case, remove them, or keep them in one part by data.split.group"
)
SPLIT = Split(np.arange(0, 40), np.arange(40, 60), np.arange(60, 90))


def dataset(*same: tuple[int, int]) -> Dataset:
    """90 different rows, of which some are made equal to others."""
    numeric = noise(90, 2)
    numeric[:5, 0] = NAN
    codes = (np.arange(90) % 3)[:, None].astype(np.int32)
    for row, other in same:
        numeric[row], codes[row] = numeric[other], codes[other]
    return dataset_of(numeric, codes, labels=np.arange(90) % 10 % 2)


def test_equal_rows_in_two_parts_are_counted() -> None:
    same = [(40, 0), (42, 2), (45, 5), (60, 0), (62, 2), (61, 1), (64, 44), (6, 4)]
    assert warnings_of(dataset(*same), SPLIT) == [
        "3 of 20 rows of the validation part are also in the training part, with the same target, so the "
        f"validation scores may be too high: {ADVICE}",
        "4 of 30 rows of the test part are also in the training or validation part, with the same target, so "
        f"the test scores may be too high: {ADVICE}",
    ]


def test_the_advice_for_arrays_names_no_group() -> None:
    numbers = np.repeat(noise(20, 2), 2, axis=0)
    labels = np.repeat(np.arange(20) % 2, 2)
    (warning,) = warnings_of(dataset_of(numbers, labels=labels, types={}), None)
    assert warning.endswith("so the scores of the folds may be too high: remove the repeated rows")


def test_a_few_equal_rows_change_no_score() -> None:
    assert warnings_of(dataset((60, 0), (62, 2)), SPLIT) == []


def test_rows_that_differ_in_the_label_a_category_or_a_number_are_not_equal() -> None:
    same = [(60, 0), (62, 2), (64, 4)]
    assert len(warnings_of(dataset(*same), SPLIT)) == 1
    assert warnings_of(dataset((60, 1), (62, 3), (64, 5)), SPLIT) == []
    changed = dataset(*same)
    changed.categorical[60] = (changed.categorical[60] + 1) % 3
    assert warnings_of(changed, SPLIT) == []
    changed = dataset(*same)
    changed.numeric[62, 1] += 1e-15
    assert warnings_of(changed, SPLIT) == []


def test_zero_and_minus_zero_are_one_number() -> None:
    found = dataset((60, 0), (62, 2), (64, 4))
    found.numeric[0, 1], found.numeric[60, 1] = 0.0, -0.0
    assert len(warnings_of(found, SPLIT)) == 1


def test_many_rows_of_small_whole_numbers_do_not_collide() -> None:
    grid = np.stack(np.meshgrid(np.arange(200), np.arange(250)), axis=-1).reshape(-1, 2).astype(float)
    halves = Split(np.arange(25000), np.array([], np.intp), np.arange(25000, 50000))
    assert warnings_of(dataset_of(grid, labels=np.arange(len(grid)) % 2), halves) == []


@pytest.mark.parametrize(("columns", "is_told"), [(3, False), (25, True)])
def test_few_different_values_explain_equal_rows(columns: int, is_told: bool) -> None:
    """Three columns of two values make 8 kinds of rows; 25 make 33 million, so equal ones are copies."""
    rows = np.random.default_rng(0).integers(2, size=(45, columns)).astype(np.float64)
    labels = np.arange(45) % 2
    found = warnings_of(dataset_of(np.tile(rows, (2, 1)), labels=np.tile(labels, 2)), SPLIT)
    assert bool(found) is is_told


def passengers(*, measured: bool = False) -> Dataset:
    """600 passengers, whose fare, deck and age follow from the kind of cabin; the last 40 are copies."""
    rng = np.random.default_rng(3)
    kind = rng.integers(60, size=600)
    numeric = np.column_stack([kind, kind * 7 % 61, kind * 11 % 61, rng.integers(3, size=600)]).astype(float)
    if measured:
        numeric[:, 1] += rng.normal(size=600)
    numeric[560:], kind[560:] = numeric[:40], kind[:40]
    return dataset_of(numeric, labels=(kind % 2).astype(np.intp))


@pytest.mark.parametrize(("measured", "advice"), [(False, SOFT_ADVICE), (True, ADVICE)])
def test_equal_rows_of_few_discrete_columns_are_hardly_told_to_be_mistakes(
    measured: bool, advice: str
) -> None:
    """The columns depend on one another, so that more rows are equal than with independent ones."""
    split = Split(np.arange(400), np.array([], np.intp), np.arange(400, 600))
    (warning,) = warnings_of(passengers(measured=measured), split)
    assert " of 200 rows of the test part are also in the training part" in warning
    assert warning.endswith(f"so the test scores may be too high: {advice}")


def test_eleven_discrete_columns_are_not_few() -> None:
    rows = np.random.default_rng(0).integers(6, size=(45, 11)).astype(np.float64)
    labels = np.arange(45) % 2
    found = warnings_of(dataset_of(np.tile(rows, (2, 1)), labels=np.tile(labels, 2)), SPLIT)
    assert [warning.endswith(ADVICE) for warning in found] == [True, True]


def folds_of(groups: IntArray | None) -> list[str]:
    """Rows 0 to 9 are repeated by rows 10 to 19."""
    numbers = np.vstack([noise(10, 2), noise(10, 2), 5 + noise(20, 2)])
    labels = np.tile(np.arange(10) % 2, 4)
    return warnings_of(dataset_of(numbers, labels=labels, groups=groups), None)


def test_without_a_split_repeated_rows_are_told_unless_their_group_keeps_them_together() -> None:
    words, end = (
        "40 rows in the data occur more than once",
        f"the scores of the folds may be too high: {ADVICE}",
    )
    assert folds_of(None) == [f"20 of {words}, with the same target, so {end}"]
    assert folds_of(np.arange(40) % 10) == []
    groups = np.r_[np.arange(10), np.arange(6), np.arange(20, 24), np.arange(30, 50)]
    assert folds_of(groups) == [f"8 of {words} and in several groups, with the same target, so {end}"]


def test_with_bags_repeated_rows_outside_the_test_part_are_told_once() -> None:
    numbers = np.vstack([noise(10, 2), noise(10, 2), 5 + noise(20, 2)])
    found = dataset_of(numbers, labels=np.tile(np.arange(10) % 2, 4))
    split = Split(np.arange(30), np.array([], np.intp), np.arange(30, 40))
    assert warnings_of(found, split) == []
    assert warnings_of(found, split, bags=True) == [
        "20 of 30 rows outside the test part occur more than once, with the same target, so the validation "
        f"scores may be too high: {ADVICE}"
    ]
    split = Split(np.r_[np.arange(10), np.arange(20, 30)], np.array([], np.intp), np.r_[10:20, 30:40])
    (warning,) = warnings_of(found, split, bags=True)
    assert warning.startswith("10 of 20 rows of the test part are also in the training part")

"""Columns, numbers and equal rows that may be mistakes are told; long tails are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.splits.parts import Split
from fnnctl.data.warnings import data_warnings
from fnnctl.messages import Message
from tests.messages import Messages

NAN = np.nan


def dataset_of(
    numeric: FloatArray, codes: IntArray | None = None, labels: IntArray | None = None, **more: Any
) -> Dataset:
    """A table; with `types={}` it is an array."""
    n = len(numeric)
    codes = np.empty((n, 0), np.int32) if codes is None else codes.astype(np.int32)
    q = codes.shape[1]
    return Dataset(
        name="t", source="t.csv", sha256="0" * 64,
        numeric=numeric, numeric_names=tuple(f"n{j}" for j in range(numeric.shape[1])),
        categorical=codes, categorical_names=tuple(f"c{j}" for j in range(q)),
        categories=tuple(tuple(f"t{i}" for i in range(codes.max() + 1)) for _ in range(q)),
        targets=(RawTarget("y", np.arange(n) % 2 if labels is None else labels, ("p", "q"), (2, 3)),),
        file_rows=np.arange(n), **{"types": {"n0": ColumnType(name="n0", kind="numeric")}, **more},
    )  # fmt: skip


def warnings_of(
    dataset: Dataset, split: Split | None, *, bags: bool = False, **settings: Any
) -> list[Message]:
    """Those of a table with these settings; unless they say so, any number of categories is fine."""
    config = DataConfig(source="t.csv", **{"max_categories": None, **settings})
    return [*data_warnings(dataset, split, config, bags=bags)]


def parts(train: int, validation: int, rows: int) -> Split:
    """The first rows are for training, and the last ones are tested."""
    return Split(*np.split(np.arange(rows), [train, train + validation]))


def halves(n: int) -> Split:
    return parts(n // 2, 0, n)


def noise(n: int, columns: int = 1) -> FloatArray:
    return np.random.default_rng(0).normal(size=(n, columns))


def test_the_largest_numbers_and_few_categories_are_silent() -> None:
    """The range of the numbers overflows, and pytest turns NumPy's warning into an error."""
    column = np.where(np.arange(40) % 3 == 0, 1.7e308, -1.7e308)[:, None]
    codes = np.random.default_rng(1).integers(-1, 3, (40, 1))
    assert warnings_of(dataset_of(np.hstack([noise(40, 3), column]), codes), halves(40)) == []


class TestRowIds:
    @pytest.mark.parametrize(
        "column",
        [
            pytest.param(np.arange(1000, 1020), id="in order"),
            pytest.param(np.random.default_rng(2).permutation(30), id="in any order"),
        ],
    )
    def test_numbers_that_count_rows(self, messages: Messages, column: IntArray) -> None:
        n = len(column)
        (warning,) = warnings_of(dataset_of(np.column_stack([noise(n), column])), halves(n))
        messages.check(warning)

    @pytest.mark.parametrize(
        "column",
        [
            pytest.param(np.arange(19), id="too few to tell"),
            pytest.param(np.r_[np.arange(29), 5], id="one twice"),
            pytest.param(np.arange(30) * 3, id="too far apart"),
            pytest.param(np.arange(30) + 0.5, id="fractions"),
            pytest.param(np.r_[np.arange(29), NAN], id="one missing"),
        ],
    )
    def test_numbers_that_do_not(self, column: FloatArray) -> None:
        assert warnings_of(dataset_of(column[:, None].astype(float)), halves(len(column))) == []

    def test_texts_that_name_rows(self, messages: Messages) -> None:
        """They are not told to be many categories, too."""
        codes = np.column_stack([np.r_[np.arange(28), 0, 0], np.arange(30) % 20])
        (warning,) = warnings_of(dataset_of(noise(30), codes), halves(30), max_categories=20)
        messages.check(warning)

    def test_columns_that_are_so_on_purpose(self) -> None:
        declared = {"c0": ColumnType(name="c0", kind="categorical", declared=True)}
        numbers = np.column_stack([noise(30), np.arange(30)])
        dataset = dataset_of(numbers, np.arange(30)[:, None], types=declared, expansions={"d": ("n1",)})
        assert warnings_of(dataset, halves(30)) == []

    def test_the_rows_of_a_test_file_may_begin_again(self) -> None:
        ids = np.r_[np.arange(20), np.arange(10)].astype(float)
        dataset = dataset_of(np.column_stack([ids, noise(30)]), test_rows=10)
        (warning,) = warnings_of(dataset, parts(20, 0, 30))
        assert warning.kind == "row_id"


def test_categories_of_a_test_file_that_the_training_part_lacks(messages: Messages) -> None:
    """Rows 0 to 5 are of the data, row 5 is for validation or training, and the others of the test file."""
    codes = np.array([[0, 1, 0, 1, -1, 2, 2, 0, 3, 2, -1, 1], [0, 1] * 6]).T
    dataset = dataset_of(noise(12), codes, test_rows=6, test_source="/folder/new.csv")
    for split in (parts(5, 1, 12), parts(6, 0, 12)):
        (warning,) = warnings_of(dataset, split)
        messages.check(warning)


def test_a_date_is_constant_if_its_days_are(messages: Messages) -> None:
    numbers, dates = noise(40, 3), {"d": ("n1", "n2")}
    numbers[:, 1] = 2024.0  # all in one year
    assert warnings_of(dataset_of(numbers, expansions=dates), halves(40)) == []
    numbers[:, 2] = 5.0
    (warning,) = warnings_of(dataset_of(numbers, expansions=dates), halves(40))
    messages.check(warning)


def test_columns_that_are_constant_in_the_training_part_are_reported_together(messages: Messages) -> None:
    constant_at_first, nearly = np.r_[np.full(15, 3.0), np.arange(15)], np.r_[NAN, np.ones(29)]
    numeric = np.column_stack([noise(30), constant_at_first, np.full(30, NAN), nearly])
    codes = np.column_stack([np.zeros(30, int), np.arange(30) % 2])
    (warning,) = warnings_of(dataset_of(numeric, codes), halves(30))
    messages.check(warning)


class TestManyCategories:
    SPLIT = parts(60, 0, 80)

    CODES = np.column_stack([np.arange(80) % 12, np.arange(80) % 5, np.arange(80) % 4 - 1])

    def test_all_columns_are_told_once_and_missing_values_are_no_category(self, messages: Messages) -> None:
        """Categories are those of the training rows."""
        dataset = dataset_of(noise(80), self.CODES)
        for most in (11, 4):
            (warning,) = warnings_of(dataset, self.SPLIT, max_categories=most)
            messages.check(warning)
        assert warnings_of(dataset, self.SPLIT) == warnings_of(dataset, self.SPLIT, max_categories=12) == []
        assert warnings_of(dataset, parts(11, 0, 80), max_categories=11) == []

    def test_more_than_ten_categories_may_have_statistics_of_the_target(self, messages: Messages) -> None:
        """So only columns that have fewer, but more than the limit, lose any."""
        dataset = dataset_of(noise(80), self.CODES)
        assert warnings_of(dataset, self.SPLIT, max_categories=11, category_encoding="target") == []
        (warning,) = warnings_of(dataset, self.SPLIT, max_categories=4, category_encoding="target")
        messages.check(warning)

    def test_new_values_of_a_test_file_are_among_the_others(self) -> None:
        codes = np.append(np.arange(60) % 6, [6] * 20)[:, None]
        dataset = dataset_of(noise(80), codes, test_rows=20, test_source="/new.csv")
        kinds = [
            [warning.kind for warning in warnings_of(dataset, self.SPLIT, max_categories=most)]
            for most in (6, 5)
        ]
        assert kinds == [["unseen_categories"], ["many_categories"]]

    def test_new_values_of_a_column_with_statistics_are_no_surprise(self, messages: Messages) -> None:
        codes = self.CODES[:, :2].copy()
        codes[60:] = [12, 5]
        dataset = dataset_of(noise(80), codes, test_rows=20, test_source="/new.csv")
        assert len(warnings_of(dataset, self.SPLIT)) == 2
        for most in (None, 4):
            (warning,) = warnings_of(dataset, self.SPLIT, category_encoding="target", max_categories=most)
            messages.check(warning)


SPLIT = parts(200, 0, 300)


def warnings_about(column: FloatArray, **more: Any) -> list[Message]:
    return warnings_of(dataset_of(np.column_stack([noise(300), column]), **more), SPLIT)


def test_the_column_the_value_and_the_row_are_named(messages: Messages) -> None:
    column = noise(300)[:, 0]
    column[17], column[18] = -1e12, NAN
    column[250] = 1e13  # a row of the test part
    of_array: dict[str, Any] = {"types": {}}
    for settings in ({}, of_array):
        (warning,) = warnings_about(column, **settings)
        messages.check(warning)


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.exp(3 * noise(300)[:, 0]), id="a long tail"),
        pytest.param(np.where(np.arange(300) == 5, 1e12, 0.0), id="all others equal"),
        pytest.param(np.where(np.arange(300) % 2, 1e12, 1e-12) * noise(300)[:, 0], id="two sizes"),
        pytest.param(1e12 + noise(300)[:, 0], id="far from 0"),
        pytest.param(1e300 * noise(300)[:, 0], id="huge"),
        pytest.param(np.where(np.arange(300) == 250, 1e12, noise(300)[:, 0]), id="far in the test part"),
    ],
)
def test_other_columns_are_silent(column: FloatArray) -> None:
    assert warnings_about(column) == []


def test_mostly_equal_numbers_are_compared_with_the_middle_nine_tenths() -> None:
    column = np.where(np.arange(300) % 10 == 0, 1.0, 0.0)
    assert warnings_about(column) == []
    column[7] = 1e9
    assert len(warnings_about(column)) == 1


WITH_COPIES = parts(40, 20, 90)


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
    for warning in warnings_of(dataset(*same), WITH_COPIES):
        messages.check(warning)
    assert warnings_of(dataset((60, 0), (62, 2)), WITH_COPIES) == [], "a few change no score"


def test_the_advice_for_arrays_names_no_group(messages: Messages) -> None:
    numbers = np.repeat(noise(20, 2), 2, axis=0)
    (warning,) = warnings_of(dataset_of(numbers, labels=np.repeat(np.arange(20) % 2, 2), types={}), None)
    messages.check(warning)


def test_rows_that_differ_in_the_label_a_category_or_a_number_are_not_equal() -> None:
    """Zero and minus zero are one number."""
    same = [(60, 0), (62, 2), (64, 4)]
    equal = dataset(*same)
    equal.numeric[0, 1], equal.numeric[60, 1] = 0.0, -0.0
    assert len(warnings_of(equal, WITH_COPIES)) == 1
    category, number = dataset(*same), dataset(*same)
    category.categorical[60] = (category.categorical[60] + 1) % 3
    number.numeric[62, 1] += 1e-15
    for unequal in (dataset((60, 1), (62, 3), (64, 5)), category, number):
        assert warnings_of(unequal, WITH_COPIES) == []


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
    assert [warning.kind for warning in warnings_of(copies, WITH_COPIES)] == kinds


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

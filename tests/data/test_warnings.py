"""Numbers that are far from all others are told with their place; long tails are not."""

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
from fnnctl.messages import sentences

NAN = np.nan


def dataset_of(
    numeric: FloatArray, codes: IntArray | None = None, labels: IntArray | None = None, **more: Any
) -> Dataset:
    """A table; with `types={}` it is an array."""
    n = len(numeric)
    more.setdefault("types", {"n0": ColumnType(name="n0", kind="numeric")})
    codes = np.empty((n, 0), np.int32) if codes is None else codes
    q = codes.shape[1]
    return Dataset(
        name="t", source="t.csv", sha256="0" * 64,
        numeric=numeric, numeric_names=tuple(f"n{j}" for j in range(numeric.shape[1])),
        categorical=codes, categorical_names=tuple(f"c{j}" for j in range(q)),
        categories=tuple(tuple(f"t{i}" for i in range(codes.max() + 1)) for _ in range(q)),
        target=RawTarget("y", np.arange(n) % 2 if labels is None else labels, ("p", "q"), (2, 3)),
        file_rows=np.arange(n), **more,
    )  # fmt: skip


def warnings_of(dataset: Dataset, split: Split | None, *, bags: bool = False, **settings: Any) -> list[str]:
    """The sentences for a table with these settings; unless they say so, any number of categories is fine."""
    config = DataConfig(source="t.csv", **{"max_categories": None, **settings})
    return sentences(data_warnings(dataset, split, config, bags=bags))


def halves(n: int) -> Split:
    return Split(np.arange(0, n // 2), np.array([], np.intp), np.arange(n // 2, n))


def noise(n: int, columns: int = 1) -> FloatArray:
    return np.random.default_rng(0).normal(size=(n, columns))


def test_ordinary_data_give_no_warning() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(-1, 3, (40, 1)).astype(np.int32)
    assert warnings_of(dataset_of(noise(40, 3), codes), halves(40)) == []


def test_the_largest_numbers_are_silent() -> None:
    """Their range overflows, and pytest turns NumPy's warning into an error."""
    column = np.where(np.arange(40) % 3 == 0, 1.7e308, -1.7e308)[:, None]
    assert warnings_of(dataset_of(np.hstack([noise(40), column])), halves(40)) == []


class TestRowIds:
    WORDS = "has a different value in (nearly) every row"

    @pytest.mark.parametrize(
        "column",
        [
            pytest.param(np.arange(1000, 1020), id="in order"),
            pytest.param(np.random.default_rng(2).permutation(30), id="in any order"),
            pytest.param(np.arange(0, 60, 2)[:30], id="with gaps"),
        ],
    )
    def test_numbers_that_count_rows(self, column: IntArray) -> None:
        n = len(column)
        (warning,) = warnings_of(dataset_of(np.column_stack([noise(n), column])), halves(n))
        assert warning.startswith(f"the column 'n1' {self.WORDS}")
        assert "data.columns.ignore" in warning

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
        warnings = warnings_of(dataset_of(column[:, None].astype(float)), halves(len(column)))
        assert not [warning for warning in warnings if self.WORDS in warning]

    def test_texts_that_name_rows(self) -> None:
        codes = np.column_stack([np.r_[np.arange(28), 0, 0], np.arange(30) % 20]).astype(np.int32)
        (warning,) = warnings_of(dataset_of(noise(30), codes), halves(30))
        assert warning.startswith(f"the column 'c0' {self.WORDS}")

    def test_columns_that_are_so_on_purpose(self) -> None:
        codes = np.arange(30, dtype=np.int32)[:, None]
        dataset = dataset_of(
            np.column_stack([noise(30), np.arange(30)]),
            codes,
            types={"c0": ColumnType(name="c0", kind="categorical", declared=True)},
            expansions={"d": ("n1",)},
        )
        assert warnings_of(dataset, halves(30)) == []

    def test_the_rows_of_a_test_file_may_begin_again(self) -> None:
        ids = np.r_[np.arange(20), np.arange(10)].astype(float)
        dataset = dataset_of(np.column_stack([ids, noise(30)]), test_rows=10)
        (warning,) = warnings_of(dataset, Split(np.arange(20), np.arange(0), np.arange(20, 30)))
        assert "'n0'" in warning


def test_categories_of_a_test_file_that_the_training_part_lacks() -> None:
    """Rows 0 to 5 are of the data, row 5 is for validation, and the others are of the test file."""
    codes = np.array([[0, 1, 0, 1, -1, 2, 2, 0, 3, 2, -1, 1], [0, 1] * 6], np.int32).T
    split = Split(np.arange(5), np.array([5]), np.arange(6, 12))
    dataset = dataset_of(noise(12), codes, test_rows=6, test_source="/folder/new.csv")
    assert warnings_of(dataset, split) == [
        "new.csv: in 3 rows the column 'c0' has a value that does not occur in the training data "
        "(the first is 't2'): none of the column's features is set there"
    ]
    assert warnings_of(dataset, Split(np.arange(6), np.array([], np.intp), split.test)) == [
        "new.csv: in 1 row the column 'c0' has a value that does not occur in the training data "
        "(the first is 't3'): none of the column's features is set there"
    ]


def test_a_date_is_constant_if_its_days_are() -> None:
    numbers = noise(40, 3)
    numbers[:, 1] = 2024.0  # all in one year
    dates = {"d": ("n1", "n2")}
    assert warnings_of(dataset_of(numbers, expansions=dates), halves(40)) == []
    numbers[:, 2] = 5.0
    (warning,) = warnings_of(dataset_of(numbers, expansions=dates), halves(40))
    assert warning.startswith(
        "a column has the same value, or none, in all training rows and cannot help: 'd';"
    )


def test_columns_that_are_constant_in_the_training_part_are_reported_together() -> None:
    numeric = np.column_stack([noise(30), np.r_[np.full(15, 3.0), np.arange(15)], np.full(30, NAN)])
    numeric = np.column_stack([numeric, np.r_[NAN, np.ones(29)]])
    codes = np.column_stack([np.zeros(30), np.arange(30) % 2]).astype(np.int32)
    assert warnings_of(dataset_of(numeric, codes), halves(30)) == [
        "3 columns have the same value, or none, in all training rows and cannot help: 'n1', 'n2', 'c0'; "
        "check them, or use data.columns.ignore"
    ]


class TestManyCategories:
    SPLIT = Split(np.arange(60), np.array([], np.intp), np.arange(60, 80))

    def dataset(self, **more: Any) -> Dataset:
        codes = np.column_stack([np.arange(80) % 12, np.arange(80) % 5, np.arange(80) % 4 - 1])
        return dataset_of(noise(80), codes.astype(np.int32), **more)

    def test_all_columns_are_told_once_and_missing_values_are_no_category(self) -> None:
        told = "are features, and all others are one feature together: data.max_categories sets the limit"
        for most, expected in (
            (None, []),
            (12, []),
            (11, [f"a column has more than 11 categories: 'c0' (12). The 10 most frequent {told}"]),
            (4, [f"2 columns have more than 4 categories: 'c0' (12), 'c1' (5). The 3 most frequent {told}"]),
        ):
            assert warnings_of(self.dataset(), self.SPLIT, max_categories=most) == expected

    def test_categories_are_those_of_the_training_rows(self) -> None:
        split = Split(np.arange(11), np.array([], np.intp), np.arange(11, 80))
        assert warnings_of(self.dataset(), split, max_categories=11) == []

    def test_more_than_ten_categories_may_have_statistics_of_the_target(self) -> None:
        """So only columns that have fewer, but more than the limit, lose any."""
        dataset = self.dataset()
        assert warnings_of(dataset, self.SPLIT, max_categories=11, category_encoding="target") == []
        (warning,) = warnings_of(dataset, self.SPLIT, max_categories=4, category_encoding="target")
        assert warning.startswith("a column has more than 4 categories: 'c1' (5).")

    def test_row_ids_are_told_as_such_alone(self) -> None:
        codes = np.arange(30, dtype=np.int32)[:, None]
        (warning,) = warnings_of(dataset_of(noise(30), codes), halves(30), max_categories=5)
        assert TestRowIds.WORDS in warning

    def test_new_values_of_a_test_file_are_among_the_others(self) -> None:
        codes = np.append(np.arange(60) % 6, [6] * 20).astype(np.int32)[:, None]
        dataset = dataset_of(noise(80), codes, test_rows=20, test_source="/new.csv")
        (unseen,) = warnings_of(dataset, self.SPLIT, max_categories=6)
        assert "does not occur in the training data" in unseen
        (capped,) = warnings_of(dataset, self.SPLIT, max_categories=5)
        assert capped.startswith("a column has more than 5 categories: 'c0' (6).")

    def test_new_values_of_a_column_with_statistics_are_no_surprise(self) -> None:
        codes = np.column_stack([np.arange(80) % 12, np.arange(80) % 5]).astype(np.int32)
        codes[60:] = [12, 5]
        dataset = dataset_of(noise(80), codes, test_rows=20, test_source="/new.csv")
        (unseen,) = warnings_of(dataset, self.SPLIT, category_encoding="target")
        assert "'c1'" in unseen
        assert len(warnings_of(dataset, self.SPLIT)) == 2
        (capped,) = warnings_of(dataset, self.SPLIT, category_encoding="target", max_categories=4)
        assert "more than 4 categories: 'c1'" in capped


SPLIT = Split(np.arange(200), np.array([], np.intp), np.arange(200, 300))


def told(column: FloatArray) -> list[str]:
    return warnings_of(dataset_of(np.column_stack([noise(300), column])), SPLIT)


def test_the_column_the_value_and_the_row_are_named() -> None:
    column = noise(300)[:, 0]
    column[17], column[18] = -1e12, NAN
    assert told(column) == [
        "numbers far from all others make these look equal: -1e+12 in 'n1' (row 17, counted from 0); if such "
        "a number stands for a missing one, add it to data.missing_values, otherwise correct it, or set "
        "data.scaling: robust"
    ]
    array = dataset_of(np.column_stack([noise(300), column]), types={})
    (warning,) = warnings_of(array, SPLIT)
    assert "stands for a missing one, write NaN, otherwise correct it" in warning


def test_test_rows_are_not_looked_at() -> None:
    column = noise(300)[:, 0]
    column[250] = 1e12
    assert told(column) == []


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.exp(3 * noise(300)[:, 0]), id="a long tail"),
        pytest.param(np.where(np.arange(300) == 5, 1e12, 0.0), id="all others equal"),
        pytest.param(np.where(np.arange(300) % 2, 1e12, 1e-12) * noise(300)[:, 0], id="two sizes"),
        pytest.param(1e12 + noise(300)[:, 0], id="far from 0"),
        pytest.param(1e300 * noise(300)[:, 0], id="huge"),
    ],
)
def test_other_columns_are_silent(column: FloatArray) -> None:
    assert told(column) == []


def test_mostly_equal_numbers_are_compared_with_the_middle_nine_tenths() -> None:
    column = np.where(np.arange(300) % 10 == 0, 1.0, 0.0)
    assert told(column) == []
    column[7] = 1e9
    assert len(told(column)) == 1

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.dataset import BLOCK_ROWS, Dataset
from fnnctl.data.splits.parts import Split
from fnnctl.data.splits.row_order import fold_line, refuse_missing, row_order, split_line
from fnnctl.errors import DataError
from tests.memory import dataset_of


def made(rows: int = 6) -> Dataset:
    """A column, and a date that has become its weekday and its days."""
    numbers = np.stack([np.arange(rows) * 1.5, np.arange(rows) % 7, np.arange(rows)[::-1]], axis=1)
    names = ("price", "signup weekday", "signup days")
    dataset = dataset_of(numbers, np.array(["a", "b"] * (rows // 2)))
    return replace(dataset, numeric_names=names, expansions={"signup": names[1:], "time": ("time hour",)})


def refused(name: str, dataset: Dataset) -> str:
    with pytest.raises(DataError) as caught:
        row_order(dataset, name)
    assert [problem.path for problem in caught.value.problems] == ["data.split.by"]
    return caught.value.problems[0].message


def test_the_order_is_the_column_or_the_days_of_a_date() -> None:
    assert row_order(made(), "price").tolist() == [0, 1.5, 3, 4.5, 6, 7.5]
    assert row_order(made(), "signup").tolist() == [5, 4, 3, 2, 1, 0]
    rows = 2 * BLOCK_ROWS + 2
    assert row_order(made(rows), "signup").tolist() == list(range(rows))[::-1]


def test_texts_and_times_have_no_order() -> None:
    for name in ("town", "time", "gone"):
        assert refused(name, replace(made(), categorical_names=("town",))) == (
            f"the column '{name}' has neither numbers nor dates: name another column"
        )


def test_missing_values_are_counted() -> None:
    refuse_missing(np.array([1.0, 2.0]), "day", "t.csv")
    with pytest.raises(DataError) as caught:
        refuse_missing(np.array([1.0, np.nan, np.nan]), "day", "t.csv")
    assert str(caught.value) == (
        "t.csv: the column 'day', which data.split.by names, has 2 rows without a value: fill them in, or "
        "leave the rows out"
    )


def test_the_parts_are_told() -> None:
    split = Split(*map(np.array, ([0, 1], [2, 3, 4], [5])))
    dataset = replace(made(), order=np.array([1, 2, 3.5, 4, 5, 1e6]))
    assert split_line(dataset, split, "price") == (
        "test part: the last 1 row by 'price', from 1000000 on; "
        "validation part: the 3 rows before, from 3.5 on"
    )
    date = ColumnType(name="signup", kind="date", format=DateFormat(("days",), "2024-02-27"))
    dated = replace(dataset, types={"signup": date}, order=np.array([0, 0, 1, 1, 2, 3.625]))
    assert split_line(dated, split, "signup") == (
        "test part: the last 1 row by 'signup', from 2024-03-01 15:00 on; "
        "validation part: the 3 rows before, from 2024-02-28 on"
    )
    tested_elsewhere = replace(dataset, test_rows=1)
    assert split_line(tested_elsewhere, split, "price") == (
        "validation part: the last 3 rows by 'price', from 3.5 on"
    )
    assert split_line(tested_elsewhere, replace(split, validation=split.train[:0]), "price") is None
    assert fold_line(dataset, np.array([0, 1]), "price") == (
        "folds by 'price': each trains on earlier rows only; the first 2 rows, up to 2, are never tested"
    )

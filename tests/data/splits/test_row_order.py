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
from tests.messages import Messages


def made(rows: int = 6) -> Dataset:
    """A column, and a date that has become its weekday and its days."""
    numbers = np.stack([np.arange(rows) * 1.5, np.arange(rows) % 7, np.arange(rows)[::-1]], axis=1)
    names = ("price", "signup weekday", "signup days")
    dataset = dataset_of(numbers, np.array(["a", "b"] * (rows // 2)))
    return replace(dataset, numeric_names=names, expansions={"signup": names[1:], "time": ("time hour",)})


def test_the_order_is_the_column_or_the_days_of_a_date() -> None:
    assert row_order(made(), "price").tolist() == [0, 1.5, 3, 4.5, 6, 7.5]
    assert row_order(made(), "signup").tolist() == [5, 4, 3, 2, 1, 0]
    rows = 2 * BLOCK_ROWS + 2
    assert row_order(made(rows), "signup").tolist() == list(range(rows))[::-1]


def test_texts_and_times_have_no_order() -> None:
    for name in ("town", "time", "gone"):
        with pytest.raises(DataError, match=f"the column '{name}' has neither numbers nor dates") as error:
            row_order(replace(made(), categorical_names=("town",)), name)
        assert error.value.problems[0].path == "data.split.by"


def test_missing_values_are_counted(messages: Messages) -> None:
    refuse_missing(np.array([1.0, 2.0]), "day", "t.csv")
    with pytest.raises(DataError) as error:
        refuse_missing(np.array([1.0, np.nan, np.nan]), "day", "t.csv")
    messages.check(error.value)


def test_the_parts_are_told(messages: Messages) -> None:
    split = Split(*map(np.array, ([0, 1], [2, 3, 4], [5])))
    dataset = replace(made(), order=np.array([1, 2, 3.5, 4, 5, 1e6]))
    date = ColumnType(name="signup", kind="date", format=DateFormat(("days",), "2024-02-27"))
    dated = replace(dataset, types={"signup": date}, order=np.array([0, 0, 1, 1, 2, 3.625]))
    tested_elsewhere = replace(dataset, test_rows=1)
    messages.check(split_line(dataset, split, "price"))
    messages.check(split_line(dated, split, "signup"))
    messages.check(split_line(tested_elsewhere, split, "price"))
    messages.check(fold_line(dataset, np.array([0, 1]), "price"))
    assert split_line(tested_elsewhere, replace(split, validation=split.train[:0]), "price") is None

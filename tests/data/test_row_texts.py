from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.dataset import Columns
from fnnctl.data.matrix import Packing
from fnnctl.data.row_texts import row_texts

NAN = float("nan")


def columns(numeric: list[list[float]], names: tuple[str, ...], **more: Any) -> Columns:
    empty = np.empty((len(numeric), 0), np.int64)
    others = {"categorical": empty, "categorical_names": (), "categories": (), **more}
    return Columns(numeric=np.array(numeric), numeric_names=names, **others)


def test_numbers_are_as_read_and_categories_as_they_are() -> None:
    table = columns(
        [[1.0, 0.1], [-0.0, NAN], [2.0**60, 1e22]], ("a", "b"), categorical=np.array([[1], [-1], [0]]),
        categorical_names=("c",), categories=(("red\n", "0012.50"),),
    )  # fmt: skip
    names, texts = row_texts(table, np.array([2, 0, 1]), {})
    assert names == ("a", "b", "c")
    assert texts == [("1.152921504606847e+18", "1e+22", "red\n"), ("1", "0.1", "0012.50"), ("0", "", "")]
    names, texts = row_texts(table, np.array([0]), {}, order=("c", "target", "a"))
    assert (names, texts) == (("c", "a", "b"), [("0012.50", "1", "0.1")])


def test_packed_numbers_have_the_digits_that_they_keep() -> None:
    packing = Packing.of(np.array([[12345678.0, 0.1], [12345679.0, 0.3]]))
    table = columns([[0.0, 0.0]], ("a", "b"), packing=packing)
    packed = replace(table, numeric=packing.pack(np.array([[12345679.0, 0.3]])))
    assert row_texts(packed, np.array([0]), {})[1] == [("12345679", "0.3")]


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2024-02-29", DateFormat(("year", "month", "days"), "2020-01-01"), "2024-02-29"),
        ("31.12.2019", DateFormat(("days",), "2020-01-01", "day_first"), "2019-12-31"),
        ("2024-02-29 23:59:59", DateFormat(("hour", "days"), "2020-01-01"), "2024-02-29 23:59:59"),
        ("2024-02-29T07:05", DateFormat(("days", "hour"), "2020-01-01"), "2024-02-29 07:05"),
        ("2024-02-29T07:05", DateFormat(("days",), "2020-01-01"), "2024-02-29"),
        ("2024-02-29", DateFormat(("year", "month"), "2020-01-01"), "year 2024, month 2"),
        ("9:05", TimeFormat(), "09:05"),
        ("120:00:07", TimeFormat(), "120:00:07"),
    ],
)
def test_a_date_is_one_text(text: str, form: DateFormat | TimeFormat, expected: str) -> None:
    """Also if its parts were kept as float32."""
    numbers, parts = form.numbers([text]), form.columns("when")
    packing = Packing.of(np.vstack([numbers + 20, numbers - 3]))
    for numeric in (numbers, packing.unpack(packing.pack(numbers))):
        rows = [[7.0, *numeric[0]], [7.0, *[NAN] * len(parts)]]
        table = columns(rows, ("n", *parts), expansions={"when": parts})
        names, texts = row_texts(table, np.array([0, 1]), {"when": form})
        assert (names, texts) == (("n", "when"), [("7", expected), ("7", "")])


def test_parts_whose_date_is_incomplete_are_columns() -> None:
    form = DateFormat(("month", "days"), "2020-01-01")
    table = columns([[2.0]], ("when month",), expansions={"when": form.columns("when")})
    assert row_texts(table, np.array([0]), {"when": form}) == (("when month",), [("2",)])

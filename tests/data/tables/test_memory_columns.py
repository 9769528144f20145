from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.numbers import plain_numbers
from fnnctl.data.problems import Problems
from fnnctl.data.tables import blocks
from fnnctl.data.tables.blocks import NULL, NumberValues, UnusableValues, refuse_unusable
from fnnctl.data.tables.memory_columns import MemoryColumn, array_column, objects_column
from fnnctl.data.tables.memory_table import column_digest
from fnnctl.errors import DataError

ZONE = timezone(timedelta(hours=2))


def bits(column: MemoryColumn) -> bytes:
    return column_digest("a", column)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([True, None, False], "b1", ["true", NULL, "false"]),
        ([1, -(2**63), None], "i8", ["1", "-9223372036854775808", NULL]),
        ([1, 2**70], "i8", ["1", str(2**70)]),
        ([0.1, 1, None, float("nan"), -0.0], "f8", ["0.1", "1.0", NULL, NULL, "-0.0"]),
        (["x", "", None, float("nan")], "text", ["x", "", NULL, NULL]),
        ([None, None], "null", [NULL, NULL]),
        ([1, "x", True, 2.5, None], "b1 or f8 or i8 or text", ["1", "x", "true", "2.5", NULL]),
        ([Decimal("1.10"), Decimal("1E+3"), Decimal("sNaN")], "decimal", ["1.10", "1000", NULL]),
        ([date(2024, 2, 29), None], "date", ["2024-02-29", NULL]),
        ([datetime(2024, 2, 29, 7, 5, 6, 120)], "datetime", ["2024-02-29T07:05:06.00012"]),
        ([datetime(2024, 2, 29, 7, tzinfo=UTC)], "datetime", ["2024-02-29T07:00:00Z"]),
        ([datetime(2024, 2, 29, tzinfo=ZONE)], "datetime", ["2024-02-29T00:00:00+02:00"]),
        ([time(7, 5, 10, 250)], "time", ["07:05:10.00025"]),
        ([np.float32(0.5), np.int8(3)], "f8", ["0.5", "3.0"]),
        ([np.str_("x"), np.bool_(True)], "b1 or text", ["x", "true"]),
        ([np.longdouble(0.5), None, np.longdouble("nan")], "f8", ["0.5", NULL, NULL]),
        ([10**5000, -(10**5000), 2.5], "f8 or i8", ["inf", "-inf", "2.5"]),
        ([np.datetime64("2024-02-29T07:05:06.000000120")], "datetime", ["2024-02-29T07:05:06.00000012"]),
        ([np.datetime64("NaT", "ns"), np.datetime64("2024-02-29")], "date", [NULL, "2024-02-29"]),
    ],
)
def test_objects_as_texts(values: Sequence[object], kind: str, expected: list[str]) -> None:
    column = objects_column(values)
    assert (column.type_name, column.texts(), len(column)) == (kind, expected, len(values))
    assert column.part(slice(1, 2)).texts() == expected[1:2]
    array = np.empty(len(values), object)
    array[:] = values
    assert array_column(array).texts() == expected


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (np.array([0.1, 3.0, np.nan], np.float32), "f4", ["0.1", "3.0", NULL]),
        (np.array([0.1, 60000], np.float16), "f2", ["0.099975586", "60000.0"]),
        (np.array([0.1], np.longdouble), "f8", ["0.1"]),
        (np.array([1], ">i4"), "i4", ["1"]),
        (np.array([2**64 - 1], np.uint64), "u8", ["18446744073709551615"]),
        (np.array(["x", ""]), "text", ["x", ""]),
        (np.array(["2024-02-29", "NaT"], "M8[D]"), "date", ["2024-02-29", NULL]),
        (np.array(["2024-02-29T07:05:00.5", "NaT"], "M8[ns]"), "datetime", ["2024-02-29T07:05:00.5", NULL]),
        (np.ma.masked_array([1, 2], [False, True]), "i8", ["1", NULL]),
        (np.ma.masked_array([1.5, 2], [True, False]), "f8", [NULL, "2.0"]),
        (np.ma.masked_array(["x", "y"], [True, False]), "text", [NULL, "y"]),
    ],
)
def test_arrays_as_texts(values: Any, kind: str, expected: list[str]) -> None:
    column = array_column(values)
    assert (column.type_name, column.texts()) == (kind, expected)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1j]), "complex numbers"),
        (np.array([1], "m8[s]"), "timedelta64[s]"),
        (np.array([b"x"]), "bytes8"),
        (np.array([[1], None], object), "list"),
        (np.array([b"x", None], object), "bytes"),
    ],
)
def test_other_types_are_refused_when_they_are_read(values: Any, kind: str) -> None:
    column = array_column(values)
    assert len(column) == len(values)
    assert bits(column) == bits(UnusableValues(len(values), kind))
    with pytest.raises(DataError, match=rf"^t: the column 'a' has the type '{re.escape(kind)}', not numbers"):
        refuse_unusable([("b", objects_column([1])), ("a", column.part(slice(1)))], Problems("t"))


def assert_same_numbers(numbers: FloatArray | None, expected: FloatArray | None) -> None:
    assert numbers is not None
    assert expected is not None
    np.testing.assert_array_equal(numbers, expected)
    assert (np.signbit(numbers) == np.signbit(expected))[~np.isnan(numbers)].all()


@given(
    st.lists(st.floats(allow_infinity=False)),
    st.lists(st.floats(allow_infinity=False, width=32)),
    st.lists(st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.integers(0, 2**64 - 1)),
)
def test_the_numbers_are_those_of_the_texts(
    doubles: list[float], floats: list[float], integers: list[int], naturals: list[int]
) -> None:
    arrays = [np.array(doubles), np.array(floats, np.float32), np.array(integers, np.int64)]
    for array in (*arrays, np.array(naturals, np.uint64)):
        column = array_column(array)
        assert_same_numbers(column.numbers(), plain_numbers(column.texts(), frozenset([NULL])))


def test_a_float32_has_its_shortest_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    usual = [
        rng.normal(size=4000),
        rng.integers(0, 10**7, 4000) / 10.0 ** rng.integers(0, 9, 4000),
        10 ** rng.uniform(-9, 7, 4000),
        np.array([0.0, -0.0, 0.1, 1e-9, 999_999.5, 9_999_999, 2**24 - 1, -2.5]),
    ]
    special = np.array([np.nan, np.inf, -np.inf, 1e-45, 3.4e38, 1e-10, 2**24, 2**25, 2**25 + 4], np.float32)
    any_bits = rng.integers(0, 2**32, 4000, np.uint32).view(np.float32)
    values = np.concatenate([*(part.astype(np.float32) for part in usual), special, any_bits])
    assert_same_numbers(array_column(values).numbers(), np.array([float(str(value)) for value in values]))
    converted: list[object] = []

    def counted(value: object) -> str:
        converted.append(value)
        return str(value)

    monkeypatch.setattr(blocks, "str", counted, raising=False)
    array_column(np.concatenate(usual).astype(np.float32)).numbers()
    assert len(converted) < 100  # a text for each takes ten times as long


def test_only_numbers_are_numbers() -> None:
    for values in ([True, False], ["1", "2"], [date(2024, 1, 1)], [[1]]):
        assert objects_column(values).numbers() is None
    masked = NumberValues(np.array([1, 2]), np.array([True, False]))
    np.testing.assert_array_equal(masked.numbers(), [np.nan, 2.0])

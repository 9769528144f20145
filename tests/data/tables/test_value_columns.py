from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from fnnctl.data.tables.blocks import NULL, TextValues, UnusableTypeError
from fnnctl.data.tables.value_columns import PythonValues, value_column


def test_numbers_and_nulls_are_numbers() -> None:
    column = value_column([1, None, 2.5], [1, 2, 3], {})
    numbers = column.numbers()
    assert numbers is not None
    np.testing.assert_array_equal(numbers, [1, np.nan, 2.5])
    assert [*column.texts()] == ["1", NULL, "2.5"]
    assert [*column.part(slice(2, 3)).texts()] == ["2.5"]


@pytest.mark.parametrize("values", [[1, "x"], [True, 1], [10**400], [date(2024, 1, 31)]])
def test_other_values_are_none(values: list[object]) -> None:
    assert value_column(values, [1, 2], {}).numbers() is None


def test_texts_are_texts() -> None:
    column = value_column(["7", None], [1, 2], {})
    assert isinstance(column, TextValues)
    assert [*column.texts()] == ["7", NULL]
    assert [*PythonValues([7, 7.0, True, date(2024, 1, 31)]).texts()] == ["7", "7.0", "true", "2024-01-31"]


def test_the_first_value_of_an_unusable_type_is_named() -> None:
    column = value_column([1, b"", b"x"], [4, 5, 6], {bytes: "BLOB"})
    with pytest.raises(UnusableTypeError, match="BLOB"):
        column.texts()
    assert getattr(column, "line", None) == 5

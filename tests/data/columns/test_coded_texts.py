from __future__ import annotations

import numpy as np

from fnnctl.data.columns.coded_texts import CodedTexts
from tests.data.columns.coding import coded


def test_columns_are_joined_with_the_sorted_texts_of_all() -> None:
    """Texts that are numbers are sorted by value; a text has the line of its first occurrence."""
    first = CodedTexts(np.array([1, 0, -1, 1], np.int32), ("10", "2"), (2, 3))
    second = CodedTexts(np.array([0, 1, -1], np.int32), ("3", "10"), (2, 5))
    joined = CodedTexts.concatenate([first, second])
    assert joined.texts == ("2", "3", "10")
    assert joined.codes.tolist() == [0, 2, -1, 0, 1, 2, -1]
    assert joined.codes.dtype == np.intp
    assert joined.lines == [3, 2, 2]
    assert joined.counts().tolist() == [2, 1, 2]


def test_rows_take_the_numbers_of_their_texts() -> None:
    numbers = coded("a", "", "b", "a").rows(np.array([[1.0, 2], [3, 4]]))
    np.testing.assert_array_equal(numbers, [[1, 2], [np.nan, np.nan], [3, 4], [1, 2]])
    assert coded("", "").rows(np.empty((0, 1))).shape == (2, 1)


def test_equal_texts_become_one() -> None:
    column = coded("a", "b", "", "c", "b").with_texts(["x", "y", "x"])
    assert (column.texts, column.codes.tolist(), column.lines) == (("x", "y"), [0, 1, -1, 0, 1], [2, 3])

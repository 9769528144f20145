from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.tables.blocks import ColumnBlock, NumberValues, TextValues
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.column_readers import NumberColumn, NumberColumns, TextColumn, ValueCounts

MISSING = frozenset({"", "NA", "-9"})


def test_what_is_no_number_is_counted_and_its_first_place_kept() -> None:
    column = NumberColumn(MISSING)
    np.testing.assert_array_equal(column.read(["1", " 2.5 ", "NA"], [2, 3, 4]), [1, 2.5, np.nan])
    np.testing.assert_array_equal(column.read(["-9", "9"], [5, 6]), [np.nan, 9])
    assert column.value_counts() == ValueCounts(3, 0, 0, None)
    numbers = column.read(["1", "1_0", "x", "", "y", "3"], [7, 8, 9, 10, 11, 14])
    np.testing.assert_array_equal(numbers, [1, np.nan, np.nan, np.nan, np.nan, 3])
    assert column.value_counts() == ValueCounts(5, 1, 2, (8, "1_0"))


def test_columns_that_are_read_together_have_the_numbers_and_counts_of_their_own() -> None:
    first, second = (
        ColumnBlock.of_texts([2, 3], [["1", "a", " 2"], ["NA", "b", "3"]]),
        ColumnBlock.of_texts([4, 5], [["4", "c", "x"], ["-9", "d", "1_0"]]),
    )
    columns = [NumberColumn(MISSING), NumberColumn(MISSING)]
    together = NumberColumns(columns, [0, 2], MISSING)
    np.testing.assert_array_equal(together.read(first), [[1, 2], [np.nan, 3]])
    np.testing.assert_array_equal(together.read(second), [[4, np.nan], [np.nan, np.nan]])
    counts = [ValueCounts(2, 0, 0, None), ValueCounts(2, 1, 1, (4, "x"))]
    assert [column.value_counts() for column in columns] == counts
    assert NumberColumns([], [], MISSING).read(first).shape == (2, 0)


def test_typed_numbers_are_read_beside_texts() -> None:
    typed = [NumberValues(np.array([1.5, np.nan, -9.0])), NumberValues(np.array([7, 8, 9], np.int8))]
    infinite = NumberValues(np.array([1.0, np.inf, 2.0], np.float32))
    block = ColumnBlock([1, 2, 3], [*typed, TextValues(["1", "NA", "02"]), infinite])
    columns = [NumberColumn(MISSING) for _ in block.columns]
    numbers = NumberColumns(columns, range(4), MISSING).read(block)
    expected = [[1.5, 7, 1, 1], [np.nan, 8, np.nan, np.nan], [np.nan, 9, 2, 2]]
    np.testing.assert_array_equal(numbers, expected)
    counts = [(1, 0, 0, None), (3, 0, 0, None), (2, 0, 0, None), (2, 1, 0, (2, "inf"))]
    assert [column.value_counts() for column in columns] == [ValueCounts(*own) for own in counts]
    assert [column.has_code for column in columns] == [False, False, True, False]


def test_texts_get_codes_in_the_order_of_their_appearance() -> None:
    column = TextColumn(MISSING)
    column.add_values(["b", " a", "NA", "b "], [2, 3, 4, 5])
    column.add_values(["c", "a", " "], [7, 8, 9])
    assert column.coded().texts == ("b", "a", "c")
    assert column.coded().codes.tolist() == [0, 1, -1, 0, 2, 1, -1]
    assert column.coded().counts().tolist() == [2, 2, 1]
    assert column.coded().lines == [2, 3, 7]


def test_a_column_of_texts_knows_which_of_them_are_numbers() -> None:
    column = TextColumn(MISSING)
    column.add_values(["1", "1", "2", "1,5", "x", "x", ""], [2, 3, 4, 5, 6, 7, 8])
    assert column.value_counts() == ValueCounts(3, 1, 2, (5, "1,5"))


def test_a_block_of_texts_has_the_codes_of_a_new_column() -> None:
    """Also after the column has forgotten many texts."""
    rng, column = np.random.default_rng(0), TextColumn(MISSING)
    for size in (5, 40_000, 3, 50):
        texts = [f"t{number}" for number in rng.integers(0, 50_000, 50_000)[:size]] + ["NA", "t1"]
        chunk = "".join(f"{text},\n" for text in texts).encode()
        block = CellRows.of(chunk, delimiter=",", width=2, encoding="utf-8", line=7)
        assert block is not None
        expected = TextColumn(MISSING)
        expected.add_values(texts, range(7, 7 + len(texts)))
        ours, theirs = column.block(block.columns[0], block.lines), expected.finish()
        assert (ours.texts, list(ours.lines)) == (theirs.texts, list(theirs.lines))
        np.testing.assert_array_equal(ours.codes, theirs.codes)


CELLS = st.lists(
    st.one_of(
        st.sampled_from(["a", "b", "NA", "", "Elm 11, Riverside", "größe"]),
        st.text("ab", max_size=40),
        st.integers(0, 3000).map(str),
    ),
    min_size=1,
    max_size=200,
)


def add(column: TextColumn, texts: list[str], line: int) -> None:
    chunk = "".join(f'"{text}",\n' for text in texts).encode()
    block = CellRows.of(chunk, delimiter=",", width=2, encoding="utf-8", line=line)
    assert block is not None
    column.add(block.columns[0], block.lines)


@given(CELLS, CELLS, CELLS)
def test_codes_are_those_of_the_strings(first: list[str], second: list[str], third: list[str]) -> None:
    by_bytes, by_strings = (TextColumn(frozenset(["", "NA"])) for _ in range(2))
    line = 2
    for texts in (first, second, third):
        add(by_bytes, texts, line)
        by_strings.add_values(texts, range(line, line + len(texts)))
        line += len(texts)
    ours, theirs = by_bytes.finish(), by_strings.finish()
    assert (ours.texts, ours.lines) == (theirs.texts, theirs.lines)
    np.testing.assert_array_equal(ours.codes, theirs.codes)


def test_texts_that_were_strings_at_first_are_found_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an irregular chunk, cells are read again."""
    column = TextColumn(frozenset(["-"]))
    column.add_values(["a", "b", "-"], range(2, 5))
    add(column, ["b", "-", "c", "a"], 5)
    monkeypatch.setattr(CellRows, "texts", None)
    add(column, ["c", "b", "a", "-"], 9)
    assert column.finish().codes.tolist() == [0, 1, -1, 1, -1, 2, 0, 2, 1, 0, -1]


def test_more_texts_than_are_looked_up() -> None:
    column = TextColumn(frozenset())
    texts = [f"text {number}" for number in range(40_000)]
    for _ in range(2):
        add(column, texts, 2)
    np.testing.assert_array_equal(column.finish().codes, [*range(40_000)] * 2)

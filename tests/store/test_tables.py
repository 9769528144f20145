from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fnnctl.arrays import FloatArray
from fnnctl.errors import DataError
from fnnctl.store.tables import ROWS_OF_A_BLOCK, CsvTable, csv_lines, read_table, wide_csv_lines


def read(text: str) -> CsvTable:
    return read_table(text.encode(), Path("x.csv"))


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "".join(csv_lines(columns, rows))


def test_csv_is_plain() -> None:
    text = to_csv(("row", "label", "p"), [(0, "=cmd()", 0.1), (1, "a,b", None), (2, 'say "x"', 1e-20)])
    assert text == 'row,label,p\n0,=cmd(),0.1\n1,"a,b",\n2,"say ""x""",1e-20\n'


def test_hostile_names_are_read_back(hostile_classes: tuple[str, ...]) -> None:
    table = read(to_csv(hostile_classes, [hostile_classes]))
    assert table.columns == hostile_classes
    assert table.rows == (hostile_classes,)


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_any_text_is_read_back_by_fnnctl_and_by_csv(rows: list[list[str]]) -> None:
    text = to_csv(("a", "b"), rows)
    assert [list(row) for row in read(text).rows] == rows
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == rows


@given(st.lists(st.floats() | st.none()))
def test_numbers_keep_every_bit(numbers: list[float | None]) -> None:
    table = read(to_csv(("x", "y"), [(number, 0) for number in numbers]))
    assert [repr(number) for number in table.numbers(0)] == [repr(number) for number in numbers]


def test_numpy_numbers_are_written_like_python_ones() -> None:
    assert to_csv(("a", "b"), [(np.float64(0.1), np.int64(3))]) == "a,b\n0.1,3\n"


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 3)), elements=st.floats()))
def test_wide_rows_keep_every_bit_too(numbers: FloatArray) -> None:
    columns = ("name", *map(str, range(numbers.shape[1])))
    names = [f'a,"{row}"\n' for row in range(len(numbers))]
    blocks = [([[name] for name in names[part]], numbers[part]) for part in (slice(1), slice(1, None))]
    table = read("".join(wide_csv_lines(columns, blocks)))
    assert table.columns == columns
    assert table.column(0) == names
    found = [table.numbers(1 + index) for index in range(numbers.shape[1])]
    assert repr(found) == repr(numbers.T.tolist())


def test_floats_of_a_wide_table_are_rounded() -> None:
    blocks = [([(0, "0.123456", 2.5, "5%"), (1, None, -0.001, "a\r")], np.array([[1e22], [0.125]]))]
    lines = "".join(wide_csv_lines("abcde", blocks, decimals=2)).split("\n")
    assert lines[1:] == ["0,0.123456,2.50,5%,10000000000000000000000.00", '1,,0.00,"a\r",0.12', ""]


def test_a_wide_table_may_have_no_rows_and_no_numbers() -> None:
    blocks = [([], np.empty((0, 2))), ([["a"], [""]], np.empty((2, 0)))]
    assert list(wide_csv_lines(("x",), blocks)) == ["x\n", 'a\n""\n']


def test_an_endless_table_comes_in_blocks() -> None:
    texts = csv_lines(("a", "b"), ((number, 0.5) for number in itertools.count()))
    lines = "".join(next(texts) for _ in range(3)).splitlines()
    assert lines == ["a,b", *(f"{number},0.5" for number in range(len(lines) - 1))]
    assert len(lines) == 3 * ROWS_OF_A_BLOCK


@pytest.mark.parametrize("rows", [0, ROWS_OF_A_BLOCK - 2, ROWS_OF_A_BLOCK - 1, ROWS_OF_A_BLOCK])
def test_a_block_may_end_with_the_table(rows: int) -> None:
    text = "".join(csv_lines(("a", "b"), ((number, "x\r") for number in range(rows))))
    assert read(text).column(0) == [str(number) for number in range(rows)]
    assert read(text).column(1) == ["x\r"] * rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a CSV table"),
        (b"a,b\n1,2\n3\n", "row 2 has 1 values, but the header has 2"),
        (b'a,b\n"1,2\n', "not a CSV table"),
        (b"\xff\n", "not a CSV table"),
    ],
)
def test_damage_is_reported(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(content, Path("x.csv"))


def test_text_in_a_column_of_numbers_is_damage() -> None:
    with pytest.raises(DataError, match=r"x\.csv: is damaged: column 'loss': .*'many'"):
        read("epoch,loss\n1,many\n").numbers(1)

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
from fnnctl.store.tables import ROWS_OF_A_BLOCK, CsvTable, csv_lines, read_table, wide_csv_lines, wide_lines
from tests.messages import Messages


def read(text: str) -> CsvTable:
    return read_table(text.encode(), Path("x.csv"))


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "".join(csv_lines(columns, rows))


def test_csv_is_plain() -> None:
    rows = [(0, "=cmd()", np.float64(0.1)), (np.int64(1), "a,b", None), (2, 'say "x"', 1e-20)]
    text = to_csv(("row", "label", "p"), rows)
    assert text == 'row,label,p\n0,=cmd(),0.1\n1,"a,b",\n2,"say ""x""",1e-20\n'


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_any_text_is_read_back_by_fnnctl_and_by_csv(rows: list[list[str]]) -> None:
    text = to_csv(("a", "b"), rows)
    assert [list(row) for row in read(text).rows] == rows
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == rows


@given(st.lists(st.floats() | st.none()))
def test_numbers_keep_every_bit(numbers: list[float | None]) -> None:
    table = read(to_csv(("x", "y"), [(number, 0) for number in numbers]))
    assert [repr(number) for number in table.numbers(0)] == [repr(number) for number in numbers]


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


def test_cells_may_stand_after_the_numbers() -> None:
    """And texts may have ends of lines in them."""
    texts: list[list[object]] = [["a\r\nb", 0.125], ["c", -0.001]]
    block = texts, np.array([[0.25], [4.0]]), texts
    assert "".join(wide_lines([block])) == '"a\r\nb",0.125,0.25,"a\r\nb",0.125\nc,-0.001,4,c,-0.001\n'
    rounded = "".join(wide_lines([block], decimals=2))
    assert rounded == '"a\r\nb",0.12,0.25,"a\r\nb",0.12\nc,0.00,4.00,c,0.00\n'


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
    "content",
    [b"", b"a,b\n1,2\n3\n", b'a,b\n"1,2\n', b"\xff\n", b"epoch,loss\n1,many\n"],
    ids=["empty", "short row", "open quote", "no text", "no number"],
)
def test_damage_is_reported(content: bytes, messages: Messages) -> None:
    with pytest.raises(DataError) as caught:
        read_table(content, Path("x.csv")).numbers(1)
    messages.check(caught.value)

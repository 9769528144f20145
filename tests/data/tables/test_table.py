from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.data import matrix
from fnnctl.data.matrix import NumberMatrix
from fnnctl.data.problems import Problems
from fnnctl.data.tables import csv_file, records
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.data.tables.table import Kind, Table, code_matrix, numeric_matrix, read_table
from tests.data.columns.coding import coded

FORM = CsvFormat(",", "utf-8", frozenset({"", "NA"}))


def read(
    folder: Path, content: str, kinds: dict[str, Kind] | None = None, others: Kind | None = None
) -> tuple[Table, list[str]]:
    (folder / "t.csv").write_text(content)
    problems = Problems("t.csv")
    table = read_table(folder / "t.csv", FORM, kinds or {}, problems, default_kind=others)
    return table, str(problems.error()).splitlines()


def test_numbers_and_categories_are_distinguished(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "a,b,c\n1,x,\n,NA,2e3\n-3,1,NA\n5,y,.5\n")
    assert (problems, table.names, table.rows) == ([], ("a", "b", "c"), 4)
    np.testing.assert_array_equal(table.numeric["a"], [1, np.nan, -3, 5])
    np.testing.assert_array_equal(table.numeric["c"], [np.nan, 2000, np.nan, 0.5])
    assert list(table.categorical) == ["b"]
    assert table.categorical["b"].texts == ("x", "1", "y")


def test_columns_that_were_not_asked_for_may_be_left_out(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "a,b\n1,2\n3,x\n5,6\n", {"a": "numeric"}, others="ignore")
    assert (problems, list(table.numeric), table.names) == ([], ["a"], ("a", "b"))


CELLS = ["1", "23", "01", "01234", "00.5", "-3", "1e3", " 07 ", "2024-01-05", "x", "NA", ""]


@given(st.lists(st.sampled_from(CELLS), max_size=14), st.randoms(use_true_random=False))
@settings(max_examples=25, derandomize=True)
def test_the_kind_of_a_column_does_not_depend_on_the_order_of_its_rows(
    values: list[str], random: Random
) -> None:
    values += ["01", *["4"] * 5]  # a code among more numbers than fit into a block
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_VALUES", 8)
        patch.setattr(records, "MIN_BLOCK_ROWS", 4)
        (table, problems), (shuffled, of_shuffled) = (
            read(Path(folder), "a,n\n" + "".join(f"{value},1\n" for value in rows))
            for rows in (values, random.sample(values, len(values)))
        )
    assert len(problems) == len(of_shuffled)
    kinds = [column and column.kind for column in (table.types.get("a"), shuffled.types.get("a"))]
    assert kinds[0] == kinds[1]


def test_a_code_after_many_numbers_makes_categories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts keep the spelling of the numbers before them."""
    monkeypatch.setattr(records, "BLOCK_VALUES", 4)
    monkeypatch.setattr(records, "MIN_BLOCK_ROWS", 2)
    rows = "12345,00.5,1,01\n" * 10 + "01234,00.25,2,x\n" * 11
    table, problems = read(tmp_path, f"zip,half,n,late\n{rows}", {"n": "numeric"})
    assert (problems, list(table.numeric)) == ([], ["half", "n"])
    assert table.categorical["zip"].texts == ("12345", "01234")
    assert table.categorical["late"].texts == ("01", "x")
    assert table.categorical["late"].counts().tolist() == [10, 11]
    table, _ = read(tmp_path, f"zip,half,n,late\n{rows}", {"zip": "numeric"})
    assert table.numeric["zip"][-1] == 1234


def part(labels: list[str], sizes: list[float], colours: list[str]) -> Table:
    numeric = NumberMatrix(["size"])
    numeric.append(np.array(sizes)[:, None])
    categorical = {"y": coded(*labels), "colour": coded(*colours)}
    return Table(("size", "colour", "y"), numeric, categorical, len(labels)).labelled("y")


def test_rows_without_a_label_are_left_out_and_the_second_part_follows() -> None:
    """The categories of both parts share one sorted code."""
    parts = [
        part(["q", "", "p"], [1.0, 2.0, np.nan], ["red", "blue", ""]),
        part(["p", "q"], [4.0, 5.0], ["green", "red"]),
    ]
    assert [table.rows for table in parts] == [2, 2]
    numbers, packing = numeric_matrix(parts, ["size"])
    np.testing.assert_array_equal(numbers, [[1.0], [np.nan], [4.0], [5.0]])
    assert packing is None
    codes, categories = code_matrix(parts, ["colour"])
    assert categories == (("blue", "green", "red"),)
    assert codes.dtype == np.int32
    assert codes.tolist() == [[2], [-1], [1], [2]]


@pytest.mark.parametrize(
    ("line", "end"),
    [("{k},{k}.5", ""), ("{k},{k}.5,,,,", ",,,,"), ("{k},{k}.5, ,", ",,"), ("{k}  ,{k}.5 ", "")],
)
@pytest.mark.parametrize("irregular", ["", "\n", '"\n7",7{end}\n', ' "7",7{end}\n'])
def test_numbers_of_cells_are_packed_as_those_of_strings(
    line: str, end: str, irregular: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first blocks decide, so they end in the same rows. Numbers grow, so other rows decide otherwise."""
    monkeypatch.setattr(matrix, "EXACT_VALUES", 900)
    monkeypatch.setattr(records, "BLOCK_VALUES", 64)
    monkeypatch.setattr(records, "MIN_BLOCK_ROWS", 8)
    monkeypatch.setattr(csv_file, "CHUNK_RECORDS", 1)
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 300)
    rows = [line.format(k=2 ** (k // 30)) + "\n" for k in range(1000)]
    content = f"a,b{end}\n" + "".join(rows[:100]) + irregular.format(end=end) + "".join(rows[100:])
    stored = []
    for small_bytes in (0, 2**18):
        monkeypatch.setattr(csv_file, "SMALL_BYTES", small_bytes)
        table, problems = read(tmp_path, content)
        assert problems == []
        stored.append(numeric_matrix([table], ["a", "b"]))
    (by_cells, packing), (by_strings, expected) = stored
    assert packing is not None
    assert expected is not None
    np.testing.assert_array_equal(by_cells, by_strings)
    np.testing.assert_array_equal([*packing.offset, *packing.scale], [*expected.offset, *expected.scale])

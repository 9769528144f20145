from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.data import matrix
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.matrix import NumberMatrix
from fnnctl.data.problems import Problems
from fnnctl.data.tables import csv_file, records
from fnnctl.data.tables.column_readers import TextColumn
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.data.tables.table import Kind, Table, code_matrix, numeric_matrix, read_table

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
    assert problems == []
    assert table.names == ("a", "b", "c")
    assert table.rows == 4
    np.testing.assert_array_equal(table.numeric["a"], [1, np.nan, -3, 5])
    np.testing.assert_array_equal(table.numeric["c"], [np.nan, 2000, np.nan, 0.5])
    assert list(table.categorical) == ["b"]
    assert table.categorical["b"].texts == ("x", "1", "y")


def test_declared_kinds_override_the_look(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "a,b,c\n1,2,x\n3,4,y\n", {"a": "categorical", "c": "ignore"})
    assert problems == []
    assert table.categorical["a"].texts == ("1", "3")
    assert list(table.numeric) == ["b"]
    assert "c" not in table.categorical


def test_columns_that_were_not_asked_for_may_be_left_out(tmp_path: Path) -> None:
    table, problems = read(tmp_path, "a,b\n1,2\n3,x\n5,6\n", {"a": "numeric"}, others="ignore")
    assert problems == []
    assert list(table.numeric) == ["a"]
    assert table.names == ("a", "b")


def test_texts_after_thousands_of_numbers_keep_the_numbers_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BLOCK_VALUES", 4)
    monkeypatch.setattr(records, "MIN_BLOCK_ROWS", 1)
    table, problems = read(tmp_path, "a,b\n" + "01,2\n" * 10 + "x,3\n" * 11)
    assert problems == []
    assert table.categorical["a"].texts == ("01", "x")
    assert table.categorical["a"].counts().tolist() == [10, 11]
    assert table.numeric["b"].sum() == 10 * 2 + 11 * 3


@given(
    st.lists(
        st.sampled_from(["1", "23", "01", "01234", "00.5", "-3", "1e3", " 07 ", "2024-01-05", "x", "NA", ""]),
        max_size=14,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=25, derandomize=True)
def test_the_kind_of_a_column_does_not_depend_on_the_order_of_its_rows(
    values: list[str], random: Random
) -> None:
    values += ["01", *["4"] * 5]  # a code among more numbers than fit into a block
    other = random.sample(values, len(values))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_VALUES", 8)
        patch.setattr(records, "MIN_BLOCK_ROWS", 4)
        tables = [
            read(Path(folder), "a,n\n" + "".join(f"{value},1\n" for value in rows))
            for rows in (values, other)
        ]
    kinds = [table.types.get("a") if problems else table.types["a"].kind for table, problems in tables]
    assert kinds[0] == kinds[1]
    assert len({len(problems) for _, problems in tables}) == 1


def test_a_code_after_many_numbers_makes_categories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK_VALUES", 4)
    monkeypatch.setattr(records, "MIN_BLOCK_ROWS", 2)
    rows = "12345,00.5,1\n" * 10 + "01234,00.25,2\n"
    table, problems = read(tmp_path, f"zip,half,n\n{rows}", {"n": "numeric"})
    assert problems == []
    assert table.categorical["zip"].texts == ("12345", "01234")
    assert list(table.numeric) == ["half", "n"]
    table, _ = read(tmp_path, f"zip,half,n\n{rows}", {"zip": "numeric"})
    assert table.numeric["zip"][-1] == 1234


def test_as_many_numbers_as_texts_are_not_decided_silently(tmp_path: Path) -> None:
    assert len(read(tmp_path, "a\n1\nx\n")[1]) == 1
    assert read(tmp_path, "a\n1\nx\nx\n")[1] == []


def texts(values: list[str]) -> CodedTexts:
    column = TextColumn(frozenset({""}))
    column.add_values(values, range(2, len(values) + 2))
    return column.coded()


def part(labels: list[str], sizes: list[float], colours: list[str]) -> Table:
    categorical = {"y": texts(labels), "colour": texts(colours)}
    numeric = NumberMatrix(["size"])
    numeric.append(np.array(sizes)[:, None])
    return Table(("size", "colour", "y"), numeric, categorical, len(labels)).labelled("y")


def two_parts() -> list[Table]:
    return [
        part(["q", "", "p"], [1.0, 2.0, np.nan], ["red", "blue", ""]),
        part(["p", "q"], [4.0, 5.0], ["green", "red"]),
    ]


def test_rows_without_a_label_are_left_out_and_the_second_part_follows() -> None:
    parts = two_parts()
    assert [each.rows for each in parts] == [2, 2]
    numbers, packing = numeric_matrix(parts, ["size"])
    np.testing.assert_array_equal(numbers, [[1.0], [np.nan], [4.0], [5.0]])
    assert packing is None
    labels = CodedTexts.concatenate([each.categorical["y"] for each in parts])
    assert labels.codes.tolist() == [1, 0, 0, 1]
    assert labels.codes.dtype == np.intp
    assert labels.texts == ("p", "q")


def test_categories_of_both_parts_share_one_sorted_code() -> None:
    codes, categories = code_matrix(two_parts(), ["colour"])
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

from __future__ import annotations

import pytest

from fnnctl.data.tables.records import declared_delimiter, find_delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    lines = [delimiter.join(row) + "\n" for row in (["a", "b", "y"], ["1", "2", "p"], ["3", "4", "q"])]
    assert find_delimiter(lines) == delimiter


def test_decimal_commas_and_commas_in_names_do_not_mislead() -> None:
    assert find_delimiter(["a;b;y\n", "1,5;2,5;p\n", "3,5;4,5;q\n"]) == ";"
    assert find_delimiter(["size, cm;y\n", "1;p\n", "2;q\n"]) == ";"


def test_delimiters_inside_quotes_do_not_count() -> None:
    assert find_delimiter(['"a;b;c;d",y\n', '"1;2;3;4",p\n']) == ","


def test_a_ragged_row_does_not_matter_and_one_column_is_read_with_commas() -> None:
    assert find_delimiter(["a;b;y\n", "1;2\n", "1;2;p\n"]) == ";"
    assert find_delimiter(["y\n", "p\n"]) == ","
    assert find_delimiter([]) == ","


def test_a_value_that_csv_refuses_is_left_to_the_reader() -> None:
    assert find_delimiter(["a;y\n", "x" * 200_000 + ";p\n"]) == ";"


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sep=;\r\n", ";"), ("SEP=,\n", ","), ('"sep=|"\n', "|"), ("Sep = ;\r", ";"), (" 'sep=;' ", ";"),
        ("sep=\t\n", "\t"), ('"sep=\t"\n', "\t"), ("sep=\\t\n", "\t"), ("sep= \n", " "), ("sep=^\n", "^"),
        ("sep=", None), ("sep=\n", None), ("sep=;;\n", None), ("sep=a\n", None), ("sep;y\n", None),
        ("separator=;\n", None), ("a,sep=;\n", None), ("sep=,y\n", None), ('sep="\n', None), ("", None),
    ],
)  # fmt: skip
def test_a_first_line_may_say_it(line: str, delimiter: str | None) -> None:
    assert declared_delimiter([line, "a;y\n"]) == delimiter


def test_a_file_without_lines_says_nothing() -> None:
    assert declared_delimiter([]) is None

from __future__ import annotations

import pytest

from fnnctl.data.tables.records import declared_delimiter, find_delimiter


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        *(([f"a{mark}b{mark}y\n", f"1{mark}2{mark}p\n"], mark) for mark in ",;\t|"),
        (["a;b;y\n", "1,5;2,5;p\n", "3,5;4,5;q\n"], ";"),  # decimal commas
        (["size, cm;y\n", "1;p\n", "2;q\n"], ";"),
        (['"a;b;c;d",y\n', '"1;2;3;4",p\n'], ","),  # inside quotes
        (["a;b;y\n", "1;2\n", "1;2;p\n"], ";"),  # a ragged row
        (["y\n", "p\n"], ","),
        ([], ","),
        (["a;y\n", "x" * 200_000 + ";p\n"], ";"),  # a value that csv refuses
    ],
)
def test_the_delimiter_is_found(lines: list[str], delimiter: str) -> None:
    assert find_delimiter(lines) == delimiter


def test_a_first_line_may_say_it() -> None:
    delimiters = {
        "sep=;\r\n": ";", "SEP=,\n": ",", '"sep=|"\n': "|", "Sep = ;\r": ";", " 'sep=;' ": ";",
        "sep=\t\n": "\t", '"sep=\t"\n': "\t", "sep=\\t\n": "\t", "sep= \n": " ", "sep=^\n": "^",
        "sep=": None, "sep=\n": None, "sep=;;\n": None, "sep=a\n": None, "sep;y\n": None,
        "separator=;\n": None, "a,sep=;\n": None, "sep=,y\n": None, 'sep="\n': None, "": None,
    }  # fmt: skip
    assert {line: declared_delimiter([line, "a;y\n"]) for line in delimiters} == delimiters
    assert declared_delimiter([]) is None

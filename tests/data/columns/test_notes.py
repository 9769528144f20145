from __future__ import annotations

from fnnctl.data.columns.formats.dates import TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.notes import conversion_notes, conversion_warnings, spelling_notes
from fnnctl.data.columns.types import ColumnType
from fnnctl.messages import sentences


def number(name: str, warning: str | None = None) -> ColumnType:
    return ColumnType(
        name=name, kind="numeric", format=NumberFormat(), example=("$1,000", "1000"), warning=warning
    )


def test_a_line_per_kind_of_conversion() -> None:
    types = [
        number("price"),
        ColumnType(name="x", kind="numeric"),
        number("ambiguous", warning="why"),
        number("co\x1bst"),
        ColumnType(name="t", kind="date", format=TimeFormat(), example=("6:30", "hour 6.5")),
        ColumnType(name="", kind="index", ignored="it has no name"),
    ]
    assert list(conversion_notes(types)) == [
        "numbers in another notation: price: '$1,000' is read as 1000; co\\x1bst: '$1,000' is read as 1000",
        "dates and times as numbers: t: '6:30' is read as hour 6.5",
        "the first column is ignored: it has no name",
    ]
    assert list(conversion_notes([ColumnType(name="x", kind="numeric")])) == []


def test_a_line_names_a_few_columns() -> None:
    (line,) = conversion_notes([number(f"n{j}") for j in range(14)])
    assert line.endswith("; n9: '$1,000' is read as 1000; and 4 more columns")


def test_texts_and_what_may_be_wrong_are_warned_of() -> None:
    types = [
        number("a", warning="'1,250' is read as 1250"),
        ColumnType(name="remark", kind="text", ignored="nearly all differ"),
    ]
    assert list(sentences(conversion_warnings(types, "t.csv"))) == [
        "column 'a' of t.csv: '1,250' is read as 1250",
        "a column of t.csv has a different text in (nearly) every row and is ignored: 'remark' (to use it, "
        "add it to data.columns.categorical)",
    ]
    (line,) = sentences(
        conversion_warnings([types[1], ColumnType(name="b", kind="text", ignored="x")], "t.csv")
    )
    assert line.startswith("2 columns of t.csv have a different text in (nearly) every row and are ignored: ")


def test_categories_that_differ_only_in_case_are_told_in_one_line() -> None:
    columns = {"tier": ["Gold", "gold", "GOLD ", "silver"], "x": ["a", "b"], "y": ["p q", "pq", "r", "R"]}
    assert list(spelling_notes(columns)) == [
        "categories that differ only in case or blanks (write them alike if they are one): "
        "tier: 'Gold', 'gold' and 'GOLD '; y: 'p q' and 'pq' (and 1 more)"
    ]
    assert list(spelling_notes({"x": ["a", "b"]})) == []

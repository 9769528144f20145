from __future__ import annotations

from fnnctl.data.columns.formats.dates import TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.notes import conversion_notes, conversion_warnings, spelling_notes
from fnnctl.data.columns.types import ColumnType
from fnnctl.messages import sentences
from tests.messages import Messages


def number(name: str, warning: str | None = None) -> ColumnType:
    return ColumnType(
        name=name, kind="numeric", format=NumberFormat(), example=("$1,000", "1000"), warning=warning
    )


def test_a_line_per_kind_of_conversion(messages: Messages) -> None:
    types = [
        number("price"),
        ColumnType(name="x", kind="numeric"),
        number("ambiguous", warning="why"),
        number("co\x1bst"),
        ColumnType(name="t", kind="date", format=TimeFormat(), example=("6:30", "hour 6.5")),
        ColumnType(name="", kind="index", ignored="it has no name"),
    ]
    messages.check("\n".join(conversion_notes(types)))
    messages.check("\n".join(conversion_notes([number(f"n{j}") for j in range(14)])))
    assert list(conversion_notes([ColumnType(name="x", kind="numeric")])) == []


def test_texts_and_what_may_be_wrong_are_warned_of(messages: Messages) -> None:
    remark = ColumnType(name="remark", kind="text", ignored="nearly all differ")
    for types in ([number("a", warning="'1,250' is read as 1250"), remark], [remark, remark]):
        messages.check("\n".join(sentences(conversion_warnings(types, "t.csv"))))


def test_categories_that_differ_only_in_case_are_told_in_one_line(messages: Messages) -> None:
    columns = {"tier": ["Gold", "gold", "GOLD ", "silver"], "x": ["a", "b"], "y": ["p q", "pq", "r", "R"]}
    (note,) = spelling_notes(columns)
    messages.check(note)
    assert list(spelling_notes({"x": ["a", "b"]})) == []

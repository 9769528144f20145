from __future__ import annotations

from collections.abc import Sequence

import pytest

from fnnctl.data.profile.table import TableFacts
from tests.data.profile.conftest import Look

ROWS = 40
TARGET = ["good", "poor"] * (ROWS // 2)


def kinds(facts: TableFacts, name: str) -> list[str]:
    return [note.kind for note in facts.notes.get(name, ())]


def column(look: Look, values: Sequence[object], name: str = "x") -> TableFacts:
    return look({name: values, "other": [number % 7 / 2 for number in range(len(values))]})


@pytest.mark.parametrize(
    ("name", "values", "kind", "left_out"),
    [
        ("x", range(100, 100 + ROWS), "id", True),
        ("x", [7 * number % ROWS for number in range(ROWS)], "id", True),
        ("customer_id", [number * 1000 for number in range(ROWS)], "id", True),
        ("customerId", [number**2 for number in range(ROWS)], "id", True),
        ("x", [5] * ROWS, "constant", True),
        ("x", ["a"] * ROWS, "constant", True),
        ("x", [5] * 30 + [""] * 10, "constant", False),
        ("x", ["1.5", "2.5", "3.5"] + [""] * 37, "missing", False),
        ("x", [f"name {number}" for number in range(ROWS)], "ignored", True),
        ("x", [""] * ROWS, "ignored", True),
        ("x", [number % 9 for number in range(ROWS - 1)] + [-999], "sentinel", False),
        ("x", [number % 9 for number in range(ROWS - 1)] + [9999], "sentinel", False),
        ("zip code", [number % 9 * 10 for number in range(ROWS)], "codes", False),
        ("x", [number % 9 for number in range(ROWS)], None, False),
        ("x", [number * 1000 for number in range(ROWS)], None, False),
        ("x", [number / 2 for number in range(ROWS)], None, False),
        ("x", range(10), None, False),
        ("age", [number + 60 for number in range(ROWS - 1)] + [99], "id", True),
        ("age", [number % 30 + 60 for number in range(ROWS - 1)] + [99], None, False),
        ("x", [f"name {number % 20}" for number in range(ROWS)], None, False),
        ("customer_id", [f"K{number % 15}" for number in range(ROWS)], "group", False),
        ("customer_id", [number % 9 for number in range(ROWS)], None, False),
        ("patientId", [number % 15 * 31 for number in range(ROWS)], "group", False),
        ("userid", [number % 15 * 31 for number in range(ROWS)], "group", False),
        ("Customer No.", [number % 15 * 31 for number in range(ROWS)], "group", False),
        ("account_balance", [number % 15 * 31 for number in range(ROWS)], None, False),
        ("number_of_rooms", [number % 15 for number in range(ROWS)], None, False),
        ("paid", [number % 15 * 31 for number in range(ROWS)], None, False),
        ("customer_id", [number % 15 / 2 for number in range(ROWS)], None, False),
        ("x", ["Gold", "gold", "silver", "Silver "] * 10, "spelling", False),
    ],
)
def test_a_column_is_noted(
    look: Look, name: str, values: Sequence[object], kind: str | None, left_out: bool
) -> None:
    facts = column(look, list(values), name)
    assert kinds(facts, name) == ([] if kind is None else [kind])
    assert list(facts.left_out) == ([name] if left_out else [])


def test_nearly_all_missing_is_left_out(look: Look) -> None:
    facts = column(look, ["1.5", "2.5"] + [""] * 198)
    assert facts.left_out == {"x": "is missing in 99 % of the rows"}


def test_a_second_copy_is_left_out(look: Look) -> None:
    celsius = [number % 11 for number in range(ROWS)]
    facts = look({"a": celsius, "b": [f"{value}.0" for value in celsius], "c": TARGET,
                  "d": [text.upper() for text in TARGET]})  # fmt: skip
    assert facts.left_out == {
        "b": "has the same values as 'a'",
        "d": "has one value for each value of 'c'",
    }


def test_a_column_that_stands_for_the_target_is_left_out(look: Look) -> None:
    data = {
        "number": [int(text == "good") for text in TARGET],
        "text": [text[0] for text in TARGET],
        "nearly": ["g", *(text[0] for text in TARGET[1:-1]), "g"],
        "finer": [f"{text}{number % 4 // 2}" for number, text in enumerate(TARGET)],
        "y": TARGET,
    }
    facts = look(data, "y")
    assert list(facts.left_out) == ["number", "text"]
    assert facts.left_out["number"] == "has one value for each value of 'y'"
    assert "y" not in facts.notes
    # without a target they are copies of one another
    assert "number" not in look(data).left_out


def test_rows_without_a_target_do_not_hide_a_copy_of_it(look: Look) -> None:
    target = ["", *TARGET[1:]]
    assert list(look({"c": [text[0] for text in TARGET], "y": target}, "y").left_out) == ["c"]


def test_numbers_that_never_repeat_are_compared_by_value(look: Look) -> None:
    target = [number * 1.5 for number in range(ROWS)]
    other = [number * 1.25 for number in range(ROWS)]
    facts = look({"copy": target, "other": other, "y": target}, "y")
    assert list(facts.left_out) == ["copy"]


def test_a_sentinel_says_what_to_declare(look: Look) -> None:
    (note,) = column(look, [number % 9 for number in range(ROWS - 1)] + [-999]).notes["x"]
    assert note.value == "-999"
    assert note.text == "has -999, far from its other numbers: is it missing?"


def test_ids_that_repeat_and_two_spellings_are_told_with_what_to_do(look: Look) -> None:
    facts = column(look, [f"K{number % 15}" for number in range(ROWS)], "patient")
    assert [note.text for note in facts.notes["patient"]] == [
        "has 15 different values in 40 rows, like an id that repeats: if new rows will have other ones, set "
        "data.split.group to it"
    ]
    facts = column(look, ["Gold", "gold", "silver", "Silver"] * 10)
    assert [note.text for note in facts.notes["x"]] == [
        "has 'Gold' and 'gold' (and 1 more): if they are one category, write them alike"
    ]

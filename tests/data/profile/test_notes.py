from __future__ import annotations

from collections.abc import Sequence

import pytest

from fnnctl.data.profile.table import TableFacts
from tests.data.profile.conftest import Look
from tests.messages import Messages

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
        ("x", [5] * 30 + [""] * 10, "constant", False),
        ("x", ["1.5", "2.5", "3.5"] + [""] * 37, "missing", False),
        ("x", ["1.5", "2.5"] + [""] * 198, "missing", True),
        ("x", [f"name {number}" for number in range(ROWS)], "ignored", True),
        ("x", [""] * ROWS, "ignored", True),
        ("x", [number % 9 for number in range(ROWS - 1)] + [-999], "sentinel", False),
        ("zip code", [number % 9 * 10 for number in range(ROWS)], "codes", False),
        ("x", [number % 9 for number in range(ROWS)], None, False),
        ("x", [number / 2 for number in range(ROWS)], None, False),
        ("x", range(10), None, False),
        ("age", [number + 60 for number in range(ROWS - 1)] + [99], "id", True),
        ("age", [number % 30 + 60 for number in range(ROWS - 1)] + [99], None, False),
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


def test_a_second_copy_is_left_out(look: Look, messages: Messages) -> None:
    celsius = [number % 11 for number in range(ROWS)]
    copies = {"b": [f"{value}.0" for value in celsius], "d": [text.upper() for text in TARGET]}
    facts = look({"a": celsius, "c": TARGET, **copies})
    for name, reason in facts.left_out.items():
        messages.check(f"{name}: {reason}")


@pytest.mark.parametrize("target", [TARGET, ["", *TARGET[1:]]], ids=["complete", "missing"])
def test_a_column_that_stands_for_the_target_is_left_out(look: Look, target: list[str]) -> None:
    """Without a target they are copies of one another."""
    data = {
        "number": [int(text == "good") for text in TARGET],
        "text": [text[0] for text in TARGET],
        "nearly": ["g", *(text[0] for text in TARGET[1:-1]), "g"],
        "finer": [f"{text}{number % 4 // 2}" for number, text in enumerate(TARGET)],
        "y": target,
    }
    facts = look(data, "y")
    assert facts.left_out == dict.fromkeys(["number", "text"], "has one value for each value of 'y'")
    assert "y" not in facts.notes
    assert "number" not in look(data).left_out


def test_numbers_that_never_repeat_are_compared_by_value(look: Look) -> None:
    target, smaller = ([number * factor for number in range(ROWS)] for factor in (1.5, 1.25))
    assert list(look({"copy": target, "smaller": smaller, "y": target}, "y").left_out) == ["copy"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("patient", [f"K{number % 15}" for number in range(ROWS)]),
        ("x", ["Gold", "gold", "silver", "Silver"] * 10),
        ("x", [number % 9 for number in range(ROWS - 1)] + [-999]),
    ],
    ids=["ids that repeat", "spellings", "a sentinel"],
)
def test_a_note_says_what_to_do(look: Look, messages: Messages, name: str, values: list[object]) -> None:
    (note,) = column(look, values, name).notes[name]
    messages.check(f"{note.kind}: {note.text}")

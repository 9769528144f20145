from __future__ import annotations

from collections.abc import Sequence

import pytest

from fnnctl.data import matrix
from tests.data.profile.conftest import Look
from tests.messages import Messages


@pytest.mark.parametrize(
    ("columns", "target", "repeated"),
    [
        ({"a": [1.5, 1.5, 2.5, 1.5], "y": ["p", "q", "p", "p"]}, "y", 1),  # a different target
        ({"a": ["x", "y", "x"], "b": ["p", "p", "p"]}, None, 1),  # no numbers
        (
            {"id": range(30), "a": [0, 0.5, 1] * 10, "b": ["", "x", "x"] * 10, "y": ["p", "q", "q"] * 10},
            "y",
            27,
        ),
    ],
)
def test_rows_are_repeated_if_all_used_columns_are_equal(
    look: Look, columns: dict[str, Sequence[object]], target: str | None, repeated: int
) -> None:
    facts = look(columns, *([target] if target else []))
    assert facts.repeated_rows == repeated


def test_many_rows_are_compared_in_blocks(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "BLOCK_VALUES", 4)
    numbers = [number % 5 / 2 for number in range(23)]
    texts = [f"t{number % 2}" for number in range(23)]
    last = [1.5, 2.5] + [0.5] * 21
    different = {*zip(numbers, texts, last, strict=True)}
    assert look({"a": numbers, "b": texts, "c": last}).repeated_rows == 23 - len(different)


FLOWERS = ["5.1,3.5,setosa", "4.9,3.0,setosa", "6.2,2.9,virginica", "5.5,2.4,virginica", "4.4,3.2,setosa"]


@pytest.mark.parametrize("target", [None, "setosa", "5.1"])
def test_a_first_line_that_looks_like_data_is_noted(
    look: Look, messages: Messages, target: str | None
) -> None:
    (warning,) = look("\n".join(FLOWERS), *([target] if target else [])).warnings
    messages.check(warning)


@pytest.mark.parametrize(
    "header", ["length,width,species", "2010,2011,country", "length,width,setosa", "2010,width,species"]
)
def test_names_are_no_data(look: Look, header: str) -> None:
    """Some are years; a single column may have the name of a value."""
    assert look("\n".join([header, *FLOWERS])).warnings == ()
    assert look("word\nword\nof\nword\nof\n").warnings == ()

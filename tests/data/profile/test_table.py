from __future__ import annotations

import pytest

from fnnctl.data import matrix
from tests.data.profile.conftest import Look


def test_rows_are_repeated_if_all_used_columns_are_equal(look: Look) -> None:
    size = 30
    facts = look(
        {
            "id": range(size),
            "a": [number % 3 / 2 for number in range(size)],
            "b": ["x" if number % 3 else "" for number in range(size)],
            "y": ["p", "q", "q"] * 10,
        },
        "y",
    )
    assert list(facts.left_out) == ["id"]
    assert (facts.rows, facts.repeated_rows) == (size, size - 3)


def test_a_different_target_makes_a_row_different(look: Look) -> None:
    facts = look({"a": [1.5, 1.5, 2.5, 1.5], "y": ["p", "q", "p", "p"]}, "y")
    assert facts.repeated_rows == 1


def test_a_table_without_numbers(look: Look) -> None:
    assert look({"a": ["x", "y", "x"], "b": ["p", "q", "p"]}).repeated_rows == 1


def test_many_rows_are_compared_in_blocks(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "BLOCK_VALUES", 4)
    columns = {"a": [number % 5 / 2 for number in range(23)], "b": [f"t{number % 2}" for number in range(23)],
               "c": [1.5, 2.5] + [0.5] * 21}  # fmt: skip
    pairs = list(zip(*columns.values(), strict=True))
    assert look(columns).repeated_rows == len(pairs) - len(set(pairs))


FLOWERS = ["5.1,3.5,setosa", "4.9,3.0,setosa", "6.2,2.9,virginica", "5.5,2.4,virginica", "4.4,3.2,setosa"]


@pytest.mark.parametrize("target", [None, "setosa", "5.1"])
def test_a_first_line_that_looks_like_data_is_noted(look: Look, target: str | None) -> None:
    (warning,) = look("\n".join(FLOWERS), target).warnings
    assert warning == (
        "the first line is taken for the names of the columns, but looks like data: '5.1', '3.5', "
        "'setosa'. If it is data, add a line of names before it"
    )


@pytest.mark.parametrize(
    "header",
    [
        "length,width,species",
        "2010,2011,country",  # years
        "length,width,setosa",
        "2010,width,species",
    ],
)
def test_names_are_no_data(look: Look, header: str) -> None:
    assert look("\n".join([header, *FLOWERS])).warnings == ()


def test_a_single_column_may_have_the_name_of_a_value(look: Look) -> None:
    assert look("word\nword\nof\nword\nof\n").warnings == ()

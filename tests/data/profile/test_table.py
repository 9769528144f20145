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

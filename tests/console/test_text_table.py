from __future__ import annotations

import pytest

from fnnctl.console.text_table import table_lines, text_width

COLUMNS = {"run": ["abcdef", "a"], "name": ["日本", "é"], "seed": ["7", "123456"]}


def test_numbers_are_aligned_to_the_right_and_no_line_ends_with_a_space() -> None:
    assert table_lines(COLUMNS, right=["seed"]) == [
        "run     name    seed",
        "abcdef  日本       7",
        "a       é     123456",
    ]
    assert table_lines({"run": ["a"], "name": [""]}) == ["run  name", "a"]


@pytest.mark.parametrize(
    ("width", "heading"),
    [(20, "run     name    seed"), (19, "run       seed"), (14, "run       seed"), (13, "run"), (1, "run")],
)
def test_columns_are_left_out_until_the_rest_fits(width: int, heading: str) -> None:
    lines = table_lines(COLUMNS, right=["seed"], width=width, left_out=["other", "name", "seed"])
    assert lines[0] == heading


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("é", 1), ("", 0)])
def test_the_width_of_a_text(text: str, width: int) -> None:
    assert text_width(text) == width

from __future__ import annotations

import pytest

from fnnctl.report.blocks import DrawnNumbers
from fnnctl.report.html.figures import numbers_table
from tests.report.html.checked import Page


@pytest.mark.parametrize(
    ("columns", "rows", "text"),
    [
        (2, 1, " 1 row of a.csv"),
        (2, 5, " 1 of 5 rows of a.csv"),
        (100, 1, " 1 row, 40 of 100 columns of a.csv"),
    ],
)
def test_a_line_says_how_much_of_the_file_is_shown(columns: int, rows: int, text: str) -> None:
    header = [f"c{number}" for number in range(columns)]
    page = Page(numbers_table(DrawnNumbers(header, [["1"] * columns], "a.csv", rows)))
    assert page.text("small") == [text]
    assert len(page.of("td")) == min(columns, 40) - 1


def test_long_numbers_are_shortened_but_a_class_keeps_its_name() -> None:
    """Of 1.1 and 1.10 neither is shortened to the other, as are numbers with many digits."""
    rows = [["1.10", "0.123456", ""], ["1e-05", "1234567.5", "17.0"]]
    page = Page(numbers_table(DrawnNumbers(("label", "x", "y"), rows, "a.csv", 2)))
    assert page.text("th") == ["label", "x", "y", "1.10", "1e-05"]
    assert page.text("td") == ["0.1235", "–", "1.235e+06", "17"]

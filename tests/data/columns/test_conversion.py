from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.columns.conversion import FormatReader, as_trained, note_plain_problems
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.problems import Problems
from tests.data.columns.coding import coded


def read(form: NumberFormat | DateFormat, *blocks: tuple[str, ...]) -> tuple[list[float], list[str]]:
    problems, reader = Problems("t.csv"), FormatReader("a", form)
    values = [reader.rows(coded(*texts), problems).ravel().tolist() for texts in blocks]
    return [value for block in values for value in block], str(problems.error()).splitlines()


COMMA, PERCENT = NumberFormat("comma"), NumberFormat(percent=True)


def test_new_rows_have_the_format_or_are_plain() -> None:
    values, problems = read(COMMA, ("1,5", "1.234", "", "1,5"))
    np.testing.assert_array_equal(values, [1.5, 1234, np.nan, 1.5])
    assert problems == []
    assert read(COMMA, ("1.5", "3"), ("2.25",)) == ([1.5, 3, 2.25], [])
    assert read(PERCENT, ("5%", "0")) == ([0.05, 0], [])
    assert read(PERCENT, ("0.05", "0")) == ([0.05, 0], [])


@pytest.mark.parametrize("most", [0, 2, 100])
def test_texts_that_occur_again_have_their_numbers(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number is bounded; a text that had no number by the format is judged anew."""
    monkeypatch.setattr("fnnctl.data.columns.conversion.MOST_KNOWN", most)
    dates = DateFormat(("days", "weekday"), "2024-01-01")
    days = ("2024-01-03", "2024-01-01"), ("2024-01-01",), ("2024-01-02", "2024-01-03"), ("2024-01-03",)
    assert read(dates, *days) == ([2, 2, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2], [])
    assert read(COMMA, ("1.5", "3"), ("3", "1.5", "2.25"), ("1.5",)) == ([1.5, 3, 3, 1.5, 2.25, 1.5], [])
    _, problems = read(COMMA, ("1.5",), ("1.5", "1,5"))
    assert "are written differently" in problems[0]


@pytest.mark.parametrize(
    ("form", "blocks"),
    [
        (COMMA, (("1,5", "2.5"),)),
        (COMMA, (("1.234",), ("3", "2.5"))),  # the first was read as a thousand
        (PERCENT, (("5%",), ("0.05",))),
        (PERCENT, (("0.05",), ("5%",))),
    ],
)
def test_both_in_one_file_are_ambiguous(form: NumberFormat, blocks: tuple[tuple[str, ...], ...]) -> None:
    _, problems = read(form, *blocks)
    assert len(problems) == 1
    assert "are written differently: write all as in the training data" in problems[0]


def test_a_text_that_cannot_be_read_is_told_with_its_line() -> None:
    _, problems = read(NumberFormat(currency="USD"), ("$5", "x", "y"))
    assert problems == ["t.csv:3: column 'a': 'x' is not a number with a decimal point, plain or in USD"]
    _, problems = read(NumberFormat("comma", percent=True), ("5,0",))  # it needs no point
    assert problems == ["t.csv:2: column 'a': '5,0' is not a number with a decimal comma and a percent sign"]
    _, problems = read(PERCENT, ("x",))
    assert problems == ["t.csv:2: column 'a': 'x' is not a number with a decimal point and a percent sign"]
    _, problems = read(DateFormat(("days",), "2024-01-01"), ("2024-01-01", "soon"))
    assert problems == ["t.csv:3: column 'a': 'soon' is not a date as in the training data"]


def test_labels_and_categories_are_those_of_the_training_data() -> None:
    column = as_trained(coded("yes", "no", "Y", "maybe", ""), BooleanFormat(true="yes", false="no"))
    assert (column.texts, column.codes.tolist(), column.lines) == (
        ("yes", "no", "maybe"), [0, 1, 0, 2, -1], [2, 3, 5]
    )  # fmt: skip
    amounts = as_trained(coded("$1,000.50", "x", "7", "$7"), NumberFormat(currency="USD"))
    assert (amounts.texts, amounts.codes.tolist()) == (("1000.50", "x", "7"), [0, 1, 2, 2])
    plain = coded("a")
    assert as_trained(plain, None) is plain


def test_a_plain_number_that_would_be_a_huge_percentage_is_refused() -> None:
    """In a column of percentages 50 is more likely to be 50 % than 5,000 %."""
    would = "would be 5,000 %: write 50% or a fraction"
    assert read(PERCENT, ("0.5", "50"))[1] == [f"t.csv:3: column 'a': '50' has no percent sign and {would}"]
    assert read(PERCENT, ("1", "-1"))[0] == [1, -1]
    assert read(NumberFormat(currency="USD"), ("50",))[0] == [50]
    problems = Problems("t.csv")
    note_plain_problems("y", coded("50", "0.5", "50%"), PERCENT, problems)
    assert str(problems.error()) == f"t.csv:2: column 'y': '50' has no percent sign and {would}"

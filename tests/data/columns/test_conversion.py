from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.columns.conversion import FormatReader, as_trained, note_plain_problems
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.problems import Problems
from tests.data.columns.coding import coded
from tests.messages import Messages


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
    assert read(PERCENT, ("5%", "0", "0.0")) == ([0.05, 0, 0], [])
    assert read(PERCENT, ("0.05", "0", "1", "-1")) == ([0.05, 0, 1, -1], [])
    assert read(NumberFormat(currency="USD"), ("50",)) == ([50], [])


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
        (NumberFormat(currency="USD"), (("$5", "x", "y"),)),
        (NumberFormat("comma", percent=True), (("5,0",),)),  # it needs no point
        (PERCENT, (("x",),)),
        (PERCENT, (("0.5", "50"),)),  # 50 is more likely to be 50 % than 5,000 %
        (DateFormat(("days",), "2024-01-01"), (("2024-01-01", "soon"),)),
    ],
)
def test_a_text_that_cannot_be_read_is_told_with_its_line(
    messages: Messages, form: NumberFormat | DateFormat, blocks: tuple[tuple[str, ...], ...]
) -> None:
    (problem,) = read(form, *blocks)[1]
    messages.check(problem)


def test_a_target_of_percentages_has_no_huge_ones(messages: Messages) -> None:
    problems = Problems("t.csv")
    note_plain_problems("y", coded("50", "0.5", "50%"), PERCENT, problems)
    messages.check(problems.error())


def test_labels_and_categories_are_those_of_the_training_data() -> None:
    column = as_trained(coded("yes", "no", "Y", "maybe", ""), BooleanFormat(true="yes", false="no"))
    assert (column.texts, column.codes.tolist()) == (("yes", "no", "maybe"), [0, 1, 0, 2, -1])
    assert column.lines == [2, 3, 5]
    amounts = as_trained(coded("$1,000.50", "x", "7", "$7"), NumberFormat(currency="USD"))
    assert (amounts.texts, amounts.codes.tolist()) == (("1000.50", "x", "7"), [0, 1, 2, 2])
    plain = coded("a")
    assert as_trained(plain, None) is plain

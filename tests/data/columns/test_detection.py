"""A unit is found only if it follows a number in every text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.detection import FEWEST_TEXTS, DecidedKind, Notation, decide, find_unit
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.tables.column_readers import TextColumn


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (("12 kg", "7.5kg", "1.234,5 kg"), "kg"),
        (("45.1°", "-46°"), "°"),
        (("30 km/h", "50 km/h"), "km/h"),
        (("12", "13"), None),
        (("12 kg", "13 lb"), None),
        (("x1a", "x2a"), None),
        (("2020-Q1a", "2020-Q2a"), None),
        (("kg",), None),
        ((), None),
    ],
)
def test_units(texts: tuple[str, ...], unit: str | None) -> None:
    assert find_unit(texts) == unit


NO_HINTS = Notation()


def decided(*texts: str, declared: str | None = None, hints: Notation = NO_HINTS) -> DecidedKind:
    column = TextColumn(frozenset({""}))
    column.add(texts, range(2, len(texts) + 2))
    coded = column.coded()
    return decide("a", coded, declared, hints)


@pytest.mark.parametrize(
    ("texts", "kind", "form"),
    [
        (("$5", "6", ""), "numeric", NumberFormat),
        (("yes", "NO", "1"), "boolean", BooleanFormat),
        (("2024-01-01", "2024-01-05"), "date", DateFormat),
        (("6:30", "7:15"), "date", TimeFormat),
        (("a", "b", "1"), "categorical", type(None)),
        (("", ""), "empty", type(None)),
        (("10-20", "20-30"), "categorical", type(None)),
    ],
)
def test_kinds(texts: tuple[str, ...], kind: str, form: type) -> None:
    decision = decided(*texts)
    assert (decision.kind, decision.fault) == (kind, None)
    assert isinstance(decision.format, form)


@pytest.mark.parametrize(
    ("texts", "line", "words"),
    [
        (
            ("$5", "x", "$6"),
            3,
            "'x' is not a number (2 of the column's 3 values are numbers). Correct it, or",
        ),
        (("2024-01-01", "2024-01-02", "soon"), 4, "'soon' is not a date (2 of the column's 3 values are dat"),
        (
            ("5%", "0.5"),
            3,
            "'5%' is a percentage and '0.5' is none: write all in one way, or add the column ",
        ),
        (
            ("1.5", "2.5", "3,5"),
            4,
            "'3,5' has another decimal mark than most other values (2 of the column's ",
        ),
        (("1", "2", "1_000"), 4, "'1_000' has an underscore: write 1000 (2 of the column's 3 values are num"),
    ],
)
def test_a_few_other_texts_are_faults(texts: tuple[str, ...], line: int, words: str) -> None:
    fault = decided(*texts).fault
    assert fault is not None
    assert (fault[0], words in fault[1]) == (line, True)
    assert fault[1].startswith("column 'a': ")
    assert "data.columns.categorical" in fault[1]


def test_a_minority_of_numbers_or_dates_is_no_fault() -> None:
    assert decided("a", "b", "$5").kind == "categorical"
    assert decided("a", "b", "2024-01-01").kind == "categorical"
    assert decided("12:30", "noon").kind == "categorical"  # durations and notes occur


def test_declared_columns() -> None:
    assert decided("$5", declared="numeric").kind == "numeric"
    fault = decided("a", "b", "$5", declared="numeric").fault
    assert fault is not None
    assert fault[0] == 2
    assert decided("20240131", declared="date").kind == "date"
    fault = decided("20240131", "1.5", declared="date").fault
    assert fault is not None
    assert "'1.5' is not a date (1 of" in fault[1]
    hints = Notation(patterns={"a": "%d/%m/%Y"})
    form = decided("3/4/2024", declared="date", hints=hints).format
    assert isinstance(form, DateFormat)
    assert form.since == "2024-04-03"
    assert decided("", declared="numeric").kind == "numeric"


def test_texts_that_nearly_all_differ() -> None:
    texts = [f"remark {n}" for n in range(FEWEST_TEXTS)]
    assert decided(*texts).kind == "text"
    assert decided(*texts[:-1]).kind == "categorical"
    assert decided(*texts[:18], *texts[:2]).kind == "text"
    assert decided(*texts[:17], *texts[:3]).kind == "categorical"


def test_digits_with_zeros_in_front_are_codes_unless_nearly_all_differ() -> None:
    padded = [f"{n:06}" for n in range(300)]
    assert decided(*padded[:250], *padded[:250]).kind == "categorical"
    decision = decided(*padded)
    assert (decision.kind, decision.doubt) == (
        "numeric",
        "nearly all its values differ, so digits with a zero in front, such as '000000', are read as "
        "numbers; if they are codes, add the column to data.columns.categorical",
    )
    assert decision.numbers is not None
    assert decision.numbers[:, 0].tolist() == list(range(300))
    assert decided(*padded, declared="numeric").doubt is None
    assert decided("00.5", "01").kind == "numeric"


pieces = st.sampled_from(
    ["1", "2", "12", "31", "2024", "1,250", "1.250", "0,5", ".5", "$", "€", "%", "-", "/", ".", ":", " ", "T",
     "Jan", "pm", "Z", "+10:00", "(", ")", "yes", "no", "0001", "9999", "e5", "x", "USD"]
)  # fmt: skip


@given(st.lists(st.lists(pieces, min_size=1, max_size=7).map("".join), min_size=1, max_size=6))
def test_whatever_a_column_has_it_is_a_value_or_a_fault(texts: list[str]) -> None:
    for declared in (None, "numeric", "date"):
        decision = decided(*(text.strip() for text in texts), declared=declared)
        if decision.numbers is not None and decision.fault is None:
            assert np.isfinite(decision.numbers).all()
            if decision.format is not None:
                known = dict.fromkeys(text.strip() for text in texts if text.strip())
                np.testing.assert_array_equal(decision.format.numbers(list(known)), decision.numbers)


def test_numbers_with_a_unit_are_texts_with_a_doubt() -> None:
    decision = decided("12.5 kg", "7 kg", "1,250 kg", "7 kg")
    assert (decision.kind, decision.doubt) == (
        "categorical",
        "all values are numbers with 'kg', such as '12.5 kg', and are read as texts: remove 'kg', or add the "
        "column to data.columns.categorical",
    )
    for texts in (("5 mg", "10 mg"), ("5 mg", "10 mg", "1 g"), ("1 kg", "2 kg", "many kg")):
        assert decided(*texts).doubt is None


def test_a_date_of_another_pattern_is_told_with_the_pattern() -> None:
    hints = Notation(patterns={"a": "%d/%m/%Y"})
    decision = decided("2022-01-02", "2022-01-03", declared="date", hints=hints)
    assert decision.fault is not None
    assert "'2022-01-02' is no date of the pattern '%d/%m/%Y'" in decision.fault[1]
    assert "the pattern in data.columns.dates" in decision.fault[1]


def test_advice_for_a_parquet_file_does_not_name_a_setting_that_it_does_not_have() -> None:
    parquet = Notation(is_csv=False)
    for hints, doubt in (
        (NO_HINTS, "write data.decimal_mark: comma"),
        (parquet, "store the column as numbers"),
    ):
        assert (
            decided("1,250", "2,500", hints=hints).doubt
            == f"'1,250' is read as 1250; if it is 1.250, {doubt}"
        )
        fault = decided("1.5", "2.5", "3,5", hints=hints).fault
        assert fault is not None
        assert ("data.decimal_mark" in fault[1]) is hints.is_csv

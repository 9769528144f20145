"""Numbers as spreadsheets write them; the properties write a number in every notation and read it back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.formats.base import SAMPLE, Candidate, ColumnFormat, MarkSetting, Notation
from fnnctl.data.columns.formats.number import DecimalMark, NumberFormat, find_unit, written_number
from tests.data.columns.coding import coded
from tests.messages import Messages

NO_BREAK, NARROW = "\u00a0", "\u202f"


def value(text: str, decimal: DecimalMark = "point") -> float | None:
    written = written_number(text, decimal)
    return None if written is None else float(written.plain)


WITH_POINT = {
    "$1,234.50": 1234.5, "($1,234.50)": -1234.5, "-$5": -5, "$-5": -5, "\N{MINUS SIGN}5": -5, "+5": 5,
    "US$ 7": 7, "CHF 1'234.50": 1234.5, "1\u2019234.50 CHF": 1234.5, "5 usd": 5, "0.5%": 0.005,
    "0.7 %": 0.007, ".5%": 0.005, "24,070": 24070, "1,234,567.8": 1234567.8, "1 234 567": 1234567,
    f"1{NO_BREAK}234.5": 1234.5, f"1{NARROW}234": 1234, "1,250": 1250, "1e5": 1e5,
}  # fmt: skip
NO_NUMBERS = (
    "$(5)", "-$-5", "(-5)", "($5", "5 xyz", "$5 USD", "$5%", "%", "1,23,4", "1,234 567", "12345,678", "0,125",
    "1e5%", "", "$", "1.2.3", "١٢%", "1_000%", "9" * 400 + "%",
)  # fmt: skip
WITH_COMMA = {
    "1,5": 1.5, "1.234,56 €": 1234.56, "1 234,56": 1234.56, "1.234": 1234, "1.234.567": 1234567, "12": 12,
    ",5": 0.5, "1,250": 1.25, "0,7%": 0.007, "1.5": None, "0.125": None, "1,234.5": None,
}  # fmt: skip


def test_numbers_by_hand() -> None:
    assert {text: value(text) for text in WITH_POINT} == WITH_POINT
    assert {text: value(text, "comma") for text in WITH_COMMA} == WITH_COMMA
    assert [text for text in NO_NUMBERS if value(text) is not None] == []


def test_a_currency_has_its_code() -> None:
    for text, code in {"€5": "EUR", "5 EUR": "EUR", "5": None}.items():
        written = written_number(text, "point")
        assert written is not None
        assert written.currency == code


def test_a_format_refuses_other_units() -> None:
    texts = ["$5", "5", "€5", "5%", "x", "-$1,000.5"]
    numbers = NumberFormat(currency="USD").numbers(texts)
    np.testing.assert_array_equal(numbers.ravel(), [5, 5, np.nan, np.nan, np.nan, -1000.5])
    percent = NumberFormat(percent=True).numbers(["5%", "0", "0.0", "5"]).ravel()
    np.testing.assert_array_equal(percent, [0.05, 0, 0, np.nan])
    assert NumberFormat().numbers([]).shape == (0, 1)


CURRENCIES = ("", "$", "€", "£", "¥", "USD ", "CHF ", " EUR", " €", "GBP")
SEPARATORS = {"point": ("", ",", " ", NO_BREAK, NARROW, "'"), "comma": ("", ".", " ", NO_BREAK, NARROW, "'")}


@given(
    whole=st.integers(0, 10**15),
    fraction=st.text("0123456789", max_size=8),
    negative=st.sampled_from(["", "minus", "inner", "brackets"]),
    currency=st.sampled_from(CURRENCIES),
    percent=st.booleans(),
    decimal=st.sampled_from(["point", "comma"]),
    data=st.data(),
)
def test_what_is_written_is_read_back(
    whole: int,
    fraction: str,
    negative: str,
    currency: str,
    percent: bool,
    decimal: DecimalMark,
    data: st.DataObject,
) -> None:
    """The expected value is Python's reading of the plain digits, so it is exact to the last bit."""
    separator = data.draw(st.sampled_from(SEPARATORS[decimal]))
    mark = {"point": ".", "comma": ","}[decimal]
    body = f"{whole:,}".replace(",", separator) + (mark + fraction if fraction else "")
    if percent:
        currency = ""
        body += data.draw(st.sampled_from(["%", " %"]))
    after = currency.startswith(" ") or currency == "GBP"
    before = "" if after else currency
    sign = {"minus": "-", "inner": "", "brackets": "(", "": ""}[negative]
    text = sign + before + ("-" if negative == "inner" else "") + body + (currency if after else "")
    text += ")" if negative == "brackets" else ""
    expected = float(f"{'-' if negative else ''}{whole}.{fraction}{'e-2' if percent else ''}")
    written = written_number(text, decimal)
    assert written is not None
    assert float(written.plain) == expected
    assert math.copysign(1, float(written.plain)) == math.copysign(1, expected)
    assert written.percent is percent
    assert written.accounting is (negative == "brackets")


def find(*texts: str, european: bool = False, mark: MarkSetting = "auto") -> Candidate:
    candidate = NumberFormat.find("a", coded(*texts), Notation(mark, european=european))
    assert candidate is not None
    return candidate


def form(*texts: str, european: bool = False, mark: MarkSetting = "auto") -> ColumnFormat | None:
    candidate = find(*texts, european=european, mark=mark)
    assert candidate.fits.all()
    assert candidate.problem is None
    return candidate.format


COMMA = NumberFormat(decimal="comma")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("1,5 | 2", COMMA),
        ("1.234,5 | 1.234", COMMA),
        ("0,125 | 1,250", COMMA),  # the leading zero tells
        ("1,250 | 1,250.5", NumberFormat()),
        ("1,250,000 | 1,250", NumberFormat()),
        ("1.250.000 | 1.250", COMMA),
        ("$5 | 6", NumberFormat(currency="USD")),
        ("5% | 0", NumberFormat(percent=True)),
        ("1.5 | 2", None),
        ("(5) | 3", NumberFormat()),
    ],
)
def test_what_only_one_mark_allows(texts: str, expected: NumberFormat | None) -> None:
    for european in (False, True):
        assert form(*texts.split(" | "), european=european) == expected


def test_thousands_or_fractions() -> None:
    assert form("1,250", "3") == NumberFormat()
    assert form("1,250", "3", european=True) == COMMA
    assert form("1,250", "3", mark="comma") == COMMA
    assert form("1,250", "3", mark="point", european=True) == NumberFormat()
    assert form("1.250", mark="comma") == COMMA
    assert form("1.250 €", european=True) == NumberFormat("comma", currency="EUR")
    assert form("1.250 €") == NumberFormat("point", currency="EUR")


def test_a_warning_names_both_readings_and_the_setting(messages: Messages) -> None:
    for european in (False, True):
        messages.check(find("1,250", "3,000", european=european).warning)
    for sure in (("1,5", "1,250"), ("1,250.5", "1,250"), ("$5",), ("$1,250",), ("999", "1,250")):
        assert find(*sure).warning is None
    assert find("1,250", "1000").warning is not None


@pytest.mark.parametrize(
    ("texts", "index"), [(("0", "5%", "0.5"), 2), (("0.5", "5%"), 1), (("$5", "3", "€5"), 2)]
)
def test_units_that_contradict_each_other(messages: Messages, texts: tuple[str, ...], index: int) -> None:
    problem = find(*texts).problem
    assert problem is not None
    assert problem[0] == index
    messages.check(problem[1])


def test_texts_that_are_no_numbers() -> None:
    words = [f"x{n}" for n in range(SAMPLE)]
    for texts in (["a", "b"], ["(1)", "(2)"], [*words, "1"]):  # the second are footnotes
        assert NumberFormat.find("a", coded(*texts), Notation()) is None
    candidate = find("1,5", "2,5", "x")
    assert (candidate.fits.tolist(), candidate.format) == ([True, True, False], COMMA)
    assert int(find(*words[1:], "1", "2").fits.sum()) == 2


def test_units() -> None:
    units = {
        "12 kg | 7.5kg | 1.234,5 kg": "kg",
        "45.1° | -46°": "°",
        "30 km/h | 50 km/h": "km/h",
        "12 | 13": None,
        "12 kg | 13 lb": None,
        "x1a | x2a": None,
        "2020-Q1a | 2020-Q2a": None,
        "kg": None,
    }
    assert {texts: find_unit(texts.split(" | ")) for texts in units} == units
    assert find_unit(()) is None

"""Numbers as spreadsheets write them; the properties write a number in every notation and read it back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.columns.formats.number import DecimalMark, NumberFormat, written_number

NO_BREAK, NARROW = "\u00a0", "\u202f"


def value(text: str, decimal: DecimalMark = "point") -> float | None:
    written = written_number(text, decimal)
    return None if written is None else float(written.plain)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,234.50", 1234.5),
        ("($1,234.50)", -1234.5),
        ("$(5)", None),
        ("-$5", -5),
        ("$-5", -5),
        ("-$-5", None),
        ("(-5)", None),
        ("($5", None),
        ("\N{MINUS SIGN}5", -5),
        ("+5", 5),
        ("US$ 7", 7),
        ("CHF 1'234.50", 1234.5),
        ("1\u2019234.50 CHF", 1234.5),
        ("5 usd", 5),
        ("5 xyz", None),
        ("$5 USD", None),
        ("0.5%", 0.005),
        ("0.7 %", 0.007),
        (".5%", 0.005),
        ("$5%", None),
        ("%", None),
        ("24,070", 24070),
        ("1,234,567.8", 1234567.8),
        ("1 234 567", 1234567),
        (f"1{NO_BREAK}234.5", 1234.5),
        (f"1{NARROW}234", 1234),
        ("1,23,4", None),
        ("1,234 567", None),
        ("12345,678", None),
        ("0,125", None),
        ("1,250", 1250),
        ("1e5", 1e5),
        ("1e5%", None),
        ("", None),
        ("$", None),
        ("1.2.3", None),
        ("١٢%", None),
        ("1_000%", None),
        ("9" * 400 + "%", None),
    ],
)
def test_numbers_with_a_decimal_point(text: str, number: float | None) -> None:
    assert value(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,5", 1.5),
        ("1.234,56 €", 1234.56),
        ("1 234,56", 1234.56),
        ("1.234", 1234),
        ("1.234.567", 1234567),
        ("1.5", None),
        ("0.125", None),
        ("12", 12),
        (",5", 0.5),
        ("1,250", 1.25),
        ("1,234.5", None),
        ("0,7%", 0.007),
    ],
)
def test_numbers_with_a_decimal_comma(text: str, number: float | None) -> None:
    assert value(text, "comma") == number


def test_a_currency_has_its_code() -> None:
    assert [getattr(written_number(text, "point"), "currency", "none") for text in ("€5", "5 EUR", "5")] == [
        "EUR",
        "EUR",
        None,
    ]


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

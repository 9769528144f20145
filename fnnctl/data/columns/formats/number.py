"""Numbers as spreadsheets show them: currency, percent, separated thousands, decimal commas.

The grammar is strict, because a lenient one would turn codes into amounts: thousands are separated by one
character, in exact groups of three digits, and a leading zero is not grouped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.numbers import plain_number
from fnnctl.text import shown

DecimalMark = Literal["point", "comma"]

_BLANK = "[ \u00a0\u202f]?"
_SYMBOLS = {
    "US$": "USD", "CA$": "CAD", "C$": "CAD", "A$": "AUD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS", "฿": "THB", "₫": "VND",
    "₱": "PHP", "₴": "UAH",
}  # fmt: skip
_CODES = (
    "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS",
    "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SEK", "SGD", "THB", "TRY",
    "TWD", "UAH", "USD", "VND", "ZAR",
)  # fmt: skip
_CURRENCY = "|".join(
    [*map(re.escape, sorted(_SYMBOLS, key=len, reverse=True)), *(f"(?i:{c})" for c in _CODES)]
)
_SIGN = "[+\\-\N{MINUS SIGN}]"


@cache
def _pattern(decimal: DecimalMark) -> re.Pattern[str]:
    """The pattern of numbers with this mark. It is made for the first number that is not a plain one."""
    mark, separators = (r"\.", ",") if decimal == "point" else (",", r"\.")
    separator = f"[{separators} '\u00a0\u202f\u2019]"
    grouped = f"[1-9][0-9]{{0,2}}(?P<separator>{separator})[0-9]{{3}}(?:(?P=separator)[0-9]{{3}})*"
    amount = f"(?:(?P<whole>{grouped}|[0-9]+)(?:{mark}(?P<fraction>[0-9]*))?|{mark}(?P<only>[0-9]+))"
    return re.compile(
        rf"(?P<open>\()?(?P<sign>{_SIGN})?(?P<before>{_CURRENCY})?{_BLANK}(?P<inner>{_SIGN})?"
        rf"{amount}{_BLANK}(?:(?P<percent>%)|(?P<after>{_CURRENCY}))?(?P<close>\))?"
    )


class WrittenNumber(NamedTuple):
    """A number as it is written."""

    plain: str
    """The same number as a plain one."""
    currency: str | None = None
    """The currency's code."""
    percent: bool = False
    accounting: bool = False
    """Whether brackets make it negative."""


def written_number(text: str, decimal: DecimalMark) -> WrittenNumber | None:
    """Read a number, without surrounding blanks, that has this decimal mark; None if `text` is none."""
    if plain_number(text) is not None and (decimal == "point" or "." not in text):
        return WrittenNumber(text)
    match = _pattern(decimal).fullmatch(text)
    if match is None:
        return None
    opened, outer, before, inner, whole, separator, fraction, only, percent, after, closed = match.groups()
    if (opened is None) != (closed is None) or (outer and inner) or (opened and (outer or inner)):
        return None
    if (before and after) or (percent and before):
        return None
    negative = opened is not None or (outer or inner or "+") != "+"
    digits = whole.replace(separator, "") if separator else whole or ""
    decimals = only or fraction
    plain = ("-" if negative else "") + digits + (f".{decimals}" if decimals else "")
    if percent:
        plain += "e-2"
    if not math.isfinite(float(plain)):
        return None
    used = before or after
    code = None if used is None else _SYMBOLS.get(used, used.upper())
    return WrittenNumber(plain, code, percent is not None, opened is not None)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A column of numbers with one decimal mark; all are a percentage, or amounts of at most one currency."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    decimal: DecimalMark = "point"
    percent: bool = False
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """The currency's code; plain numbers are accepted beside it."""
    kind: Literal["number"] = "number"

    def columns(self, name: str) -> tuple[str, ...]:
        """The column itself."""
        return (name,)

    def plain(self, text: str) -> str | None:
        """The plain number that a text stands for; None if it does not have this format."""
        written = written_number(text, self.decimal)
        if written is None or written.currency not in (None, self.currency):
            return None
        if written.percent != self.percent and (written.percent or float(written.plain) != 0):
            return None
        return written.plain

    def plain_fault(self, text: str) -> str | None:
        """Why a plain number cannot stand for one of this format; None if it can, and for any other text.

        Plain fractions may stand for percentages, but 50 is more likely to be 50 % than 5,000 %.
        """
        number = plain_number(text) if self.percent else None
        if number is None or abs(number) <= 1.0:
            return None
        would = f"{100 * number:,.10g} %"
        return f"{shown(text)} has no percent sign and would be {would}: write {text}% or a fraction"

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, 1) float64, NaN for a text that does not have this format."""
        values = [np.nan if (plain := self.plain(text)) is None else float(plain) for text in texts]
        return np.array(values, dtype=np.float64).reshape(-1, 1)

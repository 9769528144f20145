"""Numbers as spreadsheets show them: currency, percent, separated thousands, decimal commas.

The grammar is strict, because a lenient one would turn codes into amounts: thousands are separated by one
character, in exact groups of three digits, and a leading zero is not grouped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field

from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.base import (
    CORRECT_IT,
    Candidate,
    ColumnFormat,
    ColumnKind,
    DeclaredKind,
    Notation,
    read_or_none,
)
from fnnctl.data.columns.numbers import almost_number, number_problem, plain_number
from fnnctl.text import quoted

DecimalMark = Literal["point", "comma"]
MARKS: Final[tuple[DecimalMark, ...]] = ("point", "comma")
_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
"""`1.234`, which is a plain number, but a thousand if its file has decimal commas."""
_WITH_UNIT: Final = re.compile(r"(?P<number>.*\d)\s*(?P<unit>[^\d\s.,:;/+\-][^\d.,:;+\-]{0,11})", re.DOTALL)

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


def is_written_number(text: str) -> bool:
    """Whether a text is a number with either decimal mark."""
    return any(written_number(text, mark) for mark in MARKS)


def has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether the texts are numbers only with a decimal comma."""
    telling = [text for text in texts if "," in text or text.count(".") > 1]
    return (
        all(written_number(text, "comma") for text in telling)  # false for the first text of most columns
        and any(written_number(text, "point") is None for text in telling)
        and all(written_number(text, "comma") for text in texts)
    )


def find_unit(texts: Sequence[str]) -> str | None:
    """The unit that follows a number in all of the texts, such as `12.5 kg`; None if one has another one.

    A table should have it in the header. It is only found, not removed: a text of one unit may be a code.
    """
    units: set[str] = set()
    for text in texts:
        match = _WITH_UNIT.fullmatch(text)
        if match is None or not units <= {match["unit"]} or not is_written_number(match["number"]):
            return None
        units.add(match["unit"])
    return units.pop() if units else None


@dataclass(frozen=True, slots=True)
class NumberFormat(ColumnFormat):
    """A column of numbers with one decimal mark; all are a percentage, or amounts of at most one currency."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
    noun: ClassVar[str] = "number"
    column_kind: ClassVar[ColumnKind] = "numeric"
    declared_as: ClassVar[DeclaredKind] = "numeric"
    accepts_plain: ClassVar[bool] = True
    decimal: DecimalMark = "point"
    percent: bool = False
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """The currency's code; plain numbers are accepted beside it."""
    kind: Literal["number"] = "number"

    @classmethod
    def find(
        cls, name: str, column: CodedTexts, notation: Notation, *, declared: bool = False
    ) -> Candidate | None:
        """A plain number is a candidate without a format; a contradiction of units is a problem."""
        return _WithBothMarks(column).candidate(notation)

    @classmethod
    def resembling(cls, texts: Sequence[str]) -> BoolArray:
        """Texts such as `1_000`."""
        return np.array([almost_number(text) is not None for text in texts], np.bool_)

    @classmethod
    def problem_with(cls, name: str, text: str, notation: Notation) -> tuple[str, str]:
        """A number with the other decimal mark needs a setting that only CSV files have."""
        if is_written_number(text):
            setting = "; data.decimal_mark says which mark is decimal" if notation.is_csv else ""
            return f"{quoted(text)} has another decimal mark than most other values", CORRECT_IT + setting
        return number_problem(text), CORRECT_IT

    def plain(self, text: str) -> str | None:
        """The plain number that a text stands for; None if it does not have this format."""
        written = written_number(text, self.decimal)
        if written is None or written.currency not in (None, self.currency):
            return None
        if written.percent != self.percent and (written.percent or float(written.plain) != 0):
            return None
        return written.plain

    @property
    def keeps_numbers(self) -> bool:
        """Not of percentages."""
        return not self.percent

    def label(self, text: str) -> str:
        """The plain number that a text stands for."""
        return text if (plain := self.plain(text)) is None else plain

    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, 1) float64, NaN for a text that does not have this format."""
        values = [np.nan if (plain := self.plain(text)) is None else float(plain) for text in texts]
        return np.array(values, dtype=np.float64).reshape(-1, 1)

    def description(self, name: str, part: str) -> str:
        """An example shows the marks and the unit."""
        example = "1,234.5" if self.decimal == "point" else "1.234,5"
        unit = "%" if self.percent else f" {self.currency}" if self.currency else ""
        number = self.numbers([f"{example}{unit}"])[0, 0]
        return f"the number: {example}{unit} is {number:g}"

    def plain_problem(self, text: str) -> str | None:
        """Plain fractions may stand for percentages, but 50 is more likely to be 50 % than 5,000 %."""
        number = plain_number(text) if self.percent else None
        if number is None or abs(number) <= 1.0:
            return None
        percentage = f"{100 * number:,.10g} %"
        return f"{quoted(text)} has no percent sign and would be {percentage}: write {text}% or a fraction"

    def unreadable(self, text: str) -> str:
        """Says what numbers look like in the training data."""
        if problem := self.plain_problem(text):
            return problem
        if self.decimal == "point" and (almost := almost_number(text)) is not None:
            return almost
        percent = " and a percent sign" if self.percent else ""
        currency = f", plain or in {self.currency}" if self.currency else ""
        return f"{quoted(text)} is not a number with a decimal {self.decimal}{percent}{currency}"


class _WithBothMarks:
    """Distinct texts read as numbers with either decimal mark, in the order of their occurrence.

    `1,250` is a thousand in one country and a fraction in another.
    """

    def __init__(self, column: CodedTexts) -> None:
        self._texts, self._counts = column.texts, column.counts()
        self._read: dict[DecimalMark, list[WrittenNumber | None]] = {
            mark: read_or_none(column.texts, partial(written_number, decimal=mark)) for mark in MARKS
        }

    def candidate(self, notation: Notation) -> Candidate | None:
        """The best format; None if no text is a number."""
        mark, warning = self._mark(notation)
        # Another column has decimal commas, so points in groups of three digits are no decimal points either.
        thousands = notation.decimal_mark == "auto" and notation.decimal_commas and warning is None
        if thousands and self._has_points_in_thousands():
            mark = "comma"
        numbers = self._read[mark]
        fits = np.array([number is not None for number in numbers], np.bool_)
        readings = [(index, number) for index, number in enumerate(numbers) if number is not None]
        if not readings or all(number.accounting for _, number in readings):  # all in brackets: footnotes
            return None
        values = np.array([float(number.plain) if number else 0.0 for number in numbers]).reshape(-1, 1)
        are_plain = all(
            plain_number(self._texts[index]) is not None and number.plain == self._texts[index]
            for index, number in readings
        )
        if are_plain and warning is None:
            return Candidate(None, fits, values)
        currency = next((number.currency for _, number in readings if number.currency), None)
        form = NumberFormat(mark, any(number.percent for _, number in readings), currency)
        return Candidate(form, fits, values, warning, self._contradiction(form, readings))

    def _mark(self, notation: Notation) -> tuple[DecimalMark, str | None]:
        """The decimal mark, and a warning if it may be the other one."""
        if notation.decimal_mark != "auto":
            return notation.decimal_mark, None
        point, comma = (
            sum(int(n) for n, number in zip(self._counts, self._read[mark], strict=True) if number)
            for mark in MARKS
        )
        if point != comma:
            return ("point" if point > comma else "comma"), None
        ambiguous = self._ambiguous()
        if not ambiguous:
            return "point", None
        text, with_point, with_comma = ambiguous[0]
        if notation.european:
            mark, chosen, alternative = MARKS[1], with_comma, with_point
            is_sure = "," not in text
        else:
            mark, chosen, alternative = MARKS[0], with_point, with_comma
            is_sure = self._has_thousands(ambiguous)
        if is_sure:
            return mark, None
        setting = f"write data.decimal_mark: {'point' if mark == 'comma' else 'comma'}"
        advice = setting if notation.is_csv else "store the column as numbers"
        return mark, f"{quoted(text)} is read as {chosen.plain}; if it is {alternative.plain}, {advice}"

    def _has_points_in_thousands(self) -> bool:
        """Whether all texts are plain, and those with a point, at least one, are like `1.234`."""
        if any(plain_number(text) is None for text in self._texts):
            return False
        pointed = [text for text in self._texts if "." in text]
        return bool(pointed) and all(map(_THOUSANDS.fullmatch, pointed))

    def _ambiguous(self) -> list[tuple[str, WrittenNumber, WrittenNumber]]:
        """The texts that are different numbers with a point and with a comma, and none of them plain."""
        both = zip(self._texts, self._read["point"], self._read["comma"], strict=True)
        differing = [(text, p, c) for text, p, c in both if p and c and p.plain != c.plain]
        return [readings for readings in differing if plain_number(readings[0]) is None]

    def _has_thousands(self, ambiguous: Sequence[tuple[str, WrittenNumber, WrittenNumber]]) -> bool:
        """Whether commas surely separate thousands in ambiguous texts like `1,250`.

        So it is if they are amounts of money, or if just the numbers from 1,000 on have a comma.
        """
        if all(number.currency for _, number, _ in ambiguous):
            return True
        numbers = zip(self._texts, self._read["point"], strict=True)
        values = [abs(float(number.plain)) for text, number in numbers if number and "," not in text]
        return bool(values) and max(values) < 1000

    def _contradiction(
        self, form: NumberFormat, readings: Sequence[tuple[int, WrittenNumber]]
    ) -> tuple[int, str] | None:
        """The first text whose unit differs from that of an earlier one, unless it is 0."""
        first: dict[bool, str] = {}
        for index, number in readings:
            text = self._texts[index]
            if form.percent and float(number.plain) != 0:
                first.setdefault(number.percent, text)
                if len(first) == 2:
                    percentage, plain = quoted(first[True]), quoted(first[False])
                    return index, f"{percentage} is a percentage and {plain} is none: write all in one way"
            if number.currency and number.currency != form.currency:
                currency = f"other values are in {form.currency}"
                return (
                    index,
                    f"{quoted(text)} is in {number.currency}, but {currency}: write all in one currency",
                )
        return None

"""Finds the format of a column from all its distinct texts: one text alone is often ambiguous.

`1,250` is a thousand in one country and a fraction in another, and `3/4/2024` is in March or in April.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeVar

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.columns.formats.dates import DateFormat, TimeFormat, date_format, date_parts
from fnnctl.data.columns.formats.moments import (
    DayOrder,
    Moment,
    day_number,
    read_compact,
    read_hours,
    read_moment,
    read_pattern,
)
from fnnctl.data.columns.formats.number import DecimalMark, NumberFormat, WrittenNumber, written_number
from fnnctl.data.columns.numbers import plain_number
from fnnctl.text import shown

SAMPLE = 100
"""If none of so many distinct texts fits, the others are not looked at."""

_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
"""`1.234`, which is a plain number, but a thousand if its file has decimal commas."""
_YEAR_FIRST: Final = re.compile("[0-9]{4}[-/.]")
Value = TypeVar("Value")
MarkSetting = Literal["auto", "point", "comma"]
MARKS: Final[tuple[DecimalMark, ...]] = ("point", "comma")


@dataclass(frozen=True, slots=True)
class Candidate:
    """The format that fits best."""

    format: NumberFormat | DateFormat | None
    """None for plain numbers."""
    fits: BoolArray
    """(texts,) which texts have it."""
    numbers: FloatArray
    """(texts, columns) their values; those of texts that do not have the format mean nothing."""
    doubt: str | None = None
    """Why it may be wrong, and what to write then."""
    fault: tuple[int, str] | None = None
    """The place of a text that contradicts another, and how."""

    def rows(self, counts: IntArray) -> int:
        """The number of rows whose text fits."""
        return int(counts[self.fits].sum())


class Notations:
    """Distinct texts read as numbers with either decimal mark, in the order of their occurrence."""

    def __init__(self, texts: Sequence[str], counts: IntArray) -> None:
        self.texts, self.counts = texts, counts
        self.read: dict[DecimalMark, list[WrittenNumber | None]] = {
            mark: _all_or_none(texts, partial(written_number, decimal=mark)) for mark in MARKS
        }

    def find(
        self,
        setting: MarkSetting,
        *,
        european: bool,
        decimal_commas: bool = False,
        has_setting: bool = True,
    ) -> Candidate | None:
        """The best format; None if no text is a number. In a `european` file, commas are decimal in doubt.

        With `decimal_commas`, another column has them, so points in groups of three digits are no decimal
        points either. A doubt names data.decimal_mark if the file `has_setting`.
        """
        mark, doubt = self._mark(setting, european=european, has_setting=has_setting)
        if setting == "auto" and decimal_commas and doubt is None and self._has_points_in_thousands():
            mark = "comma"
        read = self.read[mark]
        fits = np.array([number is not None for number in read], np.bool_)
        known = [(place, number) for place, number in enumerate(read) if number is not None]
        if not known or all(number.accounting for _, number in known):
            return None
        values = np.array([float(number.plain) if number else 0.0 for number in read]).reshape(-1, 1)
        currencies = [number.currency for _, number in known if number.currency]
        percent = any(number.percent for _, number in known)
        if all(plain_number(self.texts[place]) is not None for place, _ in known) and doubt is None:
            differs = any(number.plain != self.texts[place] for place, number in known)
            if not differs:
                return Candidate(None, fits, values)
        form = NumberFormat(mark, percent, currencies[0] if currencies else None)
        return Candidate(form, fits, values, doubt, self._contradiction(form, known))

    def _mark(
        self, setting: MarkSetting, *, european: bool, has_setting: bool
    ) -> tuple[DecimalMark, str | None]:
        if setting != "auto":
            return setting, None
        fits = {
            mark: sum(int(n) for n, number in zip(self.counts, read, strict=True) if number)
            for mark, read in self.read.items()
        }
        if fits["point"] != fits["comma"]:
            return ("point" if fits["point"] > fits["comma"] else "comma"), None
        doubtful = self._doubtful()
        if not doubtful:
            return "point", None
        text, point, comma = doubtful[0]
        chosen, other, setting = (comma, point, "point") if european else (point, comma, "comma")
        advice = f"write data.decimal_mark: {setting}" if has_setting else "store the column as numbers"
        doubt = f"{shown(text)} is read as {chosen.plain}; if it is {other.plain}, {advice}"
        sure = self._has_thousands(doubtful) if not european else "," not in text
        return ("comma" if european else "point"), None if sure else doubt

    def _has_points_in_thousands(self) -> bool:
        """Whether all texts are plain, and those with a point, at least one, are like `1.234`."""
        if any(plain_number(text) is None for text in self.texts):
            return False
        pointed = [text for text in self.texts if "." in text]
        return bool(pointed) and all(map(_THOUSANDS.fullmatch, pointed))

    def _doubtful(self) -> list[tuple[str, WrittenNumber, WrittenNumber]]:
        """The texts that are different numbers with a point and with a comma, and none of them plain."""
        both = zip(self.texts, self.read["point"], self.read["comma"], strict=True)
        differing = [(text, p, c) for text, p, c in both if p and c and p.plain != c.plain]
        return [each for each in differing if plain_number(each[0]) is None]

    def _has_thousands(self, doubtful: Sequence[tuple[str, WrittenNumber, WrittenNumber]]) -> bool:
        """Whether commas surely separate thousands in doubtful texts like `1,250`.

        So it is if they are amounts of money, or if just the numbers from 1,000 on have a comma.
        """
        if all(number.currency for _, number, _ in doubtful):
            return True
        others = [
            number for text, number in zip(self.texts, self.read["point"], strict=True) if "," not in text
        ]
        values = [abs(float(number.plain)) for number in others if number is not None]
        return bool(values) and max(values) < 1000

    def _contradiction(
        self, form: NumberFormat, known: Sequence[tuple[int, WrittenNumber]]
    ) -> tuple[int, str] | None:
        """The first text whose unit differs from that of an earlier one, unless it is 0."""
        first: dict[str, str] = {}
        for place, number in known:
            text = self.texts[place]
            if form.percent and float(number.plain) != 0:
                first.setdefault("percent" if number.percent else "number", text)
                if len(first) == 2 and first.keys() == {"percent", "number"}:
                    one, other = shown(first["percent"]), shown(first["number"])
                    return place, f"{one} is a percentage and {other} is none: write all in one way"
            if number.currency and number.currency != form.currency:
                other = f"other values are in {form.currency}"
                return place, f"{shown(text)} is in {number.currency}, but {other}: write all in one currency"
        return None


def has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether the texts are numbers only with a decimal comma."""
    telling = [text for text in texts if "," in text or text.count(".") > 1]
    return (
        all(written_number(text, "comma") for text in telling)  # false for the first text of most columns
        and any(written_number(text, "point") is None for text in telling)
        and all(written_number(text, "comma") for text in texts)
    )


def find_date(
    texts: Sequence[str],
    counts: IntArray,
    *,
    european: bool,
    compact: bool = False,
    pattern: str | None = None,
) -> Candidate | None:
    """The best format of dates; None if no text is a date.

    With `compact`, texts like 20240131 are dates, too. In a `european` file, days come first in doubt.
    """
    if pattern is not None:
        read = _all_or_none(texts, lambda text: read_pattern(text, pattern))
        return _found_date(read, "month_first", pattern=pattern)

    def reader(order: DayOrder) -> Callable[[str], Moment | None]:
        def moment(text: str) -> Moment | None:
            found = read_moment(text, order)
            return read_compact(text) if found is None and compact else found

        return moment

    month_first = _all_or_none(texts, reader("month_first"))
    day_first = month_first  # which saves time if no text has a day or a month in front of the year
    if not all(_YEAR_FIRST.match(text) for text in texts):
        day_first = _all_or_none(texts, reader("day_first"))
    months, days = (
        sum(int(n) for n, moment in zip(counts, read, strict=True) if moment is not None)
        for read in (month_first, day_first)
    )
    if days > months:
        return _found_date(day_first, "day_first", compact=compact)
    if months > days:
        return _found_date(month_first, "month_first", compact=compact)
    differing = [text for text, a, b in zip(texts, month_first, day_first, strict=True) if a != b]
    if not differing:
        return _found_date(month_first, "month_first", compact=compact)
    if all("." in text for text in differing):  # dates with points have the day first
        return _found_date(day_first, "day_first", compact=compact)
    order: DayOrder = "day_first" if european else "month_first"
    which, other = ("day", "%m/%d/%Y") if european else ("month", "%d/%m/%Y")
    doubt = (
        f"the {which} is taken to be first in {shown(differing[0])}; if it is not, write the pattern, such "
        f"as {other}, in data.columns.dates"
    )
    return _found_date(day_first if european else month_first, order, compact=compact, doubt=doubt)


def find_time(texts: Sequence[str]) -> TimeFormat | None:
    """The format of a column whose texts are all times."""
    return None if None in _all_or_none(texts, read_hours) else TimeFormat()


def _found_date(
    read: Sequence[Moment | None],
    order: DayOrder,
    *,
    compact: bool = False,
    pattern: str | None = None,
    doubt: str | None = None,
) -> Candidate | None:
    known = [moment for moment in read if moment is not None]
    if not known:
        return None
    form = date_format(known, order=order, pattern=pattern, compact=compact)
    parts = date_parts(read, since=day_number(form.since))
    values = np.stack([parts[part] for part in form.parts], axis=1)
    return Candidate(form, np.array([moment is not None for moment in read], np.bool_), values, doubt)


def _all_or_none(texts: Sequence[str], read: Callable[[str], Value | None]) -> list[Value | None]:
    """What each text is read as; None for all if it is None for a sample of them."""
    sample = [read(text) for text in texts[:SAMPLE]]
    if all(value is None for value in sample):
        return [None] * len(texts)
    return [*sample, *map(read, texts[SAMPLE:])]

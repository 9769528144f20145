"""Decides the type of a column of texts: numbers, dates, truth values or categories.

A column is numeric if all its values are numbers in one notation, and categorical if most are texts. If most
are numbers or dates and some are not, that is a fault: a single typo must not change the type of a column.
Digits with zeros in front are codes, such as zip codes, unless nearly all differ: padded amounts or ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.boolean import find_boolean
from fnnctl.data.columns.formats.finding import MARKS, Candidate, MarkSetting, Notations, find_date, find_time
from fnnctl.data.columns.formats.number import written_number
from fnnctl.data.columns.numbers import almost_number, are_codes, first_code
from fnnctl.data.columns.types import ColumnFormat, ColumnKind
from fnnctl.text import shown

_WITH_UNIT = re.compile(r"(?P<number>.*\d)\s*(?P<unit>[^\d\s.,:;/+\-][^\d.,:;+\-]{0,11})", re.DOTALL)


def find_unit(texts: Sequence[str]) -> str | None:
    """The unit that follows a number in all of the texts; None if one has none, or another one."""
    found: str | None = None
    for text in texts:
        match = _WITH_UNIT.fullmatch(text)
        if match is None or (found is not None and match["unit"] != found):
            return None
        if not any(written_number(match["number"], mark) for mark in MARKS):
            return None
        found = match["unit"]
    return found


FEWEST_TEXTS = 20
"""In a shorter table, texts that are all different are categories."""
FEWEST_WITH_UNIT = 3
"""Two texts with a unit, such as `1 dose` and `2 dose`, are categories."""
_ADVICE = "Correct it, or add the column to data.columns.categorical or the value to data.missing_values"


@dataclass(frozen=True, slots=True)
class Notation:
    """What is known about a file beside the texts of one column."""

    decimal_mark: MarkSetting = "auto"
    european: bool = False
    """Whether numbers have decimal commas and dates begin with the day, in doubt."""
    decimal_commas: bool = False
    """Whether a column has numbers that can only be read with decimal commas."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """The declared patterns of columns of dates."""
    is_csv: bool = True
    """Whether data.decimal_mark applies. Columns of a Parquet file can be stored as numbers instead."""

    def find_numbers(self, column: CodedTexts) -> Candidate | None:
        """The best format of the numbers in a column; None if it has none."""
        notations = Notations(column.texts, column.counts())
        return notations.find(
            self.decimal_mark,
            european=self.european,
            decimal_commas=self.decimal_commas,
            has_setting=self.is_csv,
        )


@dataclass(frozen=True, slots=True)
class DecidedKind:
    """How a column is read."""

    kind: ColumnKind
    format: ColumnFormat | None = None
    """None for plain numbers and plain texts."""
    numbers: FloatArray | None = None
    """(texts, columns) the values, if they are known already."""
    doubt: str | None = None
    fault: tuple[int | None, str] | None = None
    """The line of a text that does not fit, and what is wrong."""


def decide(name: str, column: CodedTexts, declared: str | None, hints: Notation) -> DecidedKind:
    """Decide about a column; `declared` is `numeric`, `date` or None, if its values decide."""
    counts = column.counts()
    if not column.texts:
        return DecidedKind("numeric" if declared == "numeric" else "empty")
    numbers = None if declared == "date" else hints.find_numbers(column)
    if declared == "numeric":
        return _numeric(name, column, counts, numbers) or _fault(
            name, column, counts, numbers, "number", hints
        )
    if declared is None:
        if are_codes(column.texts):
            return _codes_or_numbers(name, column, counts, numbers)
        boolean = find_boolean(column.texts, counts.tolist())
        if boolean is not None:
            return DecidedKind("boolean", boolean)
        if (numeric := _numeric(name, column, counts, numbers)) is not None:
            return numeric
    pattern = hints.patterns.get(name)
    dates = find_date(
        column.texts, counts, european=hints.european, compact=declared == "date", pattern=pattern
    )
    if dates is not None and dates.fits.all():
        return DecidedKind("date", dates.format, dates.numbers, dates.doubt)
    time = find_time(column.texts) if pattern is None else None
    if time is not None:
        return DecidedKind("date", time)
    if declared == "date":
        return _fault(name, column, counts, dates, "date", hints)
    return _most(name, column, counts, numbers, dates, hints)


def _codes_or_numbers(
    name: str, column: CodedTexts, counts: IntArray, numbers: Candidate | None
) -> DecidedKind:
    """Digits with zeros in front: categories, or numbers if nearly all are different."""
    kind = _kind_of_texts(column)
    numeric = _numeric(name, column, counts, numbers) if kind == "text" else None
    code = first_code(column.texts)
    if numeric is None or code is None:
        return DecidedKind(kind)
    doubt = (
        f"nearly all its values differ, so digits with a zero in front, such as {shown(code)}, are read as "
        "numbers; if they are codes, add the column to data.columns.categorical"
    )
    return replace(numeric, doubt=doubt)


def _numeric(
    name: str, column: CodedTexts, counts: IntArray, numbers: Candidate | None
) -> DecidedKind | None:
    """The decision if all texts are numbers; None if some are not."""
    if numbers is None or not numbers.fits.all():
        return None
    if numbers.fault is not None:
        place, wrong = numbers.fault
        message = f"column {shown(name)}: {wrong}, or add the column to data.columns.categorical"
        return DecidedKind("numeric", fault=(column.lines[place], message))
    return DecidedKind("numeric", numbers.format, numbers.numbers, numbers.doubt)


def _most(
    name: str,
    column: CodedTexts,
    counts: IntArray,
    numbers: Candidate | None,
    dates: Candidate | None,
    hints: Notation,
) -> DecidedKind:
    """Some texts are neither numbers nor dates: a fault if they are not the majority."""
    rows = int(counts.sum())
    is_number = np.zeros(len(counts), np.bool_) if numbers is None else numbers.fits
    almost = np.array([almost_number(text) is not None for text in column.texts], np.bool_) & ~is_number
    if rows <= 2 * int(counts[is_number | almost].sum()):
        return _fault(name, column, counts, numbers, "number", hints)
    if dates is not None and rows <= 2 * dates.rows(counts):
        return _fault(name, column, counts, dates, "date", hints)
    return DecidedKind(_kind_of_texts(column), doubt=_unit_doubt(column.texts))


def _kind_of_texts(column: CodedTexts) -> Literal["text", "categorical"]:
    """Whether a column has categories, or texts that are nearly all different."""
    rows = len(column.codes)
    return "text" if rows >= FEWEST_TEXTS and 10 * len(column.texts) >= 9 * rows else "categorical"


def _unit_doubt(texts: Sequence[str]) -> str | None:
    """What to do if all texts, at least three, are numbers with one unit."""
    unit = find_unit(texts)
    if unit is None or len(texts) < FEWEST_WITH_UNIT:
        return None
    return (
        f"all values are numbers with {shown(unit)}, such as {shown(texts[0])}, and are read as texts: "
        f"remove {shown(unit)}, or add the column to data.columns.categorical"
    )


def _fault(
    name: str, column: CodedTexts, counts: IntArray, found: Candidate | None, noun: str, hints: Notation
) -> DecidedKind:
    """The first text that does not fit is to be corrected, or the column declared."""
    pattern = hints.patterns.get(name) if noun == "date" else None
    fits = np.zeros(len(counts), np.bool_) if found is None else found.fits
    place = int(np.argmin(fits))
    text, advice = column.texts[place], _ADVICE
    wrong = (noun == "number" and almost_number(text)) or f"{shown(text)} is not a {noun}"
    if noun == "number" and any(written_number(text, mark) for mark in MARKS):
        wrong = f"{shown(text)} has another decimal mark than most other values"
        advice += "; data.decimal_mark says which mark is decimal" if hints.is_csv else ""
    if pattern is not None:
        wrong = f"{shown(text)} is no date of the pattern {shown(pattern)}"
        advice = "Correct it, or the pattern in data.columns.dates, or add the value to data.missing_values"
    known = f"{int(counts[fits].sum()):,} of the column's {int(counts.sum()):,} values are {noun}s"
    message = f"column {shown(name)}: {wrong} ({known}). {advice}"
    return DecidedKind("categorical", fault=(column.lines[place], message))

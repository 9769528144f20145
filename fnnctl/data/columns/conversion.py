"""Converts texts that have a format: whole columns of the training data, and blocks of new rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.numbers import almost_number, plain_number
from fnnctl.data.problems import Problems
from fnnctl.text import shown

if TYPE_CHECKING:
    from fnnctl.data.columns.types import ColumnFormat


class FormattedColumn:
    """Reads the texts of new rows with the format of the training data, block by block.

    A new file may also have plain numbers in place of formatted ones, but not both: `0.5` beside `2%`, or
    `1.5` beside `1.234` where that is a thousand, would be ambiguous. So is a `50` in place of percentages.
    """

    def __init__(self, name: str, form: ColumnFormat) -> None:
        self._name, self._format = name, form
        self._formatted: str | None = None
        """The first text that is no plain number, or that is another number if it is read plainly."""
        self._plain: str | None = None
        """The first plain number that does not have the format."""

    def read(self, column: CodedTexts, problems: Problems) -> FloatArray:
        """(n, columns) float64, NaN if missing; notes the first text that cannot be read."""
        numbers = self._format.numbers(column.texts)
        if isinstance(self._format, NumberFormat):
            self._accept_plain(column, self._format, numbers)
        wrong = np.flatnonzero(np.isnan(numbers).any(axis=1))
        if wrong.size:
            place = int(wrong[0])
            text = column.texts[place]
            problems.add(f"column {shown(self._name)}: {self._fault(text)}", line=column.lines[place])
        elif self._plain and self._formatted:
            one = next(text for text in (self._formatted, self._plain) if text in column.texts)
            both = f"{shown(self._formatted)} and {shown(self._plain)} are written differently"
            message = f"column {shown(self._name)}: {both}: write all as in the training data"
            problems.add(message, line=column.lines[column.texts.index(one)])
        return taken(numbers, column)

    def _accept_plain(self, column: CodedTexts, form: NumberFormat, numbers: FloatArray) -> None:
        """Fill in plain numbers in place."""
        for place, text in enumerate(column.texts):
            plain = plain_number(text)
            value = numbers[place, 0]
            if plain is None or (not np.isnan(value) and plain != value):
                self._formatted = self._formatted or text
            elif np.isnan(value) and form.plain_fault(text) is None:
                self._plain = self._plain or text
                numbers[place] = plain

    def _fault(self, text: str) -> str:
        """Why a text cannot be read."""
        form = self._format
        if not isinstance(form, NumberFormat):
            return f"{shown(text)} is not a date or time as in the training data"
        if fault := form.plain_fault(text):
            return fault
        if form.decimal == "point" and (almost := almost_number(text)) is not None:
            return almost
        percent = " and a percent sign" if form.percent else ""
        currency = f", plain or in {form.currency}" if form.currency else ""
        return f"{shown(text)} is not a number with a decimal {form.decimal}{percent}{currency}"


def taken(numbers: FloatArray, column: CodedTexts) -> FloatArray:
    """The rows' numbers, (n, columns), NaN if missing, from those of the distinct texts, (texts, columns)."""
    missing = np.full((1, numbers.shape[1]), np.nan)
    rows: FloatArray = np.concatenate([numbers, missing])[column.codes]  # the code -1 takes the last
    return rows


def plain_texts(texts: Sequence[str], form: NumberFormat) -> tuple[str, ...]:
    """The plain numbers that texts stand for; a text that does not have the format stays as it is."""
    return tuple(text if (plain := form.plain(text)) is None else plain for text in texts)


def note_plain_faults(name: str, column: CodedTexts, form: ColumnFormat | None, problems: Problems) -> None:
    """Note every text of a target that is a plain number and cannot stand for one of its format."""
    if isinstance(form, NumberFormat):
        for text, line in zip(column.texts, column.lines, strict=True):
            if fault := form.plain_fault(text):
                problems.add(f"column {shown(name)}: {fault}", line=line)


def renamed(column: CodedTexts, texts: Sequence[str]) -> CodedTexts:
    """The column with other `texts` in place of its own; equal ones get one code."""
    code_of: dict[str, int] = {}
    lines: list[int | None] = []
    for text, line in zip(texts, column.lines, strict=True):
        if text not in code_of:
            code_of[text] = len(lines)
            lines.append(line)
    codes = np.array([*(code_of[text] for text in texts), -1], np.int32)[column.codes]
    return CodedTexts(codes, tuple(code_of), lines)


def merged(column: CodedTexts, form: BooleanFormat) -> CodedTexts:
    """The column with one category for all spellings of a truth value."""
    return renamed(column, [form.category(text) for text in column.texts])


def labels_as_trained(column: CodedTexts, form: ColumnFormat | None) -> CodedTexts:
    """The labels as the network was trained on them: plain numbers, or one spelling of yes and of no."""
    if isinstance(form, NumberFormat):
        return renamed(column, plain_texts(column.texts, form))
    return merged(column, form) if isinstance(form, BooleanFormat) else column

"""Reads texts with the formats of the training data: new rows, block by block, and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.columns.numbers import first_code, plain_number, remove_missing
from fnnctl.data.problems import Problems
from fnnctl.text import quoted

MOST_KNOWN: Final = 2**15
"""The numbers of this many texts of a column are remembered if its blocks are read one by one."""


class FormatReader:
    """Reads the texts of new rows with the format of the training data, block by block.

    A new file may also have plain numbers in place of formatted ones, but not both: `0.5` beside `2%`, or
    `1.5` beside `1.234` where that is a thousand, would be ambiguous. So is a `50` in place of percentages.
    """

    def __init__(self, name: str, form: ColumnFormat, missing: frozenset[str] = frozenset()) -> None:
        self._name, self._format = name, form
        self._missing = missing if form.column_kind == "numeric" else frozenset[str]()
        """The texts of missing values, which numbers may equal."""
        self._formatted: str | None = None
        """The first text that is no plain number, or that is another number if it is read plainly."""
        self._plain: str | None = None
        """The first plain number that does not have the format."""
        self._known: dict[str, list[float]] = {}
        """The numbers of texts in earlier blocks: to read a date takes ten times as long as to find it."""

    def of_texts(self, column: CodedTexts, problems: Problems) -> FloatArray:
        """(texts, columns) float64; notes the first text that cannot be read."""
        numbers = self._numbers(column.texts)
        if self._format.accepts_plain:
            self._accept_plain(column, numbers)
        unread = np.flatnonzero(np.isnan(numbers).any(axis=1))
        if unread.size:
            index = int(unread[0])
            message = self._format.unreadable(column.texts[index])
            problems.add(f"column {quoted(self._name)}: {message}", line=column.lines[index])
        elif self._plain and self._formatted:
            first = next(text for text in (self._formatted, self._plain) if text in column.texts)
            both = f"{quoted(self._formatted)} and {quoted(self._plain)} are written differently"
            message = f"column {quoted(self._name)}: {both}: write all as in the training data"
            problems.add(message, line=column.lines[column.texts.index(first)])
        return numbers

    def rows(self, column: CodedTexts, problems: Problems) -> FloatArray:
        """(n, columns) float64, NaN if missing; notes the first text that cannot be read."""
        column = column.without_numbers(self._missing)
        numbers = self.of_texts(column, problems)
        if self._format.keeps_numbers:
            remove_missing(numbers, self._missing)
        return column.rows(numbers)

    def _numbers(self, texts: Sequence[str]) -> FloatArray:
        """(texts, columns) float64 by the format, NaN for a text that does not have it."""
        if len(texts) > MOST_KNOWN:
            return self._format.numbers(texts)
        if len(self._known) > MOST_KNOWN:
            self._known = {}
        new = [text for text in texts if text not in self._known]
        numbers = self._format.numbers(new)
        self._known.update(zip(new, numbers.tolist(), strict=True))
        if len(new) == len(texts):
            return numbers
        return np.array([self._known[text] for text in texts], np.float64)

    def _accept_plain(self, column: CodedTexts, numbers: FloatArray) -> None:
        """Fill in plain numbers in place."""
        for index, text in enumerate(column.texts):
            plain = plain_number(text)
            value = numbers[index, 0]
            if plain is None or (not np.isnan(value) and plain != value):
                self._formatted = self._formatted or text
            elif np.isnan(value) and self._format.plain_problem(text) is None:
                self._plain = self._plain or text
                numbers[index] = plain


def note_plain_problems(name: str, column: CodedTexts, form: ColumnFormat | None, problems: Problems) -> None:
    """Note every text of a target that is a plain number and cannot stand for one of its format."""
    for text, line in zip(column.texts, column.lines, strict=True):
        if form is not None and (problem := form.plain_problem(text)):
            problems.add(f"column {quoted(name)}: {problem}", line=line)


def as_trained(column: CodedTexts, form: ColumnFormat | None) -> CodedTexts:
    """Labels or categories as the network was trained on them: plain numbers, one spelling of yes."""
    return column if form is None else column.with_texts(map(form.label, column.texts))


def categories_by_number(categories: Sequence[str]) -> dict[float, str]:
    """The categories that are the only ones to spell their number, by this number."""
    numbers = {category: number_of_category(category) for category in categories}
    same = Counter(numbers.values())
    return {
        number: category for category, number in numbers.items() if number is not None and same[number] == 1
    }


def known_spelling(text: str, known: Container[str], spellings: Mapping[float, str]) -> str:
    """A category as the known ones are written: `1` is `1.0`, if that is the only one with this number.

    `spellings` are the known ones of `categories_by_number`.
    """
    if text in known or not spellings or (number := number_of_category(text)) is None:
        return text
    return spellings.get(number, text)


def number_of_category(text: str) -> float | None:
    """The value of a plain number that is no code; None for any other text."""
    return None if first_code([text]) else plain_number(text)

"""A column while it is read: numbers, passed on block by block, or texts, gathered as codes.

Values that are no numbers are counted, and the first is kept with its line, so that a column can be called
numeric or categorical, or refused with a reason, once every value was seen.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.tables.numbers import almost_number, plain_number, plain_numbers


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """How many of a column's values are numbers, almost numbers (like `1_000`), or texts."""

    numbers: int
    almost: int
    texts: int
    first: tuple[int, str] | None
    """Line and text of the first value that is no plain number."""


class NumberColumn:
    """Reads values as float64, NaN for missing values and texts; keeps only their counts."""

    def __init__(self, missing: AbstractSet[str]) -> None:
        self._missing = missing
        self._numbers = 0
        self._almost = 0
        self._texts = 0
        self._first: tuple[int, str] | None = None

    def read(self, values: Sequence[str], lines: Sequence[int]) -> FloatArray:
        """Return a block's values, (n,)."""
        numbers = plain_numbers(values, self._missing)
        if numbers is None:
            numbers = np.array([self._number(*pair) for pair in zip(values, lines, strict=True)])
        self._numbers += int(np.count_nonzero(~np.isnan(numbers)))
        return numbers

    def _number(self, value: str, line: int) -> float:
        text = value.strip()
        number = plain_number(text)
        if text in self._missing:
            return np.nan
        if number is not None:
            return number
        self._first = self._first or (line, text)
        if almost_number(text):
            self._almost += 1
        else:
            self._texts += 1
        return np.nan

    def value_counts(self) -> ValueCounts:
        """Count the kinds of values seen so far."""
        return ValueCounts(self._numbers, self._almost, self._texts, self._first)


class TextColumn:
    """Gathers values as codes into the distinct texts, in the order of their first appearance."""

    def __init__(self, missing: AbstractSet[str]) -> None:
        self._missing = missing
        self._codes = array("i")
        self._code_by_value: dict[str, int] = {}
        self._code_by_text: dict[str, int] = {}
        self._lines: list[int] = []

    def add(self, values: Sequence[str], lines: Sequence[int]) -> None:
        """Append a block's values."""
        for value, line in zip(values, lines, strict=True):
            if value not in self._code_by_value:
                self._code_by_value[value] = self._new_code(value.strip(), line)
        self._codes.extend(map(self._code_by_value.__getitem__, values))

    def _new_code(self, text: str, line: int) -> int:
        if text in self._missing:
            return -1
        if text not in self._code_by_text:
            self._code_by_text[text] = len(self._lines)
            self._lines.append(line)
        return self._code_by_text[text]

    def coded(self) -> CodedTexts:
        """Return what was gathered, with a view of the codes as (N,) int32."""
        return CodedTexts(np.frombuffer(self._codes, np.int32), tuple(self._code_by_text), self._lines)

    def value_counts(self) -> ValueCounts:
        """Count the kinds of values seen so far."""
        counts = dict.fromkeys(("number", "almost", "text"), 0)
        first = None
        column = self.coded()
        for text, count, line in zip(column.texts, column.counts().tolist(), self._lines, strict=True):
            if plain_number(text) is not None:
                kind = "number"
            else:
                kind = "almost" if almost_number(text) else "text"
                first = first or (line, text)
            counts[kind] += count
        return ValueCounts(counts["number"], counts["almost"], counts["text"], first)

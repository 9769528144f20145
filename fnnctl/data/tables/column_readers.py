"""Reads a column: numbers are returned block by block, and texts are collected as codes.

Values that are not numbers are counted, and the first is kept with its line. So after the last value the
column can be classified as numeric or categorical, or refused with a reason.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.numbers import (
    almost_number,
    have_code,
    numbers_among,
    numbers_with_codes,
    plain_number,
    remove_missing,
    with_other_texts,
)
from fnnctl.data.tables.blocks import Block, Column
from fnnctl.data.tables.cell_numbers import read_numbers
from fnnctl.data.tables.cell_texts import MOST_TEXTS, UNKNOWN, TextTable
from fnnctl.data.tables.cells import CellRows, CellValues


@dataclass(slots=True)
class ValueCounts:
    """How many of a column's values are numbers, almost numbers (like `1_000`), or texts."""

    numbers: int = 0
    almost: int = 0
    texts: int = 0
    first: tuple[int, str] | None = None
    """Line and text of the first value that is not a plain number."""

    def add(self, text: str, line: int, count: int = 1) -> None:
        """Count a text that occurs `count` times, the first time in this line."""
        if plain_number(text) is not None:
            self.numbers += count
            return
        self.first = self.first or (line, text)
        if almost_number(text):
            self.almost += count
        else:
            self.texts += count


class NumberColumn:
    """Reads values as float64, NaN for missing values and texts; keeps only counts."""

    def __init__(self, missing: frozenset[str]) -> None:
        self._missing = missing
        self._counts = ValueCounts()
        self.has_code = False
        """Whether one of the values is a code such as `01234`."""

    def read(self, values: Sequence[str], lines: Sequence[int]) -> FloatArray:
        """Return a block's values, (n,)."""
        numbers = self.numbers(values, lines)
        self.count(int(np.count_nonzero(~np.isnan(numbers))))
        return numbers

    def numbers(self, values: Sequence[str], lines: Sequence[int]) -> FloatArray:
        """Return values, (n,), of which those that are numbers are not counted."""
        numbers, codes = numbers_with_codes(values, self._missing)
        if codes:
            self.find_code(values)
        if numbers is None:
            numbers = np.array([self._number(*pair) for pair in zip(values, lines, strict=True)])
        return numbers

    def find_code(self, values: Sequence[str]) -> None:
        """Look for a code among a block's values."""
        self.has_code = self.has_code or have_code(values, self._missing)

    def count(self, numbers: int) -> None:
        """Count numbers that were read elsewhere."""
        self._counts.numbers += numbers

    def _number(self, value: str, line: int) -> float:
        text = value.strip()
        number = None if text in self._missing else plain_number(text)
        if number is None and text not in self._missing:
            self._counts.add(text, line)
        return np.nan if number is None or number in numbers_among(self._missing) else number

    def value_counts(self) -> ValueCounts:
        """The counts of the values read so far."""
        return self._counts


class NumberColumns:
    """Reads columns of numbers together; one by one only if a value in the block is no number."""

    def __init__(
        self, columns: Sequence[NumberColumn], positions: Sequence[int], missing: frozenset[str]
    ) -> None:
        self._columns, self._positions, self._missing = columns, positions, missing

    def read(self, block: Block) -> FloatArray:
        """Return a block's values, (n, p)."""
        if isinstance(block, CellRows):
            return self._counted(self._of_cells(block), range(len(self._columns)))
        numbers = np.empty((len(block.lines), len(self._positions)))
        typed, texts = [], []
        columns = block.columns
        for j, position in enumerate(self._positions):
            values = columns[position].numbers()
            if values is None or np.isinf(values).any():
                texts.append(j)
            else:
                numbers[:, j] = values
                typed.append(j)
        if typed:
            remove_missing(numbers, self._missing)
            self._counted(numbers, typed)
        if texts:
            self._read_texts(block, numbers, texts)
        return numbers

    def _read_texts(self, block: Block, numbers: FloatArray, indices: Sequence[int]) -> None:
        """Fill in the columns with these indices from their texts."""
        texts = [block.columns[self._positions[j]].texts() for j in indices]
        together, codes = numbers_with_codes([*chain.from_iterable(texts)], self._missing)
        if together is None:
            for j, values in zip(indices, texts, strict=True):
                numbers[:, j] = self._columns[j].read(values, block.lines)
            return
        numbers[:, indices] = together.reshape(len(indices), -1).T
        self._counted(numbers, indices)
        if codes:
            for j, values in zip(indices, texts, strict=True):
                self._columns[j].find_code(values)

    def _of_cells(self, block: CellRows) -> FloatArray:
        """The numbers, (n, p), from their bytes; what is no plain number there is read as text."""
        numbers, is_open, may_be_code = read_numbers(block, np.array(self._positions, np.intp))
        remove_missing(numbers, self._missing)
        if "" in self._missing:
            is_empty = block.lengths(self._positions) == 0
            numbers[is_empty] = np.nan
            is_open &= ~is_empty
        for j in np.flatnonzero(is_open.any(axis=0)).tolist():
            column, rows = self._columns[j], np.flatnonzero(is_open[:, j])
            texts = block.texts(self._positions[j], rows)
            lines = list(map(block.lines.__getitem__, rows.tolist()))
            numbers[rows, j] = column.numbers(texts, lines)
        for j in np.flatnonzero(may_be_code.any(axis=0)).tolist():
            self._columns[j].find_code(block.texts(self._positions[j], np.flatnonzero(may_be_code[:, j])))
        return numbers

    def _counted(self, numbers: FloatArray, indices: Sequence[int]) -> FloatArray:
        """The numbers, (n, p), after those of some columns are counted."""
        counts = np.count_nonzero(~np.isnan(numbers), axis=0)
        for j in indices:
            self._columns[j].count(int(counts[j]))
        return numbers


def text_column(column: Column, missing: frozenset[str]) -> TextColumn:
    """The reader of a column as texts, also if its values are numbers by their type."""
    is_typed = column.numbers() is not None
    return TextColumn(with_other_texts(missing) if is_typed else missing)


class TextColumn:
    """Collects values as codes for the distinct texts, numbered in the order of first occurrence."""

    def __init__(self, missing: frozenset[str]) -> None:
        self._missing = missing
        self._codes = array("i")
        self._forget()

    def _forget(self) -> None:
        """Forget all texts."""
        self._code_by_value: dict[str, int] = {}
        self._code_by_text: dict[str, int] = {}
        self._texts: list[str] = []
        self._lines: list[int] = []
        self._text_table = TextTable()
        self._has_strings = False
        """Whether the last values were strings, which the table of texts lacks."""

    def add(self, column: Column, lines: Sequence[int]) -> None:
        """Append the values of a column of a block, whose rows start in these lines."""
        if isinstance(column, CellValues):
            self._add_cells(column.cells, column.position)
        else:
            self.add_values(column.texts(), lines)

    def _add_cells(self, block: CellRows, position: int) -> None:
        if self._has_strings:
            self._code_by_value, self._has_strings = {}, False  # so that the table gets them as new ones
        codes = self._text_table.codes(block, position)
        rows = np.flatnonzero(codes == UNKNOWN)
        if rows.size:
            new: list[int] = []
            values = block.texts(position, rows)
            for value, row in zip(values, rows.tolist(), strict=True):
                if value not in self._code_by_value:
                    self._code_by_value[value] = self._new_code(value.strip(), block.lines[row])
                    new.append(row)
            codes[rows] = list(map(self._code_by_value.__getitem__, values))
            new_rows = np.array(new, np.intp)
            self._text_table.add(block, position, new_rows, codes[new_rows])
        self._codes.frombytes(codes.tobytes())

    def add_values(self, values: Sequence[str], lines: Sequence[int]) -> None:
        """Append values that start in these lines."""
        self._has_strings = True
        try:
            codes = [*map(self._code_by_value.__getitem__, values)]
        except KeyError:  # some values are new
            for value, line in zip(values, lines, strict=True):
                if value not in self._code_by_value:
                    self._code_by_value[value] = self._new_code(value.strip(), line)
            codes = [*map(self._code_by_value.__getitem__, values)]
        self._codes.extend(codes)

    def _new_code(self, text: str, line: int) -> int:
        if text in self._missing:
            return -1
        if text not in self._code_by_text:
            self._code_by_text[text] = len(self._texts)
            self._texts.append(text)
            self._lines.append(line)
        return self._code_by_text[text]

    @property
    def texts(self) -> Sequence[str]:
        """The distinct texts that were read so far, in the order of their codes."""
        return self._texts

    def block_codes(self, column: Column, lines: Sequence[int]) -> IntArray:
        """The codes (n,) of the values of a column of a block alone."""
        self._codes = array("i")
        self.add(column, lines)
        return np.frombuffer(self._codes, np.int32)

    def block(self, column: Column, lines: Sequence[int]) -> CodedTexts:
        """Return the values of a column of a block alone, as a new `TextColumn` would.

        What occurred in earlier blocks is remembered. Many texts are forgotten, so that memory is bounded.
        """
        if len(self._texts) > MOST_TEXTS:
            self._forget()
        codes = self.block_codes(column, lines)
        rows = np.arange(len(codes))
        # Only the entries of this block's codes are written and read; -1 picks the last one.
        first_rows = np.empty(len(self._lines) + 1, np.intp)
        first_rows[codes[::-1]] = rows[::-1]  # so that the first row of a text is written last
        is_first = (first_rows[codes] == rows) & (codes >= 0)
        first_codes = codes[is_first]
        new_codes = np.empty(len(self._lines) + 1, np.int32)
        new_codes[first_codes], new_codes[-1] = np.arange(len(first_codes)), -1
        return CodedTexts(
            new_codes[codes],
            tuple(map(self._texts.__getitem__, first_codes.tolist())),
            [lines[row] for row in rows[is_first].tolist()],
        )

    def coded(self) -> CodedTexts:
        """Return the texts read so far, with a view of the codes as (N,) int32."""
        return CodedTexts(np.frombuffer(self._codes, np.int32), tuple(self._texts), self._lines)

    def finish(self) -> CodedTexts:
        """Return all texts, and free what only adding values needs. Nothing may be added afterwards."""
        column = self.coded()
        self._code_by_value, self._code_by_text, self._texts = {}, {}, []
        self._text_table = TextTable()
        return column

    def value_counts(self) -> ValueCounts:
        """The counts of the values read so far."""
        column, counts = self.coded(), ValueCounts()
        for text, count, line in zip(column.texts, column.counts().tolist(), self._lines, strict=True):
            counts.add(text, line, count)
        return counts

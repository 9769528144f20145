"""Texts as codes: the form of labels and categories before a task or preprocessor interprets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.columns.numbers import numbers_among, ordered, plain_number


@dataclass(frozen=True, slots=True)
class CodedTexts:
    """n texts; equal texts have the same code."""

    codes: IntArray
    """(n,) indices into `texts`, -1 if missing."""
    texts: tuple[str, ...]
    lines: Sequence[int | None]
    """The line where each text first occurs; None for arrays, which have no lines."""

    def counts(self) -> IntArray:
        """The number of occurrences of each text, (texts,)."""
        return np.bincount(self.codes + 1, minlength=len(self.texts) + 1)[1:]

    def rows(self, numbers: FloatArray) -> FloatArray:
        """The rows' numbers, (n, columns), NaN if missing, from those of the texts, (texts, columns)."""
        missing = np.full((1, numbers.shape[1]), np.nan)
        rows: FloatArray = np.concatenate([numbers, missing])[self.codes]  # the code -1 picks the last
        return rows

    def with_texts(self, texts: Iterable[str]) -> CodedTexts:
        """The column with other `texts` in place of its own; equal ones get one code."""
        code_of: dict[str, int] = {}
        lines: list[int | None] = []
        new_codes: list[int] = []
        for text, line in zip(texts, self.lines, strict=True):
            if text not in code_of:
                code_of[text] = len(lines)
                lines.append(line)
            new_codes.append(code_of[text])
        return CodedTexts(np.array([*new_codes, -1], np.int32)[self.codes], tuple(code_of), lines)

    def without(self, are_missing: BoolArray) -> CodedTexts:
        """The column with some of its texts (texts,) as missing values."""
        if not are_missing.any():
            return self
        kept = np.flatnonzero(~are_missing)
        new_codes = np.full(len(self.texts) + 1, -1, self.codes.dtype)  # the code -1 picks the last
        new_codes[kept] = np.arange(len(kept))
        texts = tuple(map(self.texts.__getitem__, kept.tolist()))
        return CodedTexts(new_codes[self.codes], texts, [self.lines[index] for index in kept.tolist()])

    def without_numbers(self, missing: frozenset[str]) -> CodedTexts:
        """The column without the plain numbers that equal a missing value, however they are written."""
        amounts = numbers_among(missing)
        if not amounts:
            return self
        return self.without(np.array([plain_number(text) in amounts for text in self.texts], np.bool_))

    @classmethod
    def concatenate(cls, columns: Sequence[CodedTexts]) -> Self:
        """The columns concatenated, as intp codes into the sorted texts of all of them."""
        lines: dict[str, int | None] = {}
        for column in columns:
            lines = dict(zip(column.texts, column.lines, strict=True)) | lines
        texts = ordered(lines)
        code_of = {text: code for code, text in enumerate(texts)}
        codes = [
            # the code -1 picks the last entry, which is -1
            np.array([*(code_of[text] for text in column.texts), -1], np.intp)[column.codes]
            for column in columns
        ]
        return cls(np.concatenate(codes) if codes[1:] else codes[0], texts, [lines[text] for text in texts])

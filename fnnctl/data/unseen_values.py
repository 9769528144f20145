"""Counts values of new rows that did not occur in training, for warnings after all rows have been read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.dataset import BLOCK_ROWS, Columns
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.row_encoder import NewRows
from fnnctl.data.warnings import unseen_categories
from fnnctl.messages import Message
from fnnctl.text import quoted


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The ranges of numeric columns in the training rows."""

    columns: list[int]
    """The columns of the new rows whose range is known."""
    ends: FloatArray
    """(2, columns) the smallest and the largest number."""

    @classmethod
    def of(cls, preprocessor: Preprocessor, names: Sequence[str]) -> Self:
        """The ranges of the columns that the new rows have."""
        ranges = {number.name: number.range for number in preprocessor.numbers if number.range}
        columns = [j for j, name in enumerate(names) if name in ranges]
        return cls(columns, np.array([ranges[names[j]] for j in columns]).reshape(-1, 2).T)

    def are_far(self, numbers: FloatArray) -> BoolArray:
        """(n, columns) which numbers are farther from the range than it is wide."""
        low, high = self.ends
        with np.errstate(over="ignore", invalid="ignore"):
            width = high - low
            far: BoolArray = (np.maximum(low - numbers, numbers - high) > width) & (width > 0.0)
        return far


def far_numbers(columns: Columns, rows: IntArray, preprocessor: Preprocessor) -> dict[str, int]:
    """How many numbers of some rows, (n,), are far outside of the training rows' range, by column.

    They are farther from the range than it is wide. Columns without such numbers are left out.
    """
    ranges = _Ranges.of(preprocessor, columns.numeric_names)
    counts = np.zeros(len(ranges.columns), np.intp)
    for start in range(0, len(rows), BLOCK_ROWS):
        numbers = columns.numbers(rows[start : start + BLOCK_ROWS], ranges.columns)
        counts += np.count_nonzero(ranges.are_far(numbers), axis=0)
    names = (columns.numeric_names[column] for column in ranges.columns)
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}


@dataclass(slots=True)
class UnseenValues:
    """Counts categories that do not occur in training, and numbers far outside of the training rows' range.

    A column with a feature for all other categories, or with codes alone, is left out: its rare categories in
    training are not known. So is one without any feature, which is an id whose categories have no statistics.
    """

    preprocessor: Preprocessor
    _categories: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Per column: the number of rows with such a category, and the first such category."""
    _far: int = 0
    """How many numbers are farther from the range than it is wide."""
    _first_far: str = ""

    def count(self, blocks: Iterator[NewRows]) -> Iterator[NewRows]:
        """Pass the blocks on unchanged, and count as they are read."""
        columns = self.preprocessor.categories
        trained = [
            None if column.has_rare or not column.features else frozenset(column.categories)
            for column in columns
        ]
        ranges: _Ranges | None = None
        for block in blocks:
            ranges = ranges or _Ranges.of(self.preprocessor, block.numeric_names)
            self._count_categories(block, trained)
            self._count_far(block, ranges)
            yield block

    def _count_categories(self, block: NewRows, trained: Sequence[frozenset[str] | None]) -> None:
        for j, (name, old) in enumerate(zip(block.categorical_names, trained, strict=True)):
            texts, codes = block.categories[j], block.categorical[:, j]
            if old is None or old.issuperset(texts):
                continue
            are_new = np.array([*(text not in old for text in texts), False])  # the code -1 picks the last
            if (rows := np.flatnonzero(are_new[codes])).size:
                count, first = self._categories.get(name, (0, texts[codes[rows[0]]]))
                self._categories[name] = (count + len(rows), first)

    def _count_far(self, block: NewRows, ranges: _Ranges) -> None:
        numbers = block.numbers(slice(None), ranges.columns)
        far = np.argwhere(ranges.are_far(numbers))
        if far.size and not self._far:
            row, j = far[0].tolist()
            name, (low, high) = block.numeric_names[ranges.columns[j]], ranges.ends[:, j].tolist()
            self._first_far = f"{numbers[row, j]:.6g} in {quoted(name)}, trained on {low:.6g} to {high:.6g}"
        self._far += len(far)

    def warnings(self, file: str) -> Iterator[Message]:
        """One message per column of the file with new categories, and one about all numbers."""
        for name, (rows, first) in self._categories.items():
            yield unseen_categories(name, rows, first, file=file)
        if self._far:
            are = "number is" if self._far == 1 else "numbers are"
            yield Message(
                "far_new_numbers",
                f"{file}: {self._far:,} {are} far outside of what the network was trained on (the first is "
                f"{self._first_far}): do not trust the predictions of such rows",
            )

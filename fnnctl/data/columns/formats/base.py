"""What a format is: how the texts of a column become numbers or categories if they are not plain.

A format is one class in one file, which `registry` lists. It finds itself in the texts of a column, reads
those of new rows, and words its messages.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, TypeVar

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.numbers import plain_number
from fnnctl.metrics.partial_dependence import AxisKind
from fnnctl.text import quoted

ColumnKind = Literal["numeric", "boolean", "date", "categorical", "text", "index", "empty", "other"]
"""The kind of a column's values. The last four are ignored; the config may declare texts and empty columns.
`other` are values of no type that a table has."""
DeclaredKind = Literal["numeric", "date"]
"""The kinds that a config may declare and whose format is found from the values."""
MarkSetting = Literal["auto", "point", "comma"]
SAMPLE: Final = 100
"""If none of this many distinct texts has a format, the others are not looked at, to save time."""
CORRECT_IT: Final = (
    "Correct it, or add the column to data.columns.categorical or the value to data.missing_values"
)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes numbers and dates, as far as its settings and its other columns show."""

    decimal_mark: MarkSetting = "auto"
    european: bool = False
    """Whether ambiguous numbers have decimal commas, and ambiguous dates begin with the day."""
    decimal_commas: bool = False
    """Whether a column has numbers that can only be read with decimal commas."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """The declared patterns of columns of dates."""
    is_csv: bool = True
    """Whether data.decimal_mark applies. Columns of a Parquet file can be stored as numbers instead."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The variant of a format that fits the texts of a column best."""

    format: ColumnFormat | None
    """None for plain numbers."""
    fits: BoolArray
    """(texts,) which texts have it."""
    numbers: FloatArray | None
    """(texts, columns) their values, arbitrary for texts that do not fit; None for categories."""
    warning: str | None = None
    """Why it may be wrong, and what to write then."""
    problem: tuple[int, str] | None = None
    """The index of a text that contradicts another, and how."""

    def rows(self, counts: IntArray) -> int:
        """The number of rows whose text fits."""
        return int(counts[self.fits].sum())


class ColumnFormat(ABC):
    """The format of a column; a value, saved in model.json."""

    __slots__ = ()
    noun: ClassVar[str]
    """What a text of this format is, for messages."""
    column_kind: ClassVar[ColumnKind]
    """The kind of a column with this format."""
    declared_as: ClassVar[DeclaredKind | None] = None
    """The declared kind of columns that may have this format."""
    accepts_plain: ClassVar[bool] = False
    """Whether new rows may have plain numbers in place of formatted ones."""

    @classmethod
    @abstractmethod
    def find(
        cls, name: str, column: CodedTexts, notation: Notation, *, declared: bool = False
    ) -> Candidate | None:
        """The variant that fits a column best, from all its distinct texts: one alone is often ambiguous.

        None if no text has the format. `declared` says whether the config names the column.
        """

    @classmethod
    def resembling(cls, texts: Sequence[str]) -> BoolArray:
        """(texts,) which texts are nearly of this format: they are more likely errors than categories."""
        return np.zeros(len(texts), np.bool_)

    @classmethod
    def problem_with(cls, name: str, text: str, notation: Notation) -> tuple[str, str]:
        """What is wrong with a text in a column `name` of which most have this format, and what to do."""
        return f"{quoted(text)} is not a {cls.noun}", CORRECT_IT

    @property
    def keeps_numbers(self) -> bool:
        """Whether a number is written as itself: -999 is no date, and -1 is no -100 %."""
        return False

    def columns(self, name: str) -> tuple[str, ...]:
        """The names of the numeric columns that the column `name` becomes: one, or a date's parts."""
        return (name,)

    @property
    def ordered_part(self) -> int:
        """Which of its `columns` has the order of the values: of a date its days."""
        return 0

    def ordered_text(self, number: float) -> str:
        """How a number of the `ordered_part` is written for a reader."""
        return self.text([number])

    @abstractmethod
    def numbers(self, texts: Sequence[str]) -> FloatArray:
        """(n, columns) float64; a text that does not have this format gives a row of NaN."""

    def text(self, values: Sequence[float]) -> str:
        """How the `numbers` of a text are written for a reader; empty if they are NaN."""
        return number_text(values[0])

    @property
    def axis(self) -> AxisKind:
        """What the axis of its values has."""
        return "number"

    def positions(self, numbers: FloatArray) -> FloatArray:
        """Where the values with these `numbers`, (n, columns), stand on the axis, (n,)."""
        return numbers[:, 0]

    @abstractmethod
    def description(self, name: str, part: str) -> str:
        """How the column `part`, one of `columns(name)`, is made of a text of the column `name`, in words."""

    def spellings(self) -> Sequence[str]:
        """The texts that are another spelling of a category, as far as they can be listed."""
        return ()

    def label(self, text: str) -> str:
        """The text for which `text` is another spelling; the same if it has none."""
        return text

    def example(self, name: str, texts: Sequence[str], numbers: FloatArray | None) -> tuple[str, str] | None:
        """A text that shows the conversion, and what it is read as: if possible, it is not zero.

        `numbers` (texts, columns) are those of the texts.
        """
        numbers = self.numbers(texts) if numbers is None else numbers
        for index in np.argsort(~numbers.any(axis=1), kind="stable").tolist():
            text, values = texts[index], numbers[index].tolist()
            if self.columns(name) != (name,):
                parts = zip(self.columns(name), values, strict=True)
                return text, ", ".join(f"{part.removeprefix(f'{name} ')} {value:g}" for part, value in parts)
            if plain_number(text) != values[0]:
                return text, repr(values[0]).removesuffix(".0")
        return None

    def unreadable(self, text: str) -> str:
        """Why a text of new rows cannot be read."""
        return f"{quoted(text)} is not a {self.noun} as in the training data"

    def plain_problem(self, text: str) -> str | None:
        """Why a plain number cannot stand for one of this format; None if it can, or `text` is none."""
        return None


def number_text(number: float, digits: int | None = None) -> str:
    """A number with `digits` digits, by default all, and a whole one without a point; empty if it is NaN."""
    if math.isnan(number):
        return ""
    if number.is_integer() and abs(number) < 2**53:
        return f"{number:z.0f}"
    return repr(number) if digits is None else f"{number:.{digits}g}"


def read_or_none(texts: Sequence[str], read: Callable[[str], Value | None]) -> list[Value | None]:
    """What each text is read as; None for all if it is None for a sample of them."""
    sample = [read(text) for text in texts[:SAMPLE]]
    if all(value is None for value in sample):
        return [None] * len(texts)
    return [*sample, *map(read, texts[SAMPLE:])]

"""Groups of rows by the values of a column, in which metrics are measured: see `evaluation.groups`.

Categories are groups by value. Numbers and dates are divided at quartiles, which are those of the rows
outside the test part: so the groups are known before the test part is, and mean the same for other rows that
the network is evaluated on. A column of at most four different numbers is divided by value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from itertools import pairwise
from typing import Final, Self, cast

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.detection import TypedColumn
from fnnctl.data.columns.formats.base import ColumnKind, number_text
from fnnctl.data.columns.formats.registry import AnyFormat
from fnnctl.data.columns.numbers import with_other_texts
from fnnctl.data.columns.types import ColumnType
from fnnctl.data.problems import Problems
from fnnctl.data.settings import group_setting
from fnnctl.data.tables.typed_columns import read_typed
from fnnctl.errors import DataError, Problem
from fnnctl.text import quoted

QUARTILES: Final = (0.25, 0.5, 0.75)
MOST_BY_VALUE: Final = 4
"""More different numbers than quarters are divided into quarters."""
MOST_VALUES: Final = 20
"""Of more values, the most frequent ones are groups; all others are one group."""
EXACT_DIGITS: Final = 17
"""Every float64 has a decimal number of so many digits."""
MISSING: Final = "(missing)"
OTHER: Final = "(other)"
UNUSABLE: Final[dict[ColumnKind, str]] = {
    "empty": "has no values",
    "text": "has texts that are nearly all different, so that its groups would have a row each",
}


@dataclass(frozen=True, slots=True)
class RowGroups:
    """The groups of n rows by one column."""

    column: str
    names: tuple[str, ...]
    """The groups that have rows, in the order of their values; missing values are the last one."""
    codes: IntArray
    """(n,) indices into `names`."""

    def of_rows(self, rows: IntArray) -> RowGroups:
        """The groups of some rows, by their indices; some may have none of them."""
        return RowGroups(self.column, self.names, self.codes[rows])


@dataclass(frozen=True, slots=True)
class Grouping:
    """How the values of a column divide rows into groups."""

    column: str
    kind: ColumnKind
    format: AnyFormat | None = None
    """None for plain numbers and plain texts."""
    edges: tuple[float, ...] = ()
    """The upper end of each quarter but the last, which belongs to it; of dates in days. Empty if each value
    is a group."""

    @classmethod
    def fit(cls, column: TypedColumn, rows: IntArray) -> Self:
        """The groups of a column, with the quartiles of some rows, (n,)."""
        values = _row_values(column)
        edges: tuple[float, ...] = ()
        if values is not None:
            known = values[rows][~np.isnan(values[rows])]
            if len(np.unique(known)) > MOST_BY_VALUE:
                edges = _edges(known, is_rounded=column.type.kind == "numeric")
        form = cast("AnyFormat | None", column.type.format)  # the registry has all formats
        return cls(column.type.name, column.type.kind, form, edges)

    def read(self, cells: CodedTexts, missing: frozenset[str], problems: Problems) -> TypedColumn:
        """The column in new rows from its cells; the first one that cannot be read is noted."""
        stripped, empty = cells.with_texts(map(str.strip, cells.texts)), with_other_texts(missing) | {""}
        present = stripped.without(np.array([text in empty for text in stripped.texts], np.bool_))
        known = ColumnType(name=self.column, kind=self.kind, format=self.format)
        return read_typed(self.column, present, known, missing, problems)

    def divide(self, column: TypedColumn) -> RowGroups:
        """The groups of the column's rows."""
        values = _row_values(column)
        if values is None:
            texts = CodedTexts.concatenate([column.texts])  # which sorts them
            return self._named(texts.texts, texts.codes)
        known = np.flatnonzero(~np.isnan(values))
        codes = np.full(len(values), -1)
        if self.edges:
            codes[known] = np.searchsorted(self.edges, values[known])
            return self._named(self._quarters(), codes)
        distinct, codes[known] = np.unique(values[known], return_inverse=True)
        return self._named([self._value_text(value) for value in distinct.tolist()], codes)

    def _named(self, names: Sequence[str], codes: IntArray) -> RowGroups:
        """The groups that have rows, from codes (n,) of all names, -1 if the value is missing."""
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        kept = np.flatnonzero(counts)
        if len(kept) > MOST_VALUES:
            kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_VALUES])
        own = [names[code] for code in kept.tolist()]
        group_of = np.full(len(names) + 1, -1)  # the code -1 picks the last
        group_of[kept] = np.arange(len(kept))
        groups, labels = group_of[codes], [*own]
        for label, rows in ((OTHER, (groups < 0) & (codes >= 0)), (MISSING, codes < 0)):
            if rows.any():
                groups[rows] = len(labels)
                labels.append(_unlike(label, own))
        return RowGroups(self.column, tuple(labels), groups)

    def _quarters(self) -> list[str]:
        """Their names; an edge belongs to the quarter below it."""
        edges = list(map(self._value_text, self.edges))
        between = (f"{low} to {high}" for low, high in pairwise(edges))
        return [f"up to {edges[0]}", *between, f"above {edges[-1]}"]

    def _value_text(self, value: float) -> str:
        """A value as the table has it."""
        return number_text(value) if self.format is None else self.format.ordered_text(value)


def refuse_ungrouped(columns: Sequence[TypedColumn]) -> None:
    """Raise DataError for columns of `evaluation.groups` that give no groups."""
    problems = [
        Problem(f"the column {quoted(column.type.name)} {why}: leave it out", path=group_setting(index))
        for index, column in enumerate(columns)
        if (why := UNUSABLE["empty"] if not column.texts.texts else UNUSABLE.get(column.type.kind))
    ]
    if problems:
        raise DataError(*problems)


def _row_values(column: TypedColumn) -> FloatArray | None:
    """The number of each row, (n,), NaN if missing; of a date its days. None if they are no numbers."""
    if column.numbers is None:
        return None
    part = column.type.format.ordered_part if column.type.format else 0
    values: FloatArray = column.texts.rows(column.numbers[:, part : part + 1])[:, 0]
    return values


def _edges(values: FloatArray, *, is_rounded: bool) -> tuple[float, ...]:
    """The quartiles of values (n,) that are below the largest one; numbers with as few digits as possible.

    Any number from a quartile to the next larger value divides the values alike.
    """
    distinct = np.unique(values)
    quartiles = np.unique(np.quantile(values, QUARTILES, method="inverted_cdf"))
    positions = np.searchsorted(distinct, quartiles[quartiles < distinct[-1]])
    pairs = zip(distinct[positions].tolist(), distinct[positions + 1].tolist(), strict=True)
    return tuple(_shortest(low, above) if is_rounded else low for low, above in pairs)


def _shortest(low: float, above: float) -> float:
    """The number with the fewest digits that is at least `low` and less than `above`."""
    for digits in range(1, EXACT_DIGITS):
        context = Context(prec=digits, rounding=ROUND_CEILING)
        if low <= (number := float(context.create_decimal_from_float(low))) < above:
            return number
    return low


def _unlike(name: str, others: Sequence[str]) -> str:
    """The name of a group of several values, in more parentheses if a value has this name."""
    while name in others:
        name = f"({name})"
    return name

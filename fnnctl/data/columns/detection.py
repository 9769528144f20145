"""Decides the type of a column of texts: numbers, dates, truth values or categories.

A column is numeric if all its values are numbers in one notation, and categorical if most are texts. If most
are numbers or dates and some are not, that is a problem: a single typo must not change the type of a column.
Digits with zeros in front are codes, such as zip codes, unless nearly all differ: padded amounts or ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.formats.base import (
    Candidate,
    ColumnFormat,
    ColumnKind,
    DeclaredKind,
    Notation,
)
from fnnctl.data.columns.formats.number import NumberFormat, find_unit
from fnnctl.data.columns.formats.registry import FORMATS
from fnnctl.data.columns.ids import nearly_all_differ
from fnnctl.data.columns.numbers import are_codes, first_code, numbers_among
from fnnctl.data.columns.types import NOT_USED, ColumnType
from fnnctl.data.problems import OddValue, Problems
from fnnctl.text import counted, quoted

MIN_WITH_UNIT: Final = 3
"""Two texts with a unit, such as `1 dose` and `2 dose`, are categories."""


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column of texts whose type is known."""

    type: ColumnType
    texts: CodedTexts
    """Truth values have one text for all spellings of each."""
    numbers: FloatArray | None = None
    """(texts, columns) float64; None if it is not numeric."""

    def values(self, j: int, rows: slice) -> FloatArray:
        """The values in some rows of the j-th numeric column; raises ValueError if it is not numeric."""
        if self.numbers is None:
            raise ValueError("the column is not numeric")
        texts = CodedTexts(self.texts.codes[rows], self.texts.texts, self.texts.lines)
        return texts.rows(self.numbers[:, j : j + 1])[:, 0]

    def of_rows(self, rows: IntArray | BoolArray) -> TypedColumn:
        """The column in some rows, by their indices or a mask."""
        return replace(self, texts=replace(self.texts, codes=self.texts.codes[rows]))

    @classmethod
    def joined(cls, columns: Sequence[TypedColumn]) -> TypedColumn:
        """The rows of columns of one type, one after another."""
        first, *others = columns
        if not others:
            return first
        texts = CodedTexts.concatenate([column.texts for column in columns])
        if first.numbers is None:
            return replace(first, texts=texts)
        values = {
            text: row
            for column in columns
            if column.numbers is not None
            for text, row in zip(column.texts.texts, column.numbers, strict=True)
        }
        numbers = np.array([values[text] for text in texts.texts]).reshape(-1, first.numbers.shape[1])
        return replace(first, texts=texts, numbers=numbers)

    def without_numbers(self, missing: frozenset[str]) -> TypedColumn:
        """The column without the numbers that equal a missing value; itself if it is not one of numbers."""
        form = self.type.format
        if self.type.kind != "numeric" or self.numbers is None or (form and not form.keeps_numbers):
            return self
        is_missing = np.isin(self.numbers[:, 0], numbers_among(missing))
        texts = self.texts.without(is_missing)
        column_type = replace(
            self.type, missing=int(np.count_nonzero(texts.codes < 0)), unique=len(texts.texts)
        )
        return TypedColumn(column_type, texts, self.numbers[~is_missing])


def typed(
    name: str,
    column: CodedTexts,
    kind: ColumnKind,
    candidate: Candidate | None = None,
    *,
    example: tuple[str, str] | None = None,
    warning: str | None = None,
    declared: bool = False,
) -> TypedColumn:
    """The column with a kind, and with the format and the numbers of a candidate that fits all its texts."""
    form, numbers = (candidate.format, candidate.numbers) if candidate else (None, None)
    column_type = ColumnType(
        name=name,
        kind=kind,
        format=form,
        example=form.example(name, column.texts, numbers) if form else example,
        warning=warning or (candidate.warning if candidate else None),
        ignored=NOT_USED.get(kind),
        declared=declared,
        missing=int(np.count_nonzero(column.codes < 0)),
        unique=len(column.texts),
    )
    if form is not None and numbers is None:  # spellings of categories
        column = column.with_texts(map(form.label, column.texts))
    return TypedColumn(column_type, column, numbers)


def typed_numbers(name: str, column: CodedTexts, numbers: FloatArray) -> TypedColumn:
    """A column of plain numbers, which are those of its texts, (texts,)."""
    return typed(name, column, "numeric", Candidate(None, np.ones(len(numbers), np.bool_), numbers[:, None]))


def detect(
    name: str, column: CodedTexts, declared: DeclaredKind | None, notation: Notation, problems: Problems
) -> TypedColumn | None:
    """The column with its type, which its values decide unless it is `declared`.

    None if its values contradict one another, which is noted in `problems`.
    """
    if not column.texts:
        if declared == "numeric":
            no_numbers = Candidate(None, np.empty(0, np.bool_), np.empty((0, 1)))
            return typed(name, column, "numeric", no_numbers, declared=True)
        return typed(name, column, "empty", declared=declared is not None)
    if declared is None and are_codes(column.texts):
        return _codes_or_numbers(name, column, notation)
    candidates: list[tuple[type[ColumnFormat], Candidate | None]] = []
    for form in FORMATS:
        if declared is not None and form.declared_as != declared:
            continue
        candidate = form.find(name, column, notation, declared=declared is not None)
        if candidate is not None and candidate.fits.all():
            if candidate.problem is not None:
                index, contradiction = candidate.problem
                value = OddValue(contradiction, "", form.noun, column.lines[index])
                problems.add_odd_value(name, value, ", or add the column to data.columns.categorical")
                return None
            return typed(name, column, form.column_kind, candidate, declared=declared is not None)
        candidates.append((form, candidate))
    counts = column.counts()
    for form, candidate in candidates:
        fits = candidate.fits if candidate else np.zeros(len(column.texts), np.bool_)
        most_fit = int(counts.sum()) <= 2 * int(counts[fits | form.resembling(column.texts)].sum())
        if declared is not None or most_fit:
            _note_problem(name, column, form, fits, notation, problems)
            return None
    return typed(name, column, kind_of_texts(column), warning=_unit_warning(column.texts))


def _codes_or_numbers(name: str, column: CodedTexts, notation: Notation) -> TypedColumn:
    """Digits with zeros in front: categories, or numbers if nearly all are different."""
    kind, code = kind_of_texts(column), first_code(column.texts) or ""
    candidate = NumberFormat.find(name, column, notation) if kind == "text" else None
    if candidate is None or not candidate.fits.all():
        return typed(name, column, kind, example=(code, "a category"))
    warning = (
        f"nearly all its values differ, so digits with a zero in front, such as {quoted(code)}, are read as "
        "numbers; if they are codes, add the column to data.columns.categorical"
    )
    return typed(name, column, "numeric", candidate, warning=warning)


def kind_of_texts(column: CodedTexts) -> ColumnKind:
    """Whether a column has categories, or texts that are nearly all different."""
    return "text" if nearly_all_differ(len(column.texts), len(column.codes)) else "categorical"


def _unit_warning(texts: Sequence[str]) -> str | None:
    """What to do if all texts, at least three, are numbers with one unit."""
    unit = find_unit(texts)
    if unit is None or len(texts) < MIN_WITH_UNIT:
        return None
    return (
        f"all values are numbers with {quoted(unit)}, such as {quoted(texts[0])}, and are read as texts: "
        f"remove {quoted(unit)}, or add the column to data.columns.categorical"
    )


def _note_problem(
    name: str,
    column: CodedTexts,
    form: type[ColumnFormat],
    fits: BoolArray,
    notation: Notation,
    problems: Problems,
) -> None:
    """Note the first text that does not fit, how many do, and what to write instead."""
    index, counts = int(np.argmin(fits)), column.counts()
    problem, advice = form.problem_with(name, column.texts[index], notation)
    fitting = f"{form.noun}s: {int(counts[fits].sum()):,} of {counted(int(counts.sum()), 'value')}"
    value = OddValue(problem, fitting, form.noun, column.lines[index])
    problems.add_odd_value(name, value, f". {advice}")

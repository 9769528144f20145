"""Chooses the type of each text column once the whole file has been read, and puts all columns together.

All columns are needed at once: a decimal comma in one tells what `1,250` is in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.conversion import FormatReader
from fnnctl.data.columns.detection import TypedColumn, detect, typed, typed_numbers
from fnnctl.data.columns.formats.base import Candidate, ColumnFormat, DeclaredKind, Notation
from fnnctl.data.columns.formats.number import has_decimal_commas
from fnnctl.data.columns.numbers import number_problem, plain_number
from fnnctl.data.columns.types import NOT_USED, ColumnType
from fnnctl.data.matrix import ColumnSource, NumberMatrix
from fnnctl.data.problems import Problems
from fnnctl.text import quoted

MIN_FRACTION, ROUNDING = 5e-4, 0.1
"""A number within half a thousandth of a whole one is whole; one within a tenth of a thousandth of three
decimals has three. Numbers of large tables are packed as float32, so a thousandth is not exact."""
INDEX: Final = "Unnamed: 0"
"""The name that pandas gives to an index that it has written without one."""


def find_types(
    columns: Mapping[str, CodedTexts],
    declared: Mapping[str, DeclaredKind | None],
    notation: Notation,
    missing: frozenset[str],
    problems: Problems,
) -> tuple[dict[str, TypedColumn], Notation]:
    """Find the types of the columns named in `declared`, which gives their declared kind; note every problem.

    In a column of numbers, each that equals one of the `missing` texts is missing. Also returns the notation,
    which is European if a column has decimal commas. Columns that are not in `declared`, such as the target,
    count as well.
    """
    if any(has_decimal_commas(column.texts) for column in columns.values()):
        decimal_commas = notation.is_csv and notation.decimal_mark == "auto"
        notation = replace(notation, european=True, decimal_commas=decimal_commas)
    types = {
        name: _numbers(name, columns[name], kind, notation, missing)
        or detect(name, columns[name], kind, notation, problems)
        for name, kind in declared.items()
    }
    return {
        name: column.without_numbers(missing) for name, column in types.items() if column is not None
    }, notation


def _numbers(
    name: str, column: CodedTexts, kind: DeclaredKind | None, notation: Notation, missing: frozenset[str]
) -> TypedColumn | None:
    """The column if it is one of numbers without those that equal a missing value; None if it has none."""
    numbers = column.without_numbers(missing)
    typed_column = None if numbers is column else detect(name, numbers, kind, notation, Problems(""))
    return typed_column if typed_column and typed_column.type.kind in {"numeric", "empty"} else None


def possible_thousands(matrix: NumberMatrix) -> list[str]:
    """The columns of plain numbers that are thousands, such as `1.234`, if another column has decimal commas.

    Only their texts can show it: 1.5 may have been `1.500`.
    """
    return [name for name, numbers in matrix.items() if _may_be_thousands(numbers)]


def _may_be_thousands(numbers: FloatArray) -> bool:
    """Whether some numbers (n,) below 1000 are not whole, and all of these are above 1 with ≤ 3 decimals."""
    small = np.abs(numbers[np.abs(numbers) < 1000])
    fractions = small[np.abs(small - np.rint(small)) > MIN_FRACTION]
    thousandths = 1000 * fractions
    return bool(
        fractions.size
        and fractions.min() >= 1
        and np.all(np.abs(thousandths - np.rint(thousandths)) < ROUNDING)
    )


def read_known_types(
    columns: Mapping[str, CodedTexts],
    formats: Mapping[str, ColumnFormat],
    missing: frozenset[str],
    problems: Problems,
) -> dict[str, TypedColumn]:
    """Read columns whose formats are known from the training data.

    The first text of each that does not have its format is noted.
    """
    types: dict[str, TypedColumn] = {}
    for name, form in formats.items():
        if name not in columns:
            continue
        column, numbers = columns[name], None
        if form.column_kind == "numeric":
            column = column.without_numbers(missing)
        if form.column_kind != "boolean":
            numbers = FormatReader(name, form, missing).of_texts(column, problems)
        candidate = Candidate(form, np.ones(len(column.texts), np.bool_), numbers)
        types[name] = typed(name, column, form.column_kind, candidate).without_numbers(missing)
    return types


def read_typed(
    name: str, column: CodedTexts, known: ColumnType, missing: frozenset[str], problems: Problems
) -> TypedColumn:
    """Read a column whose type is known from the training data; the first text without it is noted."""
    if known.format is not None:
        return read_known_types({name: column}, {name: known.format}, missing, problems)[name]
    if known.kind != "numeric":
        return typed(name, column, known.kind)
    return read_plain({name: column}, [name], missing, problems)[name]


def read_plain(
    columns: Mapping[str, CodedTexts], names: Iterable[str], missing: frozenset[str], problems: Problems
) -> dict[str, TypedColumn]:
    """Read columns that are known to have plain numbers; the first text of each that is none is noted."""
    return {
        name: _plain(name, columns[name].without_numbers(missing), problems)
        for name in names
        if name in columns
    }


def _plain(name: str, column: CodedTexts, problems: Problems) -> TypedColumn:
    numbers = np.array([plain_number(text) for text in column.texts], np.float64)
    for index in np.flatnonzero(np.isnan(numbers))[:1].tolist():
        problem = number_problem(column.texts[index])
        problems.add(f"column {quoted(name)}: {problem}", line=column.lines[index])
    return typed_numbers(name, column, numbers)


def note_collisions(columns: Mapping[str, TypedColumn], names: tuple[str, ...], problems: Problems) -> None:
    """Note every column made from a date, such as `day year`, that the file or another date has already."""
    origins = dict.fromkeys(names, "")
    for source, column in columns.items():
        for name in column.type.columns if column.numbers is not None else ():
            if name == source:
                continue
            if name in origins:
                origin = origins[name]
                reason = f"the column {quoted(origin)} becomes it too" if origin else "it exists already"
                becomes = f"the column {quoted(source)} becomes {quoted(name)} and others"
                problems.add(f"{becomes}, but {reason}: rename one", line=1)
            origins[name] = source


def put_together(
    names: tuple[str, ...],
    matrix: NumberMatrix,
    texts: Mapping[str, CodedTexts],
    columns: Mapping[str, TypedColumn],
    declared: frozenset[str],
) -> tuple[NumberMatrix, dict[str, CodedTexts], dict[str, ColumnType]]:
    """The numeric columns, the categories and the types of all columns, in the order of the header `names`.

    `matrix` and `texts` are the columns as they were read; `columns` are those of the texts that have a type
    of their own. Columns that were not read have no type.
    """
    order: list[str] = []
    converted: dict[str, ColumnSource] = {}
    categories: dict[str, CodedTexts] = {}
    types: dict[str, ColumnType] = {}
    for name in names:
        if name in matrix:
            order.append(name)
            types[name] = _type_of_numbers(name, matrix, declared=name in declared)
        elif name in columns:
            column = columns[name]
            types[name] = column.type
            if column.numbers is not None:
                order += column.type.columns
                parts = enumerate(column.type.columns)
                converted.update({part: partial(column.values, j) for j, part in parts})
            elif column.type.ignored is None:
                categories[name] = column.texts
        elif name in texts:
            categories[name] = texts[name]
            types[name] = typed(name, texts[name], "categorical", declared=name in declared).type
        if not name:
            types[name] = ColumnType(
                name=name, kind="index", ignored="it has no name, so it is taken for an index"
            )
    return matrix.with_columns(order, converted) if converted else matrix, categories, types


def _type_of_numbers(name: str, matrix: NumberMatrix, *, declared: bool) -> ColumnType:
    missing = matrix.missing(name)
    plain = ColumnType(name=name, kind="numeric", declared=declared, missing=missing)
    if missing == matrix.rows and not declared:
        return replace(plain, kind="empty", ignored=NOT_USED["empty"])
    if name == INDEX and not declared and _counts_rows(matrix[name]):
        return replace(plain, kind="index", ignored="it counts the rows, so it is taken for an index")
    return plain


def _counts_rows(values: FloatArray) -> bool:
    return (
        values.size > 0 and values[0] in (0, 1) and np.array_equal(values, np.arange(len(values)) + values[0])
    )

"""The columns of a file with their types, chosen once the whole file has been read.

All columns are needed at once: a decimal comma in one tells what `1,250` is in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.conversion import FormattedColumn, merged, taken
from fnnctl.data.columns.detection import DecidedKind, Notation, decide
from fnnctl.data.columns.formats.boolean import BooleanFormat
from fnnctl.data.columns.formats.finding import has_decimal_commas
from fnnctl.data.columns.numbers import are_codes, first_code, plain_number
from fnnctl.data.columns.types import ColumnFormat, ColumnType
from fnnctl.data.matrix import ColumnSource, NumberMatrix
from fnnctl.data.problems import Problems
from fnnctl.text import shown

LEAST_FRACTION, ROUNDING = 5e-4, 0.1
"""Numbers of large tables are packed as float32, so a thousandth is not exact."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A column of texts after the decision about it."""

    decision: DecidedKind
    column: CodedTexts
    """Of truth values, with one text for all spellings of each."""
    example: tuple[str, str] | None
    """A text that is converted, and what it is read as."""
    numbers: FloatArray | None = None
    """(texts, columns) float64; None if it is not numeric."""
    names: tuple[str, ...] = ()
    """Those of the numeric columns that it becomes."""

    def part(self, j: int, rows: slice) -> FloatArray:
        """The values in some rows of the j-th numeric column; raises ValueError if it is not numeric."""
        if self.numbers is None:
            raise ValueError("the column is not numeric")
        return taken(self.numbers[:, j : j + 1], replace(self.column, codes=self.column.codes[rows]))[:, 0]


def settle(
    columns: Mapping[str, CodedTexts],
    declared: Mapping[str, str | None],
    hints: Notation,
    problems: Problems,
) -> tuple[dict[str, Settled], Notation]:
    """Decide about the columns named in `declared`, which gives their declared kind; note every fault.

    The hints are returned with what the columns tell about the file; other columns, such as the target, tell
    of decimal commas, too.
    """
    if any(has_decimal_commas(column.texts) for column in columns.values()):
        hints = replace(hints, european=True, decimal_commas=hints.is_csv and hints.decimal_mark == "auto")
    settled: dict[str, Settled] = {}
    for name, kind in declared.items():
        decision = decide(name, columns[name], kind, hints)
        if decision.fault is not None:
            line, message = decision.fault
            problems.add(message, line=line)
        else:
            settled[name] = converted(name, columns[name], decision)
    return settled, hints


def possible_thousands(matrix: NumberMatrix) -> list[str]:
    """The columns of plain numbers that are thousands, such as `1.234`, if another column has decimal commas.

    Only their texts can tell: 1.5 may have been `1.500`.
    """
    return [name for name, numbers in matrix.items() if _may_be_thousands(numbers)]


def _may_be_thousands(numbers: FloatArray) -> bool:
    """Whether all numbers (n,) below 1000 that are not whole have at most three decimals, and are above 1."""
    small = np.abs(numbers[np.abs(numbers) < 1000])
    fractions = small[np.abs(small - np.rint(small)) > LEAST_FRACTION]
    thousandths = 1000 * fractions
    return bool(
        fractions.size
        and fractions.min() >= 1
        and np.all(np.abs(thousandths - np.rint(thousandths)) < ROUNDING)
    )


def converted(name: str, column: CodedTexts, decision: DecidedKind) -> Settled:
    """The column with the decision carried out."""
    form = decision.format
    if isinstance(form, BooleanFormat):
        own = merged(column, form)
        other = next((text for text in column.texts if form.category(text) != text), None)
        return Settled(decision, own, None if other is None else (other, form.category(other)))
    if decision.kind not in ("numeric", "date"):
        code = first_code(column.texts) if are_codes(column.texts) else None
        return Settled(decision, column, (code, "a category") if code else None)
    numbers = decision.numbers
    if form is None:  # plain numbers; without any, there is no finding
        return Settled(decision, column, None, np.empty((0, 1)) if numbers is None else numbers, (name,))
    numbers = form.numbers(column.texts) if numbers is None else numbers
    return Settled(decision, column, _example(name, column, form, numbers), numbers, form.columns(name))


def read_again(
    columns: Mapping[str, CodedTexts], formats: Mapping[str, ColumnFormat], problems: Problems
) -> dict[str, Settled]:
    """Read columns whose formats are known from the training data; note the first text of each that has not
    its format.
    """
    settled: dict[str, Settled] = {}
    for name, form in formats.items():
        if name not in columns:
            continue
        column = columns[name]
        decision = DecidedKind("boolean" if isinstance(form, BooleanFormat) else "numeric", form)
        if isinstance(form, BooleanFormat):
            settled[name] = converted(name, column, decision)
            continue
        distinct = replace(column, codes=np.arange(len(column.texts)))
        numbers = FormattedColumn(name, form).read(distinct, problems)
        settled[name] = Settled(decision, column, None, numbers, form.columns(name))
    return settled


def refuse_collisions(settled: Mapping[str, Settled], names: tuple[str, ...], problems: Problems) -> None:
    """Note every column that a date would become although the file has it, or another date becomes it."""
    maker = dict.fromkeys(names, "")
    for source, each in settled.items():
        for name in each.names:
            if name == source:
                continue
            if name in maker:
                other = (
                    f"the column {shown(maker[name])} becomes it too" if maker[name] else "it exists already"
                )
                message = (
                    f"the column {shown(source)} becomes {shown(name)} and others, but {other}: rename one"
                )
                problems.add(message, line=1)
            maker[name] = source


def _example(
    name: str, column: CodedTexts, form: ColumnFormat, numbers: FloatArray
) -> tuple[str, str] | None:
    """A text that shows the conversion: the first that is no plain number, if possible not zero."""
    for place in np.argsort(~numbers.any(axis=1), kind="stable").tolist():
        text, values = column.texts[place], numbers[place].tolist()
        if len(values) > 1 or form.columns(name) != (name,):
            parts = zip(form.columns(name), values, strict=True)
            return text, ", ".join(f"{part.removeprefix(f'{name} ')} {value:g}" for part, value in parts)
        if plain_number(text) != values[0]:
            return text, repr(values[0]).removesuffix(".0")
    return None


INDEX = "Unnamed: 0"
"""The name that pandas gives to an index that it has written without one."""
NOT_USED = {
    "text": "nearly all its values are different texts",
    "empty": "it has no values",
}
"""Why columns of some kinds are ignored."""


def all_numbers(matrix: NumberMatrix, names: Sequence[str], settled: Mapping[str, Settled]) -> NumberMatrix:
    """The numeric columns in the order of the header `names`: those of `matrix`, and the converted ones."""
    order: list[str] = []
    added: dict[str, ColumnSource] = {}
    for name in names:
        if name in matrix:
            order.append(name)
        elif name in settled:
            each = settled[name]
            order += each.names
            added.update({part: partial(each.part, j) for j, part in enumerate(each.names)})
    return matrix.joined(order, added) if added else matrix


def all_categories(
    columns: Mapping[str, CodedTexts], settled: Mapping[str, Settled]
) -> dict[str, CodedTexts]:
    """The columns of categories, without those that became numbers or are not used."""
    return {
        name: settled[name].column if name in settled else column
        for name, column in columns.items()
        if name not in settled or settled[name].decision.kind in ("boolean", "categorical")
    }


def readings_of(
    names: Sequence[str],
    matrix: NumberMatrix,
    columns: Mapping[str, CodedTexts],
    settled: Mapping[str, Settled],
    declared: frozenset[str],
) -> dict[str, ColumnType]:
    """How each column was read, in the order of the header `names`; columns that were not read have none.

    `matrix` and `columns` are those before the decisions, which are in `settled`.
    """
    return {
        reading.name: reading
        for name in names
        for reading in _reading(name, matrix, columns.get(name), settled.get(name), name in declared)
    }


def _reading(
    name: str, matrix: NumberMatrix, column: CodedTexts | None, settled: Settled | None, declared: bool
) -> Iterator[ColumnType]:
    if not name:
        yield ColumnType(name=name, kind="index", ignored="it has no name, so it is taken for an index")
    elif column is not None:
        decision = None if settled is None else settled.decision
        kind = "categorical" if decision is None else decision.kind
        yield ColumnType(
            name=name,
            kind=kind,
            format=decision.format if decision else None,
            example=settled.example if settled else None,
            doubt=decision.doubt if decision else None,
            ignored=NOT_USED.get(kind),
            declared=declared,
            missing=int(np.count_nonzero(column.codes < 0)),
            unique=len(column.texts),
        )
    elif name in matrix:
        missing = matrix.missing(name)
        kind, ignored = "numeric", None
        if missing == matrix.rows and not declared:
            kind, ignored = "empty", NOT_USED["empty"]
        elif name == INDEX and not declared and _counts_rows(matrix):
            kind, ignored = "index", "it counts the rows, so it is taken for an index"
        yield ColumnType(name=name, kind=kind, ignored=ignored, declared=declared, missing=missing)


def _counts_rows(matrix: NumberMatrix) -> bool:
    values = matrix[INDEX]
    return values.size > 0 and values[0] in (0, 1) and bool(np.all(np.diff(values) == 1))

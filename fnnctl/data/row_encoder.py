"""Encodes blocks of columns as rows for a trained network, whether they come from a file or from memory.

The types of the columns are those in the training data, regardless of what the new values look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.conversion import (
    FormatReader,
    as_trained,
    categories_by_number,
    known_spelling,
    note_plain_problems,
)
from fnnctl.data.columns.formats.base import ColumnFormat
from fnnctl.data.columns.numbers import number_problem, plain_numbers, remove_missing
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.row_facts import read_exposures
from fnnctl.data.tables.blocks import NULL, Block, Column, UnusableTypeError, in_parts, refuse_unusable
from fnnctl.data.tables.cell_texts import MOST_TEXTS
from fnnctl.data.tables.column_readers import NumberColumn, NumberColumns, TextColumn, text_column
from fnnctl.text import quoted

MOST_ROWS: Final = 2**13
"""A chunk of short lines is divided, because its rows take more memory once they are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows(Columns):
    """n consecutive rows; the categories are those that occur in them."""

    first: int
    """The first row's number in its file, from 0."""
    labels: tuple[CodedTexts, ...] = ()
    """Those of each target, (n,), if they were requested."""
    kept: Sequence[Sequence[str]] | None = None
    """For each row, the texts of the columns to keep, as they are in the file, empty for null. None if none
    was requested."""
    kept_names: tuple[str, ...] = ()
    """The names of the columns to keep."""
    exposures: FloatArray | None = None
    """(n,), above 0; None if the network was trained without exposures, or if the rows have none."""

    def part(self, rows: slice) -> NewRows:
        """Some consecutive ones of these rows."""
        return replace(
            self,
            numeric=self.numeric[rows],
            categorical=self.categorical[rows],
            first=self.first + rows.start,
            labels=tuple(replace(labels, codes=labels.codes[rows]) for labels in self.labels),
            kept=self.kept and self.kept[rows],
            exposures=None if self.exposures is None else self.exposures[rows],
        )


def columns_of(
    preprocessor: Preprocessor, formats: Mapping[str, ColumnFormat] | None = None
) -> tuple[str, ...]:
    """The columns that a network was trained on, numeric ones first.

    With the `formats` of a table, a column that became several is named as in the table.
    """
    source = {part: name for name, form in (formats or {}).items() for part in form.columns(name)}
    numeric = dict.fromkeys(source.get(number.name, number.name) for number in preprocessor.numbers)
    return (*numeric, *(column.name for column in preprocessor.categories))


def expansions_of(formats: Mapping[str, ColumnFormat]) -> dict[str, tuple[str, ...]]:
    """The `Columns.expansions` of a table with these formats."""
    made = {name: form.columns(name) for name, form in formats.items()}
    return {name: parts for name, parts in made.items() if parts != (name,)}


class RowEncoder:
    """Turns blocks of columns into new rows, in the order of the blocks.

    What occurred in earlier blocks is remembered, so that only new texts have to be understood.
    """

    def __init__(
        self,
        preprocessor: Preprocessor,
        names: Sequence[str],
        formats: Mapping[str, ColumnFormat],
        missing: frozenset[str],
        block_rows: int,
        *,
        targets: Sequence[str] = (),
        kept: Sequence[str] = (),
        exposure: str | None = None,
    ) -> None:
        """The preprocessor's columns are among the `names` of a block's columns.

        Args:
            preprocessor: Its columns are read.
            names: The names of a block's columns.
            formats: The formats of columns in the training data.
            missing: The texts of missing values.
            block_rows: If something is wrong with a block, this many rows are read together.
            targets: The columns of the labels; empty if they are not needed. A column that is not among the
                names counts as one without values.
            kept: The columns whose texts are kept.
            exposure: The column of the exposures; None if there is none.
        """
        self._formats, self._targets, self._missing, self._block_rows = formats, targets, missing, block_rows
        self._position = {name: j for j, name in enumerate(names)}
        self._kept, self._kept_names = [self._position[name] for name in kept], tuple(kept)
        self._exposure = exposure
        used = {*columns_of(preprocessor, formats), *kept, *targets, exposure}
        self._used = [(name, j) for name, j in self._position.items() if name in used]
        self._names = tuple(number.name for number in preprocessor.numbers)
        self._numbers = _Numbers(self._names, self._position, formats, missing)
        self._categories = [
            _Categories(column.known, formats.get(column.name), missing) for column in preprocessor.categories
        ]
        self._category_names = tuple(column.name for column in preprocessor.categories)
        self._labels: dict[str, TextColumn] = {}
        """By target, as soon as its first labels are read."""
        self._expansions = expansions_of(formats)
        self._first = 0

    def rows(self, block: Block, problems: Problems) -> Iterator[NewRows]:
        """The rows of a block; raises DataError, after the rows before, if some cannot be read."""
        for part in in_parts(block, MOST_ROWS):
            attempt, numbers = Problems(problems.file), self._numbers.copy()
            blocks: Iterable[NewRows] = [self._rows(part, attempt)]
            if attempt:
                # Messages are about a few hundred rows at most, and the rows before these are predicted.
                self._numbers = numbers
                blocks = (self._rows(few, problems) for few in in_parts(part, self._block_rows))
            for rows in blocks:
                problems.raise_any()  # also what is wrong with the form of the rows
                self._first += len(rows)
                yield rows

    @property
    def no_rows(self) -> Columns:
        """The columns of the rows, without rows."""
        return Columns(
            numeric=np.empty((0, len(self._names))),
            numeric_names=self._names,
            categorical=np.empty((0, len(self._categories)), np.int32),
            categorical_names=self._category_names,
            categories=((),) * len(self._categories),
        )

    def fresh(self) -> RowEncoder:
        """An encoder of other rows from 0 on, which remembers what texts are; not for another thread."""
        fresh = copy(self)
        fresh._numbers, fresh._first = self._numbers.copy(), 0
        return fresh

    def _rows(self, block: Block, problems: Problems) -> NewRows:
        """The rows of a block; what is wrong is noted."""
        columns = block.columns
        try:
            values = self._numbers.read(block, problems)
            codes = np.empty((len(block.lines), len(self._categories)), np.int32)
            categories = []
            for j, (name, column) in enumerate(zip(self._category_names, self._categories, strict=True)):
                codes[:, j], texts = column.codes(columns[self._position[name]], block.lines)
                categories.append(texts)
            labels = tuple(self._read_labels(target, block, problems) for target in self._targets)
            texts_of_columns = [
                ["" if text == NULL else text for text in columns[position].texts()]
                for position in self._kept
            ]
            exposures = None
            if self._exposure is not None:
                exposures = read_exposures(
                    columns[self._position[self._exposure]],
                    self._exposure,
                    self._missing,
                    problems,
                    lines=block.lines,
                    first=self._first,
                )
        except UnusableTypeError:
            refuse_unusable(((name, columns[position]) for name, position in self._used), problems)
            raise
        return NewRows(
            numeric=values,
            numeric_names=self._names,
            categorical=codes,
            categorical_names=self._category_names,
            categories=tuple(categories),
            expansions=self._expansions,
            first=self._first,
            labels=labels,
            kept=list(zip(*texts_of_columns, strict=True)) if texts_of_columns else None,
            kept_names=self._kept_names,
            exposures=exposures,
        )

    def _read_labels(self, target: str, block: Block, problems: Problems) -> CodedTexts:
        """The targets, of which numbers that equal a missing value are missing if all are numbers."""
        if target not in self._position:
            return CodedTexts(np.full(len(block.lines), -1, np.intp), (), ())
        column, form = block.columns[self._position[target]], self._formats.get(target)
        if target not in self._labels:
            self._labels[target] = text_column(column, self._missing)
        labels = self._labels[target].block(column, block.lines)
        of_numbers = form is not None and form.column_kind == "numeric"
        missing = frozenset[str]()
        if of_numbers or plain_numbers(labels.texts, missing) is not None:
            missing = self._missing
        labels = labels.without_numbers(missing)
        note_plain_problems(target, labels, form, problems)
        labels = as_trained(labels, form)
        return labels.without_numbers(missing) if form is None or form.keeps_numbers else labels


class _Categories:
    """Codes the texts of a column by the categories that the network was trained on.

    Numbers are spelled as in the training data: 1.0 is 1, if only that was a category. A column of whole
    numbers becomes one of fractions, for example in pandas, as soon as a value is missing. Digits that begin
    with a zero are a code, and no number.
    """

    def __init__(self, known: tuple[str, ...], form: ColumnFormat | None, missing: frozenset[str]) -> None:
        self._known, self._form, self._missing = known, form, missing
        self._code_of = {text: code for code, text in enumerate(known)}
        self._spellings = categories_by_number(known)
        self._readers: dict[bool, _KnownTexts] = {}
        """For columns whose type is texts, and for those whose type is numbers."""

    def codes(self, column: Column, lines: Sequence[int]) -> tuple[IntArray, tuple[str, ...]]:
        """The codes (n,) of the values, and the categories: the known ones, and then others that occur."""
        is_typed = column.numbers() is not None
        reader = self._readers.get(is_typed)
        if reader is None or max(len(reader.spelled), len(reader.code_of_value)) > MOST_TEXTS:
            # Many texts are forgotten.
            reader = self._readers[is_typed] = _KnownTexts(text_column(column, self._missing))
        if len(lines) == 1 and (code := reader.code_of_value.get(column.texts()[0])) is not None:
            return np.array([code], np.int32), self._known  # takes a third of the time
        texts = reader.column.block_codes(column, lines)
        if new := reader.column.texts[len(reader.spelled) :]:
            reader.spelled += (spelled := [*map(self._spelled, new)])
            new_codes = [self._code_of.get(text, len(self._known)) for text in spelled]
            reader.codes = np.array([*reader.codes[:-1], *new_codes, -1], np.int32)
        codes = reader.codes[texts]
        if codes.max(initial=-1) < len(self._known):
            if len(lines) == 1:
                reader.code_of_value[column.texts()[0]] = int(codes[0])
            return codes, self._known
        unknown_rows = np.flatnonzero(codes == len(self._known))
        code_of: dict[str, int] = {}
        codes[unknown_rows] = [
            code_of.setdefault(reader.spelled[text], len(self._known) + len(code_of))
            for text in texts[unknown_rows].tolist()
        ]
        return codes, (*self._known, *code_of)

    def _spelled(self, text: str) -> str:
        """A text as in the training data."""
        text = text if self._form is None else self._form.label(text)
        return known_spelling(text, self._code_of, self._spellings)


class _KnownTexts:
    """The texts of a column that occurred, and what they are in the training data."""

    def __init__(self, column: TextColumn) -> None:
        self.column = column
        self.code_of_value: dict[str, int] = {}
        """The codes of values that came alone."""
        self.spelled: list[str] = []
        self.codes: IntArray = np.array([-1], np.int32)
        """(texts + 1,) the codes of known categories, one for all others, and last -1 for a missing value."""


class _Numbers:
    """Reads the numeric columns `names`: plain ones together, the others one by one with their formats."""

    def __init__(
        self,
        names: Sequence[str],
        position: Mapping[str, int],
        formats: Mapping[str, ColumnFormat],
        missing: frozenset[str],
    ) -> None:
        self._missing = missing
        index_of = {name: j for j, name in enumerate(names)}
        self._formatted: list[tuple[FormatReader, TextColumn, int, list[int], list[int]]] = []
        """Each column's readers, its position in the file, its parts that are used, and their indices."""
        made: set[str] = set()
        for source, column_format in formats.items():
            parts = column_format.columns(source)
            used = [j for j, part in enumerate(parts) if part in index_of]
            if used and source in position:
                reader = FormatReader(source, column_format, missing)
                indices = [index_of[parts[j]] for j in used]
                self._formatted.append((reader, TextColumn(missing), position[source], used, indices))
                made.update(parts)
        self._plain = [name for name in names if name not in made]
        self._positions = [position[name] for name in self._plain]
        self._indices = [index_of[name] for name in self._plain]

    def read(self, block: Block, problems: Problems) -> FloatArray:
        """The columns, (n, p); for each, its first value that cannot be read is noted."""
        plain = block.numbers(self._positions)
        if plain is None:
            plain = self._read_plain(block, problems)
        else:
            remove_missing(plain, self._missing)
        if not self._formatted:
            return plain
        count = len(self._plain) + sum(len(used) for _, _, _, used, _ in self._formatted)
        values = np.empty((len(block.lines), count))
        values[:, self._indices] = plain
        for reader, texts, position, used, indices in self._formatted:
            coded = texts.block(block.columns[position], block.lines)
            values[:, indices] = reader.rows(coded, problems)[:, used]
        return values

    def _read_plain(self, block: Block, problems: Problems) -> FloatArray:
        """The columns of plain numbers, some of which are texts."""
        columns = [NumberColumn(self._missing) for _ in self._plain]
        plain = NumberColumns(columns, self._positions, self._missing).read(block)
        for name, column in zip(self._plain, columns, strict=True):
            if (first := column.value_counts().first) is not None:
                line, text = first
                problem = number_problem(text)
                problems.add(f"column {quoted(name)}: {problem}", line=line)
        return plain

    def copy(self) -> _Numbers:
        """A reader that goes on like this one, also after this one has read more."""
        if not self._formatted:
            return self
        copied = copy(self)
        copied._formatted = [(copy(entry[0]), *entry[1:]) for entry in self._formatted]
        return copied

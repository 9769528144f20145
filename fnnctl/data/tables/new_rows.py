"""Reads new rows from a CSV file, block by block, with the columns that the network was trained on.

The columns are found by name, in any order. Their kinds are those in the training data, regardless of what
the new values look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.files import UNREPORTED, OnRead, file_errors, shown_name
from fnnctl.data.new_rows import NewFile, NewRows, columns_of, note_missing, suggestion
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.tables.columns import NumberColumn, NumberColumns, TextColumn
from fnnctl.data.tables.formats.boolean import BooleanFormat
from fnnctl.data.tables.keeping import NONE, Keep, kept_columns
from fnnctl.data.tables.kinds.conversion import (
    FormattedColumn,
    labels_as_trained,
    merged,
    note_plain_faults,
)
from fnnctl.data.tables.numbers import almost_number
from fnnctl.data.tables.rows import CsvFormat, CsvRows, RowBlock, open_rows
from fnnctl.text import shown

if TYPE_CHECKING:
    from fnnctl.data.tables.readings import ColumnFormat


@contextmanager
def open_new_rows(
    path: Path | None,
    form: CsvFormat,
    preprocessor: Preprocessor,
    *,
    target: str,
    labelled: bool,
    delimiter_setting: str,
    keep: Keep = NONE,
    on_read: OnRead = UNREPORTED,
) -> Iterator[NewFile]:
    """Open a CSV file, or standard input (None), whose columns are the preprocessor's.

    The column `target` must be there if the rows are to be `labelled`, and is ignored otherwise.
    `delimiter_setting` is what the user changes if the header was not split into columns. The texts of the
    columns to `keep` are returned with the rows. `on_read` is called after each block if the file's
    length is known. Raises DataError if a column is missing, and the errors of `open_rows`.
    """
    problems = Problems(shown_name(path))
    with open_rows(path, form, problems) as file:
        problems.raise_any()
        wanted = columns_of(preprocessor, form.formats)
        used = {*wanted, target}
        unused = tuple(name for name in file.names if name not in used)
        if len(file.names) == 1 < len(wanted) and file.names[0] not in wanted:
            header = f"the header has only one column, {shown(file.names[0])}, but {len(wanted):,} are needed"
            problems.add(f"{header}: is {delimiter_setting} right?", line=file.header_line)
        else:
            note_missing(wanted, unused, file.names, problems, line=file.header_line)
        if labelled and target not in file.names and not problems:
            without = f"the target column {shown(target)} is missing{suggestion(target, unused)}"
            problems.add(without, line=file.header_line)
        kept = kept_columns(keep, file.names, problems, line=file.header_line)
        problems.raise_any()
        blocks = _blocks(file, form, preprocessor, target if labelled else None, kept, problems, on_read)
        yield NewFile(unused, kept, blocks)


def _blocks(
    file: CsvRows,
    form: CsvFormat,
    preprocessor: Preprocessor,
    target: str | None,
    kept: Sequence[str],
    problems: Problems,
    on_read: OnRead,
) -> Iterator[NewRows]:
    numeric = tuple(number.name for number in preprocessor.numbers)
    categorical = tuple(column.name for column in preprocessor.categories)
    position = {name: j for j, name in enumerate(file.names)}
    numbers = _Numbers(numeric, position, form)
    kept_positions = [position[name] for name in kept]
    parts = {name: form.formats[name].columns(name) for name in form.formats}
    expansions = {name: made for name, made in parts.items() if made != (name,)}

    def texts(name: str, block: RowBlock) -> CodedTexts:
        return _texts(block, position[name], form.missing)

    first = 0
    with file_errors(problems.file):
        for block in file.blocks:
            values = numbers.read(block, problems)
            columns = [_categories(texts(name, block), form.formats.get(name)) for name in categorical]
            codes = np.empty((len(block.lines), len(categorical)), np.int32)
            for j, column in enumerate(columns):
                codes[:, j] = column.codes
            labels = None if target is None else texts(target, block)
            if target is not None and labels is not None:
                note_plain_faults(target, labels, form.formats.get(target), problems)
                labels = labels_as_trained(labels, form.formats.get(target))
            problems.raise_any()
            yield NewRows(
                numeric=values,
                numeric_names=numeric,
                categorical=codes,
                categorical_names=categorical,
                categories=tuple(column.texts for column in columns),
                expansions=expansions,
                first=first,
                labels=labels,
                kept=list(zip(*map(block.column, kept_positions), strict=True)) if kept else None,
            )
            first += len(block.lines)
            if (share := file.share()) > 0:
                on_read(problems.file, share)
    problems.raise_any()


class _Numbers:
    """Reads the numeric columns `names`: plain ones together, the others one by one with their formats."""

    def __init__(self, names: Sequence[str], position: Mapping[str, int], form: CsvFormat) -> None:
        self._missing = form.missing
        place = {name: j for j, name in enumerate(names)}
        self._formatted: list[tuple[FormattedColumn, int, list[int], list[int]]] = []
        """Each column's reader, its position in the file, its parts that are used, and their places."""
        made: set[str] = set()
        for source, column_format in form.formats.items():
            parts = column_format.columns(source)
            used = [j for j, part in enumerate(parts) if part in place]
            if used and source in position:
                reader = FormattedColumn(source, column_format)
                self._formatted.append((reader, position[source], used, [place[parts[j]] for j in used]))
                made.update(parts)
        self._plain = [name for name in names if name not in made]
        self._positions = [position[name] for name in self._plain]
        self._places = [place[name] for name in self._plain]

    def read(self, block: RowBlock, problems: Problems) -> FloatArray:
        """The columns, (n, p); for each, its first value that cannot be read is noted."""
        columns = [NumberColumn(self._missing) for _ in self._plain]
        plain = NumberColumns(columns, self._positions, self._missing).read(block)
        for name, column in zip(self._plain, columns, strict=True):
            if (first := column.value_counts().first) is not None:
                line, text = first
                wrong = almost_number(text) or f"{shown(text)} is not a number"
                problems.add(f"column {shown(name)}: {wrong}", line=line)
        if not self._formatted:
            return plain
        values = np.empty(
            (len(block.lines), len(self._plain) + sum(len(each[2]) for each in self._formatted))
        )
        values[:, self._places] = plain
        for reader, position, used, places in self._formatted:
            values[:, places] = reader.read(_texts(block, position, self._missing), problems)[:, used]
        return values


def _texts(block: RowBlock, position: int, missing: frozenset[str]) -> CodedTexts:
    column = TextColumn(missing)
    column.add(block.column(position), block.lines)
    return column.coded()


def _categories(column: CodedTexts, form: ColumnFormat | None) -> CodedTexts:
    """The column with one text for all spellings of a truth value, if it has these."""
    return merged(column, form) if isinstance(form, BooleanFormat) else column

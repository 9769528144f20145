"""Reads new rows from a CSV file, block by block, with the columns that the network was trained on.

The columns are found by name, in any order. Their kinds are those in the training data, regardless of what
the new values look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.coded_texts import CodedTexts
from fnnctl.data.files import file_errors, shown_name
from fnnctl.data.new_rows import NewFile, NewRows, columns_of, note_missing, suggestion
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.tables.columns import NumberColumn, NumberColumns, TextColumn
from fnnctl.data.tables.keeping import NONE, Keep, kept_columns
from fnnctl.data.tables.numbers import almost_number
from fnnctl.data.tables.rows import CsvFormat, CsvRows, RowBlock, open_rows
from fnnctl.text import shown


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
) -> Iterator[NewFile]:
    """Open a CSV file, or standard input (None), whose columns are the preprocessor's.

    The column `target` must be there if the rows are to be `labelled`, and is ignored otherwise.
    `delimiter_setting` is what the user changes if the header was not split into columns. The texts of the
    columns to `keep` are returned with the rows. Raises DataError if a column is missing, and the errors of
    `open_rows`.
    """
    problems = Problems(shown_name(path))
    with open_rows(path, form, problems) as file:
        problems.raise_any()
        wanted = columns_of(preprocessor)
        used = {*wanted, target}
        unused = tuple(name for name in file.names if name not in used)
        if len(file.names) == 1 < len(wanted) and file.names[0] not in wanted:
            header = f"the header has only one column, {shown(file.names[0])}, but {len(wanted):,} are needed"
            problems.add(f"{header}: is {delimiter_setting} right?", line=1)
        else:
            note_missing(wanted, unused, file.names, problems, line=1)
        if labelled and target not in file.names and not problems:
            problems.add(f"the target column {shown(target)} is missing{suggestion(target, unused)}", line=1)
        kept = kept_columns(keep, file.names, problems, line=1)
        problems.raise_any()
        blocks = _blocks(file, form.missing, preprocessor, target if labelled else None, kept, problems)
        yield NewFile(unused, kept, blocks)


def _blocks(
    file: CsvRows,
    missing: frozenset[str],
    preprocessor: Preprocessor,
    target: str | None,
    kept: Sequence[str],
    problems: Problems,
) -> Iterator[NewRows]:
    numeric = tuple(number.name for number in preprocessor.numbers)
    categorical = tuple(column.name for column in preprocessor.categories)
    position = {name: j for j, name in enumerate(file.names)}
    kept_positions = [position[name] for name in kept]

    def texts(name: str, block: RowBlock) -> CodedTexts:
        column = TextColumn(missing)
        column.add(block.column(position[name]), block.lines)
        return column.coded()

    first = 0
    with file_errors(problems.file):
        for block in file.blocks:
            numbers = _numbers(numeric, [position[name] for name in numeric], block, missing, problems)
            columns = [texts(name, block) for name in categorical]
            codes = np.empty((len(block.lines), len(categorical)), np.int32)
            for j, column in enumerate(columns):
                codes[:, j] = column.codes
            labels = None if target is None else texts(target, block)
            problems.raise_any()
            yield NewRows(
                numeric=numbers,
                numeric_names=numeric,
                categorical=codes,
                categorical_names=categorical,
                categories=tuple(column.texts for column in columns),
                first=first,
                labels=labels,
                kept=list(zip(*map(block.column, kept_positions), strict=True)) if kept else None,
            )
            first += len(block.lines)
    problems.raise_any()


def _numbers(
    names: Sequence[str],
    positions: Sequence[int],
    block: RowBlock,
    missing: frozenset[str],
    problems: Problems,
) -> FloatArray:
    """The columns `names`, (n, p); for each, note its first value that is not a number."""
    columns = [NumberColumn(missing) for _ in names]
    numbers = NumberColumns(columns, positions, missing).read(block)
    for name, column in zip(names, columns, strict=True):
        if (first := column.value_counts().first) is not None:
            line, text = first
            wrong = almost_number(text) or f"{shown(text)} is not a number"
            problems.add(f"column {shown(name)}: {wrong}", line=line)
    return numbers

"""New rows for a network that is trained: read block by block, with the columns that the network knows.

The columns are found by their names, in any order. Their kinds are those of the training, whatever the values
look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.files import shown_name, told
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.tables.columns import NumberColumn, TextColumn
from fnnctl.data.tables.numbers import almost_number
from fnnctl.data.tables.rows import CsvFormat, RowBlock, open_rows
from fnnctl.errors import did_you_mean, quoted_list
from fnnctl.text import printable, shown

MOST_NAMED_ALONE = 5


@dataclass(frozen=True, slots=True)
class Labels:
    """What n rows are labelled with."""

    codes: IntArray
    """(n,) indices into `texts`, -1 where missing."""
    texts: tuple[str, ...]
    lines: Sequence[int | None]
    """Where each text first appears; None in what has no lines."""


@dataclass(frozen=True, slots=True)
class NewRows:
    """n rows that follow one another, as `Preprocessor.transform` takes them."""

    first: int
    """The first row's number in its file, from 0."""
    numeric: FloatArray
    """(n, p), NaN where missing."""
    numeric_names: tuple[str, ...]
    categorical: IntArray
    """(n, q) codes into `categories`, -1 where missing."""
    categorical_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    """Each column's texts among these rows."""
    labels: Labels | None
    """Where they are wanted."""

    def __len__(self) -> int:
        return len(self.numeric)

    def numbers(self, rows: IntArray, columns: IntArray | None = None) -> FloatArray:
        """See `preprocessing.Columns`."""
        numbers = self.numeric.take(rows, axis=0)
        return numbers if columns is None else numbers[:, columns]


@dataclass(frozen=True, slots=True)
class NewFile:
    """An open file of new rows."""

    unused: tuple[str, ...]
    """The columns that the network does not know."""
    blocks: Iterator[NewRows]
    """To be gone through once; raises DataError for what is wrong in a block, once it was read."""


@contextmanager
def open_new_rows(
    path: Path | None,
    form: CsvFormat,
    preprocessor: Preprocessor,
    *,
    target: str,
    labelled: bool,
    delimiter_setting: str,
) -> Iterator[NewFile]:
    """Open a CSV file, or standard input (None), whose columns are the preprocessor's.

    The column `target` must be there where the rows are to be `labelled`, and is passed over elsewhere.
    `delimiter_setting` is what the user changes where the header is not divided. Raises DataError where a
    column is missing, and otherwise as `data.rows.open_rows` does.
    """
    problems = Problems(shown_name(path))
    with open_rows(path, form, problems) as file:
        problems.raise_any()
        wanted = columns_of(preprocessor)
        unused = tuple(name for name in file.names if name not in wanted and name != target)
        if len(file.names) == 1 < len(wanted) and file.names[0] not in wanted:
            header = f"the header is one column, {shown(file.names[0])}, and {len(wanted):,} are needed"
            problems.add(f"{header}: is {delimiter_setting} right?", line=1)
        else:
            note_missing(wanted, unused, file.names, problems, line=1)
        if labelled and target not in file.names and not problems:
            problems.add(f"the label's column {shown(target)} is missing{_meant(target, unused)}", line=1)
        problems.raise_any()
        reader = _BlockReader(preprocessor, target if labelled else None, file.names, form, problems)
        yield NewFile(unused, reader.blocks(file.blocks))


def columns_of(preprocessor: Preprocessor) -> tuple[str, ...]:
    """The columns that a network knows: the numeric ones before the others."""
    numeric = (number.name for number in preprocessor.numbers)
    return (*numeric, *(column.name for column in preprocessor.categories))


def note_missing(
    wanted: Sequence[str],
    unused: Sequence[str],
    names: Sequence[str],
    problems: Problems,
    *,
    line: int | None = None,
) -> None:
    """Note what a file's columns, `names`, lack of the `wanted` ones; an `unused` one may be what was meant.

    A few are named one by one; of many, which tell of another file altogether, there is one problem.
    """
    found = set(names)
    missing = [name for name in wanted if name not in found]
    if len(missing) > MOST_NAMED_ALONE:
        count = f"{len(missing):,} of the {len(wanted):,} columns that the network needs"
        problems.add(f"{count} are missing: {quoted_list([*map(shown, missing)])}", line=line)
        return
    for name in missing:
        problems.add(f"the column {shown(name)} is missing{_meant(name, unused)}", line=line)


def _meant(name: str, unused: Sequence[str]) -> str:
    return did_you_mean(name, [printable(other) for other in unused])


class _BlockReader:
    """Makes the typed columns of each block."""

    def __init__(
        self,
        preprocessor: Preprocessor,
        target: str | None,
        names: Sequence[str],
        form: CsvFormat,
        problems: Problems,
    ) -> None:
        self._numeric = tuple(number.name for number in preprocessor.numbers)
        self._categorical = tuple(column.name for column in preprocessor.categories)
        self._target = target
        self._position = {name: j for j, name in enumerate(names)}
        self._missing = form.missing
        self._problems = problems

    def blocks(self, blocks: Iterator[RowBlock]) -> Iterator[NewRows]:
        first = 0
        with told(self._problems.file):
            for block in blocks:
                rows = self._rows(block, first)
                self._problems.raise_any()
                yield rows
                first += len(block.lines)
        self._problems.raise_any()

    def _rows(self, block: RowBlock, first: int) -> NewRows:
        numeric = np.empty((len(block.lines), len(self._numeric)))
        for j, name in enumerate(self._numeric):
            numeric[:, j] = self._numbers(name, block)
        texts = [self._texts(name, block) for name in self._categorical]
        codes = [column.codes() for column in texts]
        return NewRows(
            first=first,
            numeric=numeric,
            numeric_names=self._numeric,
            categorical=np.column_stack(codes) if codes else np.empty((len(block.lines), 0), np.int32),
            categorical_names=self._categorical,
            categories=tuple(column.texts() for column in texts),
            labels=None if self._target is None else self._labels(self._target, block),
        )

    def _numbers(self, name: str, block: RowBlock) -> FloatArray:
        column = NumberColumn(self._missing)
        numbers = column.read(block.columns[self._position[name]], block.lines)
        counts = column.value_counts()
        if counts.first is not None:
            line, text = counts.first
            wrong = almost_number(text) or f"{shown(text)} is not a number"
            self._problems.add(f"column {shown(name)}: {wrong}", line=line)
        return numbers

    def _labels(self, name: str, block: RowBlock) -> Labels:
        column = self._texts(name, block)
        return Labels(column.codes(), column.texts(), column.lines)

    def _texts(self, name: str, block: RowBlock) -> TextColumn:
        column = TextColumn(self._missing)
        column.add(block.columns[self._position[name]], block.lines)
        return column

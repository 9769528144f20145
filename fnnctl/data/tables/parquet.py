"""Reads Parquet files as rows of texts, so that everything about tables works as it does for CSV files.

A column becomes texts when it is first used, a block of rows at a time. So columns that are left out cost
little, and may have types that cannot be a column of a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.files import displayed_name, file_errors
from fnnctl.data.tables.arrow import arrow_numbers, arrow_texts, parquet_libraries
from fnnctl.data.tables.memory_columns import NULL
from fnnctl.data.tables.memory_table import unusable
from fnnctl.errors import DataError, Problem
from fnnctl.text import install_command

_MARK: Final = b"PAR1"
_INDEX: Final = re.compile(r"__index_level_\d+__")
"""The names that pandas gives to the columns of an index without a name."""


def is_parquet(path: Path | None) -> bool:
    """Whether a file, not a pipe, begins as Parquet files do."""
    if path is None or not path.is_file():
        return False
    with file_errors(displayed_name(path)), path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK


@dataclass(frozen=True, slots=True)
class ParquetBlock:
    """Some consecutive rows of a Parquet file."""

    lines: Sequence[int]
    """The number of each row, counted from 1."""
    names: Sequence[str]
    arrays: Sequence[Any]
    """The columns as pyarrow arrays; None is a column without values."""
    file: str
    _texts: dict[int, list[str]] = field(default_factory=dict)

    def column(self, position: int) -> list[str]:
        """The values of one column; raises DataError if its type is not one of a table's."""
        self._convert([position])
        return self._texts[position]

    def values(self, positions: Sequence[int]) -> list[str]:
        """The values of some columns, row by row; raises DataError as `column` does."""
        self._convert(positions)
        return list(chain.from_iterable(zip(*(self._texts[position] for position in positions), strict=True)))

    def numbers(self, positions: Sequence[int]) -> FloatArray | None:
        """The values of some columns as numbers, (n, p), if all are numbers by their types."""
        numbers = np.empty((len(self.lines), len(positions)))
        for j, position in enumerate(positions):
            array = self.arrays[position]
            column = None if array is None else arrow_numbers(array)
            if column is None:
                return None
            numbers[:, j] = column
        return numbers

    def _convert(self, positions: Sequence[int]) -> None:
        problems = []
        for position in positions:
            if position not in self._texts:
                array = self.arrays[position]
                texts = [NULL] * len(self.lines) if array is None else arrow_texts(array)
                if texts is None:
                    problems.append(unusable(self.names[position], str(array.type), self.file))
                else:
                    self._texts[position] = texts
        if problems:
            raise DataError(*problems)


@dataclass(frozen=True, slots=True)
class ParquetRows:
    """The columns of an open file, and its rows, which can be read once."""

    names: tuple[str, ...]
    """The first is empty if pandas stored an index without a name."""
    blocks: Iterator[ParquetBlock]
    rows: int
    """How many rows the file says it has."""
    share: Callable[[], float]
    """The share of the rows that has been read."""


@contextmanager
def open_parquet(path: Path, *, block_values: int, fewest_rows: int) -> Iterator[ParquetRows]:
    """Open a Parquet file; blocks have about `block_values` values, but at least `fewest_rows` rows.

    Raises DataError if pyarrow is not installed, or if the file is damaged, also while it is read; and
    MachineError if the system cannot read it.
    """
    file = displayed_name(path)
    arrow, parquet = _libraries(file)
    with file_errors(file), _damage(arrow, file), path.open("rb") as stream:
        source = parquet.ParquetFile(stream)
        all_names = source.schema_arrow.names
        used = [j for j, name in enumerate(all_names) if not _INDEX.fullmatch(name)]
        index = [None] if len(used) < len(all_names) else []
        names = (*("" for _ in index), *(all_names[j].strip() for j in used))
        rows = max(fewest_rows, block_values // max(1, len(names)))

        first, total = 1, source.metadata.num_rows

        def blocks() -> Iterator[ParquetBlock]:
            nonlocal first
            for batch in source.iter_batches(batch_size=rows, use_threads=False):
                lines = range(first, first + batch.num_rows)
                if lines:
                    yield ParquetBlock(lines, names, [*index, *(batch.column(j) for j in used)], file)
                first += batch.num_rows

        yield ParquetRows(names, blocks(), total, lambda: (first - 1) / max(1, total))


def _libraries(file: str) -> tuple[Any, Any]:
    try:
        return parquet_libraries()
    except ImportError as error:
        advice = f"a Parquet file needs pyarrow: {install_command('pyarrow')}"
        raise DataError(Problem(advice, file=file)) from error


@contextmanager
def _damage(arrow: Any, file: str) -> Iterator[None]:
    """Turn pyarrow's errors, some of which are OSErrors without a number, into one that names the file."""
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = str(error).splitlines()[0].rstrip(". ")
        message = f"the Parquet file is damaged, or pyarrow cannot read it ({reason})"
        raise DataError(Problem(message, file=file)) from error

"""The facts about a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fnnctl.data.profile.columns import ColumnFacts, column_facts
from fnnctl.data.profile.notes import ColumnNote, column_notes, left_out
from fnnctl.data.profile.source import Source
from fnnctl.data.warnings import row_hashes


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What a table contains."""

    source: Source
    columns: tuple[ColumnFacts, ...]
    """In the order of the header."""
    notes: Mapping[str, tuple[ColumnNote, ...]]
    """What is suspicious about columns, by name."""
    repeated_rows: int
    """How many rows equal an earlier row, apart from the columns that should be left out."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.source.table.rows

    @cached_property
    def left_out(self) -> dict[str, str]:
        """The columns that should be left out, each with the reason."""
        return left_out(self.notes)

    def __getitem__(self, name: str) -> ColumnFacts:
        """The facts about one column."""
        return next(column for column in self.columns if column.name == name)


def table_facts(source: Source) -> TableFacts:
    """Look at every column of a source. This needs a few bytes per row in addition to the table."""
    columns = tuple(column_facts(source, column_type) for column_type in source.types.values())
    notes = column_notes(source, columns)
    repeated = _repeated_rows(source, frozenset(left_out(notes)))
    return TableFacts(source=source, columns=columns, notes=notes, repeated_rows=repeated)


def _repeated_rows(source: Source, ignored: frozenset[str]) -> int:
    """How many rows equal an earlier one in all columns that are used."""
    table = source.table
    used = [column_type for column_type in source.types.values() if column_type.name not in ignored]
    names = [name for column_type in used for name in column_type.columns]
    numeric = [name for name in names if name in table.numeric]
    texts = [table.categorical[name].codes for name in names if name in table.categorical]
    if not numeric and not texts:
        return 0
    hashes = np.empty(table.rows, np.uint64)
    start = 0
    for numbers in table.numeric.blocks(np.ones(table.rows, np.bool_), numeric):
        block = slice(start, start + len(numbers))
        codes = np.array([column[block] for column in texts], np.int64).reshape(-1, len(numbers))
        labels = np.zeros(len(numbers), np.intp)
        hashes[block] = row_hashes(labels, numbers, codes.T)
        start += len(numbers)
    hashes.sort()
    return int(np.count_nonzero(hashes[1:] == hashes[:-1]))

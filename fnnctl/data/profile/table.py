"""The facts about a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.profile.columns import ColumnFacts, column_facts
from fnnctl.data.profile.notes import ColumnNote, column_notes, left_out
from fnnctl.data.profile.source import Source
from fnnctl.data.tables.readers import kind_of_table
from fnnctl.data.warnings import row_hashes
from fnnctl.text import quoted, word_list

SHOWN_NAMES: Final = 5


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

    @property
    def warnings(self) -> tuple[str, ...]:
        """A warning if the first line of a CSV file looks like data."""
        source = self.source
        if source.path is None or source.arrays or kind_of_table(source.path).has_types:
            return ()
        if not _names_are_data(source):
            return ()
        names = word_list([quoted(column.name) for column in self.columns], SHOWN_NAMES)
        taken = f"the first line is taken for the names of the columns, but looks like data: {names}"
        return (f"{taken}. If it is data, add a line of names before it",)

    @cached_property
    def left_out(self) -> dict[str, str]:
        """The columns that should be left out, each with the reason."""
        return left_out(self.notes)

    def __getitem__(self, name: str) -> ColumnFacts:
        """The facts about one column."""
        return next(column for column in self.columns if column.name == name)


def _names_are_data(source: Source) -> bool:
    """Whether most names of columns may be values: numbers of numeric columns, and texts of others.

    At least one must be such a text: names that are numbers alone may be years.
    """
    numbers = texts = others = 0
    for name, column in source.types.items():
        if column.kind == "numeric":
            numbers += plain_number(name) is not None
            others += plain_number(name) is None
        elif column.kind in {"categorical", "boolean"}:
            is_value = name in source.table.categorical[name].texts
            texts += is_value
            others += not is_value
    return texts > 0 and texts + numbers > max(1, 2 * others)


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
    for numbers, _ in table.numeric.blocks(numeric):
        block = slice(start, start + len(numbers))
        codes = np.array([column[block] for column in texts], np.int64).reshape(-1, len(numbers))
        labels = np.zeros(len(numbers), np.intp)
        hashes[block] = row_hashes(labels, numbers, codes)
        start += len(numbers)
    hashes.sort()
    return int(np.count_nonzero(hashes[1:] == hashes[:-1]))

"""Opens tables, views and queries of SQLite databases as blocks of columns.

A table has no order of rows, and what SQLite returns depends on how they are stored. So they are sorted by
their values, unless ORDER BY says otherwise: the parts of a split are the same for the same rows.
"""

from __future__ import annotations

import hashlib
import marshal
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, groupby, islice, repeat
from pathlib import Path
from typing import Any, Final, TypeAlias

from fnnctl.config.table_files import TablePart
from fnnctl.data.files import displayed_name, file_errors
from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import Block, ColumnBlock, typed_block_rows
from fnnctl.data.tables.open_table import CsvFormat, OpenTable, check_names
from fnnctl.data.tables.sqlite_file import Query, open_database
from fnnctl.data.tables.value_columns import value_column
from fnnctl.errors import DataError, Problem
from fnnctl.text import did_you_mean, printable, quoted, word_list

_UNUSABLE: Final[Mapping[type, str]] = {bytes: "BLOB"}
_MARSHAL: Final = 2
"""The version of the format of the digest's bytes; later ones depend on which texts are one object."""
_MARSHAL_HEADER: Final = 5
"""The type of a list and its length, before the rows."""
_REPEATED: Final = re.compile(r"(.*):\d+", re.DOTALL)
"""How SQLite calls a second column of the same name in a subquery."""
Row: TypeAlias = tuple[Any, ...]
_ORDER_NOTE: Final = "the rows are read in the order of their values, because no ORDER BY gives them another"


@contextmanager
def open_table(path: Path, form: CsvFormat, problems: Problems) -> Iterator[OpenTable]:
    """Open a table, a view or a query of an SQLite database.

    Raises DataError if there is no such table, or several and none is named; if the query fails, does not
    end, or does more than read; if the database is locked or damaged; and MachineError if the system cannot
    read it.
    """
    file = displayed_name(path)
    with file_errors(file), open_database(path, file) as connection:
        query = _query(connection, form.part, file)
        names = _names(connection, query)
        check_names(names, None, problems)
        rows = None
        if form.part.query is None:
            (rows,) = connection.execute(f"SELECT count(*) FROM ({query.sql})").fetchone()
        digest = hashlib.sha256(marshal.dumps(names, _MARSHAL))
        size = typed_block_rows(len(names))

        def blocks() -> Iterator[Block]:
            rows: Iterator[Row] = connection.execute(query.sql if query.has_order else _sorted(query, names))
            if not query.has_order:
                rows = _settled(rows)
            line = 1
            while part := _next_rows(rows, size, file):
                digest.update(marshal.dumps(part, _MARSHAL)[_MARSHAL_HEADER:])
                lines = range(line, line := line + len(part))
                columns = [value_column(values, lines, _UNUSABLE) for values in zip(*part, strict=True)]
                yield ColumnBlock(lines, columns)

        yield OpenTable.of_rows(
            names,
            blocks(),
            rows,
            block_rows=size,
            sha256=digest.hexdigest,
            notes=() if query.has_order else (_ORDER_NOTE,),
        )


def _query(connection: sqlite3.Connection, part: TablePart, file: str) -> Query:
    """What is to be read; raises DataError if it is not clear."""
    if part.query is not None:
        return Query.parse(part.query, file)
    kinds = dict(
        connection.execute(
            "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"
        )
    )
    listing = word_list([*map(quoted, kinds)])
    name = part.table
    if name is None:
        tables = [name for name, kind in kinds.items() if kind == "table"] or [*kinds]
        if len(tables) == 1:
            name = tables[0]
        else:
            several = f"there are several tables, {listing}: name one in data.table (--table)"
            message = several if tables else "the database has no tables"
            raise DataError(Problem(message, file=file))
    elif name.lower() not in map(str.lower, kinds):
        hint = did_you_mean(name, map(printable, kinds)) or (f"; its tables are {listing}" if kinds else "")
        raise DataError(Problem(f"there is no table {quoted(name)}{hint}", file=file))
    return Query(f"SELECT * FROM {_quoted_name(name)}", has_order=False)


def _quoted_name(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _names(connection: sqlite3.Connection, query: Query) -> tuple[str, ...]:
    """The names of the columns; a second one of the same name has this name again."""
    connection.execute(f"EXPLAIN {query.sql}")  # its errors are about the query as it is written
    description = connection.execute(f"SELECT * FROM (\n{query.sql}\n) LIMIT 0").description
    names: list[str] = []
    for name, *_ in description:
        match = _REPEATED.fullmatch(name)
        names.append(match[1].strip() if match and match[1].strip() in names else name.strip())
    return tuple(names)


def _sorted(query: Query, names: Sequence[str]) -> str:
    """The query with an order by all values."""
    are_distinct = len({name.lower() for name in names}) == len(names)
    columns = [_quoted_name(name if are_distinct else f"c{j}") for j, name in enumerate(names)]
    terms = ", ".join(f"{column} COLLATE BINARY" for column in columns)
    named = f"WITH fnnctl_rows({', '.join(columns)}) AS (\n{query.sql}\n)"
    return f"{named} SELECT * FROM fnnctl_rows ORDER BY {terms}"


def _settled(rows: Iterable[Row]) -> Iterator[Row]:
    """Sorted rows with an order of those that SQLite takes for equal, such as 1 and 1.0.

    To sort by the types as well would take SQLite half as long again.
    """
    for first, equal in groupby(rows):
        others = islice(equal, 1, None)
        second = next(others, None)
        if second is None:
            yield first
            continue
        counts = Counter(marshal.dumps(row, _MARSHAL) for row in chain((first, second), others))
        for content, count in sorted(counts.items()):
            yield from repeat(marshal.loads(content), count)


def _next_rows(rows: Iterator[Row], count: int, file: str) -> list[Row]:
    """The next rows, up to this number."""
    try:
        return [*islice(rows, count)]
    except sqlite3.OperationalError as error:
        if hasattr(error, "sqlite_errorname"):  # of SQLite, not of Python
            raise
        message = f"a text is not UTF-8 ({error}): convert it, or leave the column out of data.query"
        raise DataError(Problem(message, file=file)) from error

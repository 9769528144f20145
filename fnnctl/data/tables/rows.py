"""Reads a CSV file, a Parquet file or a table in memory as blocks of rows.

Only one block exists at a time, so the memory needed is little more than that of the typed arrays. A block of
strings has a few thousand values, which fit in the processor's cache: with 2^16 values they take 40 % longer.
A block of cells is half a megabyte of a CSV file. Problems in the file's form (ragged rows, open quotes,
wrong bytes) are noted, not raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fnnctl.arrays import FloatArray
from fnnctl.data.columns.numbers import plain_number
from fnnctl.data.problems import Problems
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.csv_file import Block, CsvFile
from fnnctl.data.tables.memory_columns import NULL
from fnnctl.data.tables.memory_table import MemoryTable
from fnnctl.data.tables.parquet import is_parquet, open_parquet
from fnnctl.data.tables.records import BLOCK_VALUES, MIN_BLOCK_ROWS, block_rows
from fnnctl.data.tables.text_files import open_text, share_read
from fnnctl.text import counted, quoted

if TYPE_CHECKING:
    from fnnctl.data.columns.formats.base import ColumnFormat, MarkSetting


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a CSV file is written, and which texts of any table are missing values."""

    delimiter: str | None
    """None if it is to be detected."""
    encoding: str
    missing: frozenset[str]
    """The texts of missing values: see `missing_texts`."""
    encoding_setting: str = "data.encoding"
    """What the user changes if the encoding is wrong."""
    decimal_mark: MarkSetting = "auto"
    """The decimal mark of numbers that are not plain."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """The declared patterns of columns of dates."""
    formats: Mapping[str, ColumnFormat] = field(default_factory=dict)
    """The formats of columns that are known from the training data; those of other columns are detected."""


def missing_texts(values: Iterable[str]) -> frozenset[str]:
    """The texts that stand for missing values, without blanks around them; a null is always missing."""
    return frozenset([NULL, *(text.strip() for text in values)])


class RowBlock(Protocol):
    """Some consecutive rows of texts."""

    @property
    def lines(self) -> Sequence[int]:
        """The line where each row starts, or the row's number in a file without lines, counted from 1."""

    def column(self, position: int) -> list[str]:
        """The values of one column."""

    def values(self, positions: Sequence[int]) -> list[str]:
        """The values of some columns, row by row."""

    def numbers(self, positions: Sequence[int]) -> FloatArray | None:
        """The numbers that the values of some columns stand for, (n, p), NaN for null.

        None unless the columns have types of numbers.
        """


@dataclass(frozen=True, slots=True)
class TextRows:
    """Consecutive rows of a CSV file, which are equally long: a `RowBlock`."""

    lines: Sequence[int]
    rows: Sequence[Sequence[str]]

    def column(self, position: int) -> list[str]:
        """The values of one column."""
        return list(map(itemgetter(position), self.rows))

    def values(self, positions: Sequence[int]) -> list[str]:
        """The values of some columns, row by row."""
        if self.rows and list(positions) == list(range(len(self.rows[0]))):
            return list(chain.from_iterable(self.rows))
        if len(positions) < 2:
            return [row[position] for row in self.rows for position in positions]
        return list(chain.from_iterable(map(itemgetter(*positions), self.rows)))

    def numbers(self, positions: Sequence[int]) -> FloatArray | None:
        """None: texts have no types."""
        return None


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The header of an open file, and its rows, which can be read once."""

    names: tuple[str, ...]
    """The first may be empty: it is an index, such as that of pandas."""
    delimiter: str
    blocks: Iterator[RowBlock]
    header_line: int | None
    """The line of the names; None if the file has no lines."""
    share: Callable[[], float]
    """The share of the file that has been read, from 0 to 1; 0 for a pipe."""
    rows: int | None = None
    """How many rows there are; None if only reading them tells."""
    block_rows: int = 1
    """The rows of a block of texts, if `blocks` may be cells, one of which is many such blocks."""
    has_types: bool = False
    """Whether the values had types of their own before they became texts, as in a Parquet file."""


@contextmanager
def open_rows(source: Path | MemoryTable | None, form: CsvFormat, problems: Problems) -> Iterator[CsvRows]:
    """Open a CSV or Parquet file, CSV on standard input (None) or a table in memory, and read its header;
    `blocks` reads the rest lazily.

    Problems are noted in `problems`, except those that make reading impossible: these are raised as DataError
    (an empty file, a wrong encoding) or MachineError (see `open_text` and `open_parquet`).
    """
    if isinstance(source, MemoryTable):
        yield _memory_rows(source, problems)
        return
    if source is not None and is_parquet(source):
        with open_parquet(source, block_values=BLOCK_VALUES, fewest_rows=MIN_BLOCK_ROWS) as stored:
            if not stored.names:
                problems.add("the file has no columns")
                raise problems.error()
            _check_names(stored.names, None, problems)
            yield CsvRows(stored.names, "", stored.blocks, None, stored.share, stored.rows, has_types=True)
        return
    with open_text(source, form.encoding, form.encoding_setting) as text:
        reader = CsvFile(text, problems, delimiter=form.delimiter, encoding_setting=form.encoding_setting)
        if reader.header is None:
            if not problems:
                problems.add("the file is empty")
            raise problems.error()
        line, header = reader.header
        names = tuple(name.strip() for name in header)
        blocks, named = _blocks(reader, len(names), problems), _named(names)
        if named < len(names):
            blocks = _without_ends(blocks, named, problems)
        _check_header(names[:named], line, problems)
        share = partial(share_read, text.fileno())
        yield CsvRows(
            names[:named],
            reader.delimiter,
            blocks,
            line,
            share,
            block_rows=reader.block_rows,
        )


def _memory_rows(table: MemoryTable, problems: Problems) -> CsvRows:
    """The rows of a table in memory, in blocks as large as those of the file with the same values."""
    _check_names(table.names, None, problems)
    width, read = len(table.names), 0
    rows = max(MIN_BLOCK_ROWS, BLOCK_VALUES // width) if table.has_types else block_rows(width)

    def blocks() -> Iterator[RowBlock]:
        nonlocal read
        for block in table.blocks(rows):
            read = block.lines.stop - 1
            yield block

    def share() -> float:
        return read / max(1, table.rows)

    return CsvRows(table.names, "", blocks(), None, share, table.rows, has_types=table.has_types)


def _named(names: Sequence[str]) -> int:
    """How many columns precede those without a name at the end of a header; all if there is only an index."""
    named = max((position for position, name in enumerate(names, start=1) if name), default=0)
    return named if named else len(names)


def _check_header(names: Sequence[str], line: int, problems: Problems) -> None:
    if all(plain_number(name) is not None for name in names):
        problems.add("the first line must name the columns, but it has only numbers", line=line)
        return
    _check_names(names, line, problems)


def _check_names(names: Sequence[str], line: int | None, problems: Problems) -> None:
    """Note columns without a name, or with that of another; the first without a name is an index."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name and position > 1:
            problems.add(
                f"column {position} has no name in the header: give it one, or remove the column", line=line
            )
        elif name in seen:
            is_data = line is not None and plain_number(name) is not None
            advice = "; if this line is data, add a line of names before it" if is_data else ""
            same = f"columns {seen[name]} and {position} have the same name {quoted(name)}: rename one"
            problems.add(f"{same}{advice}", line=line)
        seen.setdefault(name, position)


def _blocks(records: Iterable[Block], width: int, problems: Problems) -> Iterator[TextRows | CellRows]:
    """The records as blocks. Those of another width are noted and left out."""
    is_first = True
    for block in records:
        if isinstance(block, CellRows):  # all have this width
            is_first = False
            yield block
            continue
        lines, rows = block
        widths = list(map(len, rows))
        if is_first and len(rows) > 1 and widths.count(widths[0]) == len(rows) and widths[0] != width:
            problems.add(_other_width(rows, width), line=lines[0])
            return
        is_first = False
        if widths.count(width) == len(rows):
            if rows:
                yield TextRows(lines, rows)
            continue
        for line, count in zip(lines, widths, strict=True):
            if count != width:
                values = counted(count, "value")
                problems.add(f"the row has {values}, but the header has {counted(width, 'name')}", line=line)
        fitting = [k for k, count in enumerate(widths) if count == width]
        if fitting:
            yield TextRows([lines[k] for k in fitting], [rows[k] for k in fitting])


def _other_width(rows: Sequence[Sequence[str]], width: int) -> str:
    """What is wrong if all rows have as many values as one another, but not as the header has names."""
    count = len(rows[0])
    difference = f"the rows have {counted(count, 'value')}, but the header has {counted(width, 'name')}"
    if count > width and not any(value.strip() for row in rows for value in row[width:]):
        return f"{difference}: each row ends with a delimiter; end the header with one, too"
    if count > width:
        return f"{difference}: if the header stands further down, remove the lines before it"
    return f"{difference}: name as many columns as there are"


def _without_ends(
    blocks: Iterator[TextRows | CellRows], named: int, problems: Problems
) -> Iterator[TextRows | CellRows]:
    """The blocks without columns that have neither names nor values: each line ends with a delimiter.

    The first value without a name is noted.
    """
    for block in blocks:
        rows: Sequence[Sequence[str]] = ()
        if not isinstance(block, CellRows):
            rows = block.rows
        elif block.lengths(range(named, len(block.starts))).any():
            rows = list(zip(*map(block.column, range(len(block.starts))), strict=True))
        lines = block.lines[: len(rows)]
        for line, row in zip(lines, rows, strict=True):
            index = next((k for k in range(named, len(row)) if row[k].strip()), None)
            if index is not None:
                problem = f"{quoted(row[index])} is in column {index + 1}, which has no name in the header"
                problems.add(f"{problem}: give it one, or remove the column", line=line)
                return
        if isinstance(block, CellRows):
            yield block.first_columns(named)
        else:
            yield TextRows(lines, [row[:named] for row in rows])

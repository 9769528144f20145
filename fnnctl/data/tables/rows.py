"""Reads a CSV file, or a Parquet file, as blocks of rows, a few thousand values at a time.

Only the values of one block exist as Python strings, so the memory needed is little more than that of the
typed arrays. A block fits in the processor's cache (blocks of 2^16 values take 40 % longer). Faults in the
file's form (ragged rows, open quotes, wrong bytes) are noted, not raised.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Protocol, TextIO

from fnnctl.data.problems import Problems
from fnnctl.data.tables.delimiters import declared_delimiter, find_delimiter
from fnnctl.data.tables.formats.finding import MarkSetting
from fnnctl.data.tables.numbers import plain_number
from fnnctl.data.tables.parquet import NULL, is_parquet, open_parquet
from fnnctl.data.tables.readings import ColumnFormat
from fnnctl.data.tables.text_files import open_text, wrong_byte
from fnnctl.text import counted, shown

BLOCK_VALUES = 2**13
FEWEST_BLOCK_ROWS = 100
SAMPLE_LINES = 100
_LINE_END = re.compile(rb"\r\n?|\n")


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
        if len(positions) < 2:
            return [row[position] for row in self.rows for position in positions]
        return list(chain.from_iterable(map(itemgetter(*positions), self.rows)))


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The header of an open file, and its rows, which can be read once."""

    names: tuple[str, ...]
    """The first may be empty: it is an index, such as that of pandas."""
    delimiter: str
    blocks: Iterator[RowBlock]
    header_line: int | None
    """The line of the names; None if the file has no lines."""


@contextmanager
def open_rows(path: Path | None, form: CsvFormat, problems: Problems) -> Iterator[CsvRows]:
    """Open a CSV or Parquet file, or CSV on standard input (None), and read its header; `blocks` reads the
    rest lazily.

    Faults are noted in `problems`, except those that make reading impossible: these are raised as DataError
    (an empty file, a wrong encoding) or MachineError (see `open_text` and `open_parquet`).
    """
    if path is not None and is_parquet(path):
        with open_parquet(path, block_values=BLOCK_VALUES, fewest_rows=FEWEST_BLOCK_ROWS) as stored:
            if not stored.names:
                problems.add("the file has no columns")
                raise problems.error()
            _check_names(stored.names, None, problems)
            yield CsvRows(stored.names, "", stored.blocks, None)
        return
    with open_text(path, form.encoding, form.encoding_setting) as text:
        source = _Records(text, form, problems)
        records = iter(source)
        header = next(records, None)
        if header is None:
            if not problems:
                problems.add("the file is empty")
            raise problems.error()
        names = tuple(name.strip() for name in header[1])
        _check_header(names, header[0], problems)
        yield CsvRows(names, source.delimiter, _blocks(records, len(names), problems), header[0])


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
            problems.add(
                f"columns {seen[name]} and {position} have the same name {shown(name)}: rename one", line=line
            )
        seen.setdefault(name, position)


class _UnreadableLineError(Exception):
    """A line cannot be decoded, or does not belong to a CSV file. Raised through csv.reader."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _lines(text: TextIO, form: CsvFormat) -> Iterator[str]:
    """Yield the file's lines without a byte-order mark."""
    number = 0
    try:
        for number, line in enumerate(text, start=1):
            if "\0" in line:
                raise _UnreadableLineError(
                    number,
                    "a NUL byte: this is not a CSV file, or it is UTF-16 "
                    f"(then set {form.encoding_setting} to utf-16-le)",
                )
            yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeDecodeError as error:
        earlier = len(_LINE_END.findall(error.object[: error.start]))
        raise _UnreadableLineError(
            number + 1 + earlier, wrong_byte(error, text.encoding, form.encoding_setting)
        ) from error
    except UnicodeError as error:
        raise _UnreadableLineError(
            number + 1, f"the file is not {text.encoding} ({error}): set {form.encoding_setting}"
        ) from error


class _Records:
    """Yields (line, values) for each record that is not blank; notes an error that ends reading early."""

    def __init__(self, text: TextIO, form: CsvFormat, problems: Problems) -> None:
        self._lines, self._problems = _lines(text, form), problems
        self.delimiter = form.delimiter or ""
        """Empty until the first record is read, if it is to be detected."""

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        line = 1
        try:
            sample = list(islice(self._lines, SAMPLE_LINES))
            declared = declared_delimiter(sample)
            if declared:
                sample[0] = "\n"  # so that lines are counted as in the file
            self.delimiter = self.delimiter or declared or find_delimiter(sample)
            reader = csv.reader(
                chain(sample, self._lines),
                delimiter=self.delimiter,
                strict=True,
                skipinitialspace=self.delimiter != " ",
            )
            for record in reader:
                if record and record != [""]:
                    yield line, record
                line = reader.line_num + 1
        except _UnreadableLineError as error:
            self._problems.add(str(error), line=error.line)
        except csv.Error as error:
            self._problems.add(_csv_fault(error), line=line)


def _csv_fault(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened in this row and not closed before the end of the file"
    if "expected after" in text:
        return "a quote is not closed in this row, or not doubled inside quotes: text follows a closing quote"
    if "field larger" in text:
        return f"a value is longer than {csv.field_size_limit():,} characters: is a closing quote missing?"
    return f"this row is not CSV: {text}"


def _blocks(records: Iterator[tuple[int, list[str]]], width: int, problems: Problems) -> Iterator[RowBlock]:
    size = max(FEWEST_BLOCK_ROWS, BLOCK_VALUES // width)
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, row in records:
        if len(row) != width:
            values = counted(len(row), "value")
            problems.add(f"the row has {values}, but the header has {counted(width, 'name')}", line=line)
            continue
        lines.append(line)
        rows.append(row)
        if len(rows) == size:
            yield TextRows(lines, rows)
            lines, rows = [], []
    if rows:
        yield TextRows(lines, rows)

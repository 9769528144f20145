"""Reads a CSV file as blocks of rows, a few thousand values at a time.

Only the values of one block exist as Python strings, so the memory needed is little more than that of the
typed arrays. A block fits in the processor's cache (blocks of 2^16 values take 40 % longer). Faults in the
file's form (ragged rows, open quotes, wrong bytes) are noted, not raised.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from fnnctl.data.files import open_text
from fnnctl.data.problems import Problems
from fnnctl.data.tables.delimiters import find_delimiter
from fnnctl.data.tables.numbers import plain_number
from fnnctl.text import counted, shown

BLOCK_VALUES = 2**13
FEWEST_BLOCK_ROWS = 100
SAMPLE_LINES = 100


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a CSV file is written; the delimiter is detected if it is None."""

    delimiter: str | None
    encoding: str
    missing: frozenset[str]
    encoding_setting: str = "data.encoding"
    """What the user changes if the encoding is wrong."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some consecutive rows of texts, which are equally long."""

    lines: Sequence[int]
    """The line where each row starts, counted from 1."""
    rows: Sequence[Sequence[str]]

    def column(self, position: int) -> list[str]:
        """The values of one column."""
        return list(map(itemgetter(position), self.rows))

    def texts(self, positions: Sequence[int]) -> Sequence[Sequence[str]]:
        """The values of some columns, one sequence per row."""
        if len(positions) < 2:
            return [[row[position] for position in positions] for row in self.rows]
        return list(map(itemgetter(*positions), self.rows))

    def values(self, positions: Sequence[int]) -> list[str]:
        """The values of some columns, row by row."""
        if len(positions) < 2:
            return [row[position] for row in self.rows for position in positions]
        return list(chain.from_iterable(map(itemgetter(*positions), self.rows)))


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The header of an open file, and its rows, which can be read once."""

    names: tuple[str, ...]
    blocks: Iterator[RowBlock]


@contextmanager
def open_rows(path: Path | None, form: CsvFormat, problems: Problems) -> Iterator[CsvRows]:
    """Open a CSV file, or standard input (None), and read its header; `blocks` reads the rest lazily.

    Faults are noted in `problems`, except those that make reading impossible: these are raised as DataError
    (an empty file, a wrong encoding) or MachineError (see `open_text`).
    """
    with open_text(path, form.encoding, form.encoding_setting) as text:
        records = _records(text, form, problems)
        header = next(records, None)
        if header is None:
            if not problems:
                problems.add("the file is empty")
            raise problems.error()
        names = tuple(name.strip() for name in header[1])
        _check_header(names, problems)
        yield CsvRows(names, _blocks(records, len(names), problems))


def _check_header(names: Sequence[str], problems: Problems) -> None:
    if all(plain_number(name) is not None for name in names):
        problems.add("the first line must name the columns, but it has only numbers", line=1)
        return
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            problems.add(
                f"column {position} has no name in the header: give it one, or remove the column", line=1
            )
        elif name in seen:
            problems.add(
                f"columns {seen[name]} and {position} have the same name {shown(name)}: rename one", line=1
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
        earlier = error.object[: error.start].count(b"\n")
        wrong = f"the byte 0x{error.object[error.start]:02x} is not {form.encoding}"
        advice = "the encoding the file was saved in; on Windows that is often cp1252"
        raise _UnreadableLineError(
            number + 1 + earlier, f"{wrong}: set {form.encoding_setting} to {advice}"
        ) from error
    except UnicodeError as error:
        raise _UnreadableLineError(
            number + 1, f"the file is not {form.encoding} ({error}): set {form.encoding_setting}"
        ) from error


def _records(text: TextIO, form: CsvFormat, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, values) for each record that is not blank; note an error that ends reading early."""
    lines = _lines(text, form)
    line = 1
    try:
        sample = list(islice(lines, SAMPLE_LINES))
        delimiter = form.delimiter or find_delimiter(sample)
        reader = csv.reader(
            chain(sample, lines), delimiter=delimiter, strict=True, skipinitialspace=delimiter != " "
        )
        for record in reader:
            if record and record != [""]:
                yield line, record
            line = reader.line_num + 1
    except _UnreadableLineError as error:
        problems.add(str(error), line=error.line)
    except csv.Error as error:
        problems.add(_csv_fault(error), line=line)


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
            yield RowBlock(lines, rows)
            lines, rows = [], []
    if rows:
        yield RowBlock(lines, rows)

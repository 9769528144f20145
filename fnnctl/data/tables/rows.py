"""Reads a CSV file as blocks of rows, a few thousand values at a time.

Only the values of one block exist as Python strings, so the memory needed is little more than that of the
typed arrays. A block fits in the processor's cache (blocks of 2^16 values take 40 % longer). Faults in the
file's form (ragged rows, open quotes, wrong bytes) are noted, not raised.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TextIO, TypeAlias

from fnnctl.data.files import open_text
from fnnctl.data.problems import Problems
from fnnctl.data.tables.delimiters import find_delimiter
from fnnctl.data.tables.numbers import plain_number
from fnnctl.text import counted, shown

BLOCK_VALUES = 2**13
FEWEST_BLOCK_ROWS = 128
SAMPLE_LINES = LINES_AT_ONCE = 100
_LINE_END = re.compile(r"\r\n?|\n")

Rows: TypeAlias = list[list[str]]


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

    def values(self, positions: Sequence[int]) -> list[str]:
        """The values of some columns, row by row."""
        if self.rows and list(positions) == list(range(len(self.rows[0]))):
            return list(chain.from_iterable(self.rows))
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
        names = tuple(name.strip() for name in header[1][0])
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
    """The file's lines without a byte-order mark."""
    return chain.from_iterable(_line_lists(text, form))


def _line_lists(text: TextIO, form: CsvFormat) -> Iterator[list[str]]:
    """Yield the lines in lists, which are checked at once; an error follows the lines before it."""
    number = 0
    lines: list[str] = []
    try:
        while True:
            lines = []
            lines.extend(islice(text, LINES_AT_ONCE))  # in place: what precedes an error is kept
            if not lines:
                return
            if not number:
                lines[0] = lines[0].removeprefix("\ufeff")
            if "\0" in "".join(lines):
                position = next(k for k, line in enumerate(lines) if "\0" in line)
                yield lines[:position]
                raise _UnreadableLineError(
                    number + position + 1,
                    "a NUL byte: this is not a CSV file, or it is UTF-16 "
                    f"(then set {form.encoding_setting} to utf-16-le)",
                )
            yield lines
            number += len(lines)
    except UnicodeDecodeError as error:
        yield lines
        number += len(lines)
        earlier = error.object[: error.start].count(b"\n")
        wrong = f"the byte 0x{error.object[error.start]:02x} is not {form.encoding}"
        advice = "the encoding the file was saved in; on Windows that is often cp1252"
        raise _UnreadableLineError(
            number + 1 + earlier, f"{wrong}: set {form.encoding_setting} to {advice}"
        ) from error
    except UnicodeError as error:
        yield lines
        number += len(lines)
        raise _UnreadableLineError(
            number + 1, f"the file is not {form.encoding} ({error}): set {form.encoding_setting}"
        ) from error


def _records(text: TextIO, form: CsvFormat, problems: Problems) -> Iterator[tuple[Sequence[int], Rows]]:
    """Yield the header alone, then blocks of records: the line where each starts, and its values.

    Blank records are left out. An error that ends reading early is noted.
    """
    lines = _lines(text, form)
    line, size = 1, 1
    rows: Rows = []
    try:
        sample = list(islice(lines, SAMPLE_LINES))
        delimiter = form.delimiter or find_delimiter(sample)
        reader = csv.reader(
            chain(sample, lines), delimiter=delimiter, strict=True, skipinitialspace=delimiter != " "
        )
        while True:
            rows = []
            rows.extend(islice(reader, size))  # in place: what precedes an error is kept
            if not rows:
                return
            starts, line = _starts(rows, line, reader.line_num + 1), reader.line_num + 1
            starts, rows = _without_blanks(starts, rows)
            if rows:
                yield starts, rows
                size = _block_rows(len(rows[0])) if size == 1 else size
    except (_UnreadableLineError, csv.Error) as error:
        starts = _starts([*rows, []], line)
        if rows:
            yield _without_blanks(starts[:-1], rows)
        if isinstance(error, _UnreadableLineError):
            problems.add(str(error), line=error.line)
        else:
            problems.add(_csv_fault(error), line=starts[-1])


def _block_rows(width: int) -> int:
    """The rows of a block: a power of two, so that blocks are not cut where they are scored in batches."""
    return 1 << max(FEWEST_BLOCK_ROWS, BLOCK_VALUES // width).bit_length() - 1


def _starts(rows: Rows, line: int, end: int | None = None) -> Sequence[int]:
    """The lines where consecutive records start, from that of the first; `end` is the line after the last."""
    if end == line + len(rows):
        return range(line, end)
    heights = (1 + sum(len(_LINE_END.findall(value)) for value in row) for row in rows[:-1])
    return list(accumulate(heights, initial=line))


def _without_blanks(starts: Sequence[int], rows: Rows) -> tuple[Sequence[int], Rows]:
    if [] not in rows and [""] not in rows:
        return starts, rows
    kept = [k for k, row in enumerate(rows) if row and row != [""]]
    return [starts[k] for k in kept], [rows[k] for k in kept]


def _csv_fault(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened in this row and not closed before the end of the file"
    if "expected after" in text:
        return "a quote is not closed in this row, or not doubled inside quotes: text follows a closing quote"
    if "field larger" in text:
        return f"a value is longer than {csv.field_size_limit():,} characters: is a closing quote missing?"
    return f"this row is not CSV: {text}"


def _blocks(
    records: Iterator[tuple[Sequence[int], Rows]], width: int, problems: Problems
) -> Iterator[RowBlock]:
    """The records as blocks, without those of another width, which are noted."""
    for lines, rows in records:
        widths = list(map(len, rows))
        if widths.count(width) == len(rows):
            if rows:
                yield RowBlock(lines, rows)
            continue
        for line, found in zip(lines, widths, strict=True):
            if found != width:
                values = counted(found, "value")
                problems.add(f"the row has {values}, but the header has {counted(width, 'name')}", line=line)
        fitting = [k for k, found in enumerate(widths) if found == width]
        if fitting:
            yield RowBlock([lines[k] for k in fitting], [rows[k] for k in fitting])

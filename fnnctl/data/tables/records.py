"""Reads the records of a CSV file, with their line numbers, in blocks: a step per row would take too long.

Faults in the file's form (open quotes, wrong bytes) are noted, not raised; the records before them are kept.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Protocol, TextIO, TypeAlias

from fnnctl.data.problems import Problems
from fnnctl.data.tables.delimiters import declared_delimiter, find_delimiter
from fnnctl.data.tables.text_files import wrong_byte

BLOCK_VALUES = 2**13
"""About so many values form a block, which then fits in the processor's cache."""
FEWEST_BLOCK_ROWS = 128
SAMPLE_LINES = LINES_AT_ONCE = 100
_LINE_END, _LINE_END_BYTES = re.compile(r"\r\n?|\n"), re.compile(rb"\r\n?|\n")

TextRows: TypeAlias = list[list[str]]


class _Reader(Protocol):
    """What `csv.reader` returns; its class has no public name before Python 3.13."""

    @property
    def line_num(self) -> int:
        """The number of lines read so far."""

    def __iter__(self) -> Iterator[list[str]]:
        """The records."""


class Records:
    """The header alone, then blocks of records: the line where each starts, and its values.

    Blank records are left out. An error that ends reading early is noted.
    """

    def __init__(
        self, text: TextIO, problems: Problems, *, delimiter: str | None, encoding_setting: str
    ) -> None:
        self._text, self._problems, self._encoding_setting = text, problems, encoding_setting
        self.delimiter = delimiter or ""
        """Empty until the header is read, if it is to be detected."""

    def __iter__(self) -> Iterator[tuple[Sequence[int], TextRows]]:
        line, size = 1, 1
        rows: TextRows = []
        try:
            reader = self._reader()
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
        except (UnreadableLineError, csv.Error) as error:
            starts = _starts([*rows, []], line)
            if rows:
                yield _without_blanks(starts[:-1], rows)
            if isinstance(error, UnreadableLineError):
                self._problems.add(str(error), line=error.line)
            else:
                self._problems.add(_csv_fault(error), line=starts[-1])

    def _reader(self) -> _Reader:
        lines = chain.from_iterable(_line_lists(self._text, self._encoding_setting))
        sample = list(islice(lines, SAMPLE_LINES))
        declared = declared_delimiter(sample)
        if declared:
            sample[0] = "\n"  # so that lines are counted as in the file
        self.delimiter = self.delimiter or declared or find_delimiter(sample)
        return csv.reader(
            chain(sample, lines),
            delimiter=self.delimiter,
            strict=True,
            skipinitialspace=self.delimiter != " ",
        )


class UnreadableLineError(Exception):
    """A line cannot be decoded, or does not belong to a CSV file. Raised through csv.reader."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _line_lists(text: TextIO, encoding_setting: str) -> Iterator[list[str]]:
    """Yield the lines without a byte-order mark, in lists that are checked at once.

    An error follows the lines before it.
    """
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
                raise UnreadableLineError(
                    number + position + 1,
                    "a NUL byte: this is not a CSV file, or it is UTF-16 "
                    f"(then set {encoding_setting} to utf-16-le)",
                )
            yield lines
            number += len(lines)
    except UnicodeDecodeError as error:
        yield lines
        earlier = len(_LINE_END_BYTES.findall(error.object[: error.start]))
        raise UnreadableLineError(
            number + len(lines) + 1 + earlier, wrong_byte(error, text.encoding, encoding_setting)
        ) from error
    except UnicodeError as error:
        yield lines
        raise UnreadableLineError(
            number + len(lines) + 1, f"the file is not {text.encoding} ({error}): set {encoding_setting}"
        ) from error


def _block_rows(width: int) -> int:
    """The rows of a block: a power of two, so that blocks are not cut where they are scored in batches."""
    return 1 << max(FEWEST_BLOCK_ROWS, BLOCK_VALUES // width).bit_length() - 1


def _starts(rows: TextRows, line: int, end: int | None = None) -> Sequence[int]:
    """The lines where consecutive records start, from that of the first; `end` is the line after the last."""
    if end == line + len(rows):
        return range(line, end)
    heights = (1 + sum(len(_LINE_END.findall(value)) for value in row) for row in rows[:-1])
    return list(accumulate(heights, initial=line))


def _without_blanks(starts: Sequence[int], rows: TextRows) -> tuple[Sequence[int], TextRows]:
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

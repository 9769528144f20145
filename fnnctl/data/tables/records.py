"""Reads the records of a CSV file, with their line numbers, in blocks.

The delimiter is detected unless the first line says it. Problems in the file's form (open quotes, wrong
bytes) are noted, not raised; the records before them are kept. A small compressed file may contain gigabytes,
so the length of a record, the values of a block and the number of blank lines in a row are bounded.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, islice
from typing import Final, Protocol, TextIO, TypeAlias

from fnnctl.data.problems import Problems
from fnnctl.data.tables.blocks import BLOCK_VALUES, MIN_BLOCK_ROWS
from fnnctl.data.tables.text_files import wrong_byte

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 20
"""This many records show the delimiter; more would delay a table of thousands of columns."""
_DECLARATION = re.compile(r"[\"'\s]*sep\s*=(.*)", re.IGNORECASE | re.DOTALL)
MAX_BLOCK_VALUES: Final = 2**24
"""No block has more values, unless a single row has: wide tables have blocks of fewer rows."""
SAMPLE_LINES = 100
SAMPLE_CHARACTERS: Final = 2**20
"""The first lines, from which the delimiter is detected; a line may be a whole megabyte."""
LONGEST_RECORD: Final = 2**24
"""The most characters of a row, enough for a million columns."""
MAX_BLANK_LINES: Final = 1_000_000
"""No table has more blank lines in a row, and reading them could take hours."""
_LINE_END, LINE_END_BYTES = re.compile(r"\r\n?|\n"), re.compile(rb"\r\n?|\n")
Values: TypeAlias = list[list[str]]
"""Those of some records."""


def declared_delimiter(lines: Sequence[str]) -> str | None:
    """The delimiter of a first line such as `sep=;`, which Excel reads; None if it is another line."""
    match = _DECLARATION.fullmatch(lines[0]) if lines else None
    if match is None:
        return None
    value = match[1].rstrip("\r\n")
    bare = value.strip("\"' ") or value.strip("\"'")[:1]
    if bare == "\\t":
        return "\t"
    return bare if len(bare) == 1 and not bare.isalnum() else None


def find_delimiter(lines: Sequence[str]) -> str:
    """Choose the delimiter with which most of the first records have as many values as the header.

    `lines` are the first lines of the file. In a tie, the delimiter that gives more columns wins. A file
    without any of the delimiters has one column, and any delimiter works.
    """
    return max(DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return (number of records as wide as the header, that width); (0, 1) if the header has one column."""
    widths = []
    with suppress(csv.Error):  # reported with its line when the whole file is read
        for record in islice(csv.reader(lines, delimiter=delimiter), SAMPLE_RECORDS):
            widths += [len(record)] if record else []
    if not widths or widths[0] == 1:
        return 0, 1
    return widths.count(widths[0]), widths[0]


class _CsvReader(Protocol):
    """What `csv.reader` returns; its class has no public name before Python 3.13."""

    @property
    def line_num(self) -> int:
        """The number of lines read so far."""

    def __iter__(self) -> Iterator[list[str]]:
        """The records."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading goes on after the header, at the start of a record."""

    line: int
    rows: int
    """How many rows were read since the last end of a block."""
    block_rows: int


class Records:
    """Blocks of records: the line where each starts, and its values. The header of a file is a block.

    Blank records are left out. An error that ends reading early is noted.
    """

    def __init__(
        self,
        text: TextIO,
        problems: Problems,
        *,
        delimiter: str | None,
        encoding_setting: str,
        position: Position | None = None,
    ) -> None:
        """The `text` is a whole file, or begins at this `position`.

        Blocks end in the same rows in both cases: the first ones decide how numbers are packed.
        """
        self._text, self._problems, self._encoding_setting = text, problems, encoding_setting
        self._position = position
        self.line = position.line if position else 1
        """The line after the last block that was read, unless that is the last one."""
        self._characters = 0
        """How many characters have been read since the end of the last record."""
        self.blank_lines = 0
        """How many lines in a row were blank, up to the end of the last record that was read."""
        self.is_last = False
        """Whether no block follows the one that was read: the file ends, or cannot be read on."""
        self.delimiter = delimiter or ""
        """Empty until the header is read, if it is to be detected."""

    def __iter__(self) -> Iterator[tuple[Sequence[int], Values]]:
        size, later = 1, 0
        if position := self._position:
            size, later = position.block_rows - position.rows % position.block_rows, position.block_rows
        rows: Values = []
        try:
            first, reader = self.line, self._reader()
            values = 0
            for row in reader:
                self._characters = 0
                rows.append(row)
                values += len(row)
                if len(rows) < size and values < MAX_BLOCK_VALUES:
                    continue
                end = first + reader.line_num
                starts, self.line = _starts(rows, self.line, end), end
                starts, records = _without_blanks(starts, rows)
                rows, values = [], 0
                if records:
                    yield starts, records
                    size = later = later or block_rows(len(records[0]))
            self.is_last = True
            if rows:
                yield _without_blanks(_starts(rows, self.line, first + reader.line_num), rows)
        except (UnreadableLineError, csv.Error) as error:
            self.is_last = True
            starts = _starts([*rows, []], self.line)
            if rows:
                yield _without_blanks(starts[:-1], rows)
            if isinstance(error, UnreadableLineError):
                self._problems.add(str(error), line=error.line)
            else:
                self._problems.add(_csv_problem(error), line=starts[-1])

    def _reader(self) -> _CsvReader:
        lines = self._lines()
        if self._position:
            return self._csv_reader(lines)
        sample: list[str] = []
        characters = 0
        for line in lines:
            sample.append(line)
            characters += len(line)
            self._characters = 0
            if len(sample) == SAMPLE_LINES or characters > SAMPLE_CHARACTERS:
                break
        declared = declared_delimiter(sample)
        if declared:
            sample[0] = "\n"  # so that lines are counted as in the file
        self.delimiter = self.delimiter or declared or find_delimiter(sample)
        return self._csv_reader(chain(sample, lines))

    def _csv_reader(self, lines: Iterable[str]) -> _CsvReader:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            strict=True,
            skipinitialspace=self.delimiter != " ",
        )

    def _lines(self) -> Iterator[str]:
        """The lines without a byte-order mark; raises UnreadableLineError after those before the error."""
        number = self.line - 1
        try:
            for line in iter(partial(self._text.readline, LONGEST_RECORD + 1), ""):
                number += 1
                self._characters += len(line)
                self.blank_lines = self.blank_lines + 1 if line.isspace() else 0
                if self._characters > LONGEST_RECORD or self.blank_lines > MAX_BLANK_LINES or "\0" in line:
                    raise UnreadableLineError(number, self._problem(line))
                yield line if number > 1 else line.removeprefix("\ufeff")
        except UnicodeError as error:
            raise self._undecodable(error, number) from error

    def _undecodable(self, error: UnicodeError, lines: int) -> UnreadableLineError:
        """The error for the bytes after the first `lines` lines, which cannot be decoded."""
        encoding, saved = self._text.encoding, "the encoding the file was saved in"
        # A missing mark is a UnicodeDecodeError since Python 3.13 only; another UnicodeError has no start.
        is_at_start = lines == 0 and getattr(error, "start", 0) == 0
        if is_at_start and codecs.lookup(encoding).name == "utf-16":
            problem = "the file does not start with a byte-order mark, which utf-16 needs"
            advice = f"set {self._encoding_setting} to utf-16-le, or to {saved}"
            return UnreadableLineError(1, f"{problem}: {advice}")
        if not isinstance(error, UnicodeDecodeError):
            problem = f"the file is not {encoding}: set {self._encoding_setting} to {saved}"
            return UnreadableLineError(lines + 1, problem)
        earlier = len(LINE_END_BYTES.findall(error.object[: error.start]))
        problem = wrong_byte(
            error,
            encoding,
            self._encoding_setting,
            starts_file=lines == 0,
            ends_file=len(error.object) < io.DEFAULT_BUFFER_SIZE,
        )
        return UnreadableLineError(lines + 1 + earlier, problem)

    def _problem(self, line: str) -> str:
        """Why a line does not belong to a CSV file."""
        if "\0" in line:
            advice = f"it is UTF-16 (then set {self._encoding_setting} to utf-16-le)"
            return f"a NUL byte: this is not a CSV file, or {advice}"
        if self.blank_lines > MAX_BLANK_LINES:
            return f"more than {MAX_BLANK_LINES:,} blank lines in a row: remove them"
        return (
            f"a row of more than {LONGEST_RECORD:,} characters: "
            "this is not a CSV file, or a closing quote is missing"
        )


class UnreadableLineError(Exception):
    """A line cannot be decoded, or does not belong to a CSV file. Raised through csv.reader."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def block_rows(width: int) -> int:
    """The rows of a block: a power of two, so that blocks are not cut where they are scored in batches."""
    return 1 << max(MIN_BLOCK_ROWS, BLOCK_VALUES // width).bit_length() - 1


def _starts(rows: Values, line: int, end: int | None = None) -> Sequence[int]:
    """The lines where consecutive records start, from that of the first; `end` is the line after the last."""
    if end == line + len(rows):
        return range(line, end)
    heights = (1 + sum(len(_LINE_END.findall(value)) for value in row) for row in rows[:-1])
    return list(accumulate(heights, initial=line))


def _without_blanks(starts: Sequence[int], rows: Values) -> tuple[Sequence[int], Values]:
    if [] not in rows and [""] not in rows:
        return starts, rows
    filled = [k for k, row in enumerate(rows) if row and row != [""]]
    return [starts[k] for k in filled], [rows[k] for k in filled]


def _csv_problem(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened in this row and not closed before the end of the file"
    if "expected after" in text:
        return "a quote is not closed in this row, or not doubled inside quotes: text follows a closing quote"
    if "field larger" in text:
        return f"a value is longer than {csv.field_size_limit():,} characters: is a closing quote missing?"
    return f"this row is not CSV: {text}"

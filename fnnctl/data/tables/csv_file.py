"""Reads the records of a CSV file: regular chunks from their bytes, and the others with `csv`.

Both ways give the same values and lines. What is wrong with a file, and where, only `csv` says.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias, cast

from fnnctl.data.problems import Problems
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.records import (
    LINE_END_BYTES,
    LONGEST_RECORD,
    MAX_BLOCK_VALUES,
    Position,
    Records,
    Values,
    block_rows,
)

SMALL_BYTES: Final = 2**18
"""A smaller file is left to `csv`: twelve columns of 144 kB take 15 % longer by cells, those of 359 kB
as long, and those of 1 MB three quarters of the time."""
CHUNK_BYTES: Final = 2**19
"""A chunk has this many bytes. The arrays of their cells fit into a second-level cache of 1 MB one at a
time; with a quarter of this, calls take a third of the time."""
CHUNK_RECORDS: Final = 128
"""A chunk of a wide table has at least this many records, because each chunk costs some calls per column."""
MOST_BYTES: Final = 2**22
"""No chunk is larger: a byte may be a cell, which takes 40 bytes."""
MOST_CHUNKS: Final = 4
"""`csv` reads up to this many together after several irregular ones: to search one for cells in vain takes a
tenth of the time of reading it."""
_UTF_8: Final = ("utf-8", "utf-8-sig")
_SINGLE_BYTES: Final = ("ascii", "iso8859", "cp125")
"""How the names of encodings begin in which a byte is a character, and the first 128 are those of ASCII."""
CsvRecords: TypeAlias = CellRows | tuple[Sequence[int], Values]
"""Records as cells, or the line where each starts and their values."""


class CsvFile:
    """The header of a CSV file, then its records in blocks. Problems in its form are noted."""

    def __init__(
        self, text: io.TextIOWrapper, problems: Problems, *, delimiter: str | None, encoding_setting: str
    ) -> None:
        """The `text` is at its start."""
        self._problems, self._setting, self._encoding = problems, encoding_setting, text.encoding
        self._bytes = cast(io.BufferedReader, text.buffer)
        self._is_pipe = not text.seekable()
        start = self._read(SMALL_BYTES)
        self._is_small = len(start) < SMALL_BYTES and not self._is_pipe
        self._source = _RecordedBytes(start, self._bytes)
        self._reader = Records(
            self._source.text(text.encoding), problems, delimiter=delimiter, encoding_setting=encoding_setting
        )
        self._records = iter(self._reader)
        self.block_rows = 1
        """The rows of a block of strings."""
        self._width = 0
        self.header: tuple[int, list[str]] | None = None
        """Its line and its values; None if there is none."""
        if record := next(self._records, None):
            (line,), (values,) = record
            self.header, self._width = (line, values), len(values)
            self.block_rows = min(block_rows(self._width), -(-MAX_BLOCK_VALUES // self._width))
        self._pending = b""
        """Bytes that were read and belong to no block."""

    @property
    def delimiter(self) -> str:
        """The delimiter, which may have been detected."""
        return self._reader.delimiter

    def __iter__(self) -> Iterator[CsvRecords]:
        encoding = byte_encoding(self._encoding)
        has_cells = not self._is_small and encoding is not None and self.delimiter.isascii()
        pending = self._source.after_lines(self._reader.line - 1) if has_cells and self.header else None
        if encoding is None or pending is None:
            self._source.forget()
            yield from self._records
            return
        self._pending = pending
        position = Position(self._reader.line, 0, self.block_rows)
        size = min(MOST_BYTES, max(CHUNK_BYTES, CHUNK_RECORDS * (1 + pending.find(b"\n"))))
        span = 1
        while (chunk := self._whole_records(size)) or self._pending:
            lines = chunk.count(b"\n")
            cells = chunk and CellRows.of(
                chunk, delimiter=self.delimiter, width=self._width, encoding=encoding, line=position.line
            )
            if cells:
                position = Position(position.line + lines, position.rows + len(cells.lines), self.block_rows)
                span = 1
                yield cells
                continue
            self._pending = chunk + self._pending
            line = yield from self._by_csv(position, position.line + span * lines)
            if line is None:
                return
            span = min(2 * span, MOST_CHUNKS)
            position = Position(line, 0, self.block_rows)

    def _by_csv(self, position: Position, end: int) -> Generator[CsvRecords, None, int | None]:
        """The records from a position to the first end of a block in or after the line `end`.

        Return the line of the next record; None if there is none. `csv` alone knows where a record ends if a
        quote is where none belongs, so a chunk may end within one.
        """
        mark = codecs.BOM_UTF8 if codecs.lookup(self._encoding).name == "utf-8-sig" else b""
        source = _RecordedBytes(mark + self._pending, self._bytes)  # the decoder removes the mark
        records = Records(
            source.text(self._encoding),
            self._problems,
            delimiter=self.delimiter,
            encoding_setting=self._setting,
            position=position,
        )
        for block in records:
            yield block
            # Blank lines in a row are counted: a count that has begun goes on.
            if records.is_last or records.line < end or records.blank_lines:
                continue
            pending = source.after_lines(records.line - position.line)
            if pending is not None:
                self._pending = pending
                return records.line
        return None

    def _whole_records(self, size: int) -> bytes:
        """The next records, of about `size` bytes; none at the end, or if there is no end of a record."""
        data = self._pending[:size]
        while not (end := _end_of_records(data)) and len(data) < size:
            if added := self._read(size - len(data)):
                data = self._pending = data + added
                continue
            if data and not data.endswith(b"\n"):
                data += b"\n"  # the last line
            end = _end_of_records(data)
            break
        self._pending = self._pending[end:]
        return data[:end]

    def _read(self, size: int) -> bytes:
        """`size` bytes, fewer at the end; of a pipe what is there, so that its rows need not wait."""
        return self._bytes.read1(size) if self._is_pipe else self._bytes.read(size)


def _end_of_records(data: bytes) -> int:
    """Where the last whole record ends: after the last newline outside of quotes; 0 if there is none."""
    end = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, end)
    while quotes % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        quotes -= data.count(b'"', before, end)
        end = before
    return end


def byte_encoding(encoding: str) -> str | None:
    """The encoding of a file's parts, if the bytes of ASCII characters mean nothing else in it; else None."""
    name = codecs.lookup(encoding).name
    if name in _UTF_8:
        return "utf-8"
    return name if name.startswith(_SINGLE_BYTES) else None


class _RecordedBytes(io.RawIOBase):
    """Bytes that were read from a file, followed by the remaining ones, which can be read once more."""

    def __init__(self, start: bytes, remaining: io.BufferedReader) -> None:
        self._start, self._remaining = io.BytesIO(start), remaining
        self._pieces: list[bytes] | None = []
        """What was read of the remaining ones; None if it is forgotten."""
        self._size = 0

    def text(self, encoding: str) -> io.TextIOWrapper:
        """The same as text, with its line ends unchanged."""
        return io.TextIOWrapper(io.BufferedReader(self), encoding, newline="")

    def after_lines(self, count: int) -> bytes | None:
        """What was read, and the start, without their first lines; None if it is forgotten."""
        if self._pieces is None:
            return None
        data = self._start.getvalue() + b"".join(self._pieces)
        if data.count(b"\r") == data.count(b"\r\n"):
            parts = data.split(b"\n", count)  # a tenth of the time of the search below
            return parts[count] if len(parts) > count else b""
        last = next(islice(LINE_END_BYTES.finditer(data), count - 1, None), None)
        return data[last.end() :] if last else b""

    def forget(self) -> None:
        """Forget what was read, and what will be."""
        self._pieces = None

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read the next bytes into the buffer: see `io.RawIOBase`."""
        data = self._start.read(len(buffer))
        if not data:
            data = self._remaining.read1(len(buffer))
            self._size += len(data)
            if self._size > LONGEST_RECORD:
                self.forget()
            if self._pieces is not None:
                self._pieces.append(data)
        buffer[: len(data)] = data
        return len(data)

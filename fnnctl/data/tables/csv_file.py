"""Reads the records of a CSV file: from its bytes as long as they are regular, and with `csv` from there on.

Both ways give the same values and lines. What is wrong with a file, and where, only `csv` says.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, TypeAlias, cast

from fnnctl.data.problems import Problems
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.records import Records, TextRows, block_rows

CHUNK_BYTES: Final = 2**19
"""So many bytes are read at once. The arrays of their cells fit into a second-level cache of 1 MB one at a
time; with a quarter of this, calls take a third of the time."""
CHUNK_RECORDS: Final = 128
"""A chunk of a wide table has at least so many records, because each chunk costs some calls per column."""
MOST_BYTES: Final = 2**22
"""No chunk is larger: a byte may be a cell, which takes 40 bytes."""
_UTF_8: Final = ("utf-8", "utf-8-sig")
_SINGLE_BYTES: Final = ("ascii", "iso8859", "cp125")
"""How the names of encodings begin in which a byte is a character, and the first 128 are those of ASCII."""
Block: TypeAlias = CellRows | tuple[Sequence[int], TextRows]
"""Records as cells, or the line where each starts and their values."""


class CsvFile:
    """The header of a CSV file, then its records in blocks. Problems in its form are noted."""

    def __init__(
        self, text: io.TextIOWrapper, problems: Problems, *, delimiter: str | None, encoding_setting: str
    ) -> None:
        """The `text` is at its start."""
        self._problems, self._setting, self._encoding = problems, encoding_setting, text.encoding
        self._bytes = cast(BinaryIO, text.buffer)
        self._pending = self._bytes.read(CHUNK_BYTES)
        """Bytes that were read and belong to no block."""
        replay = _Replay(self._pending, self._bytes)
        replay.read_on = b""
        self._reader = Records(
            replay.text(text.encoding), problems, delimiter=delimiter, encoding_setting=encoding_setting
        )
        self._records = iter(self._reader)
        self._width = 0
        self.header: tuple[int, list[str]] | None = None
        """Its line and its values; None if there is none."""
        if record := next(self._records, None):
            (line,), (values,) = record
            self.header, self._width = (line, values), len(values)
        self._pending += replay.read_on
        replay.read_on = None

    @property
    def delimiter(self) -> str:
        """The delimiter, which may have been detected."""
        return self._reader.delimiter

    def __iter__(self) -> Iterator[Block]:
        encoding, start = _of_bytes(self._encoding), self._start()
        if encoding is None or start is None or not self.delimiter.isascii():
            yield from self._records
            return
        line, rows = self._reader.line, 0
        self._pending = self._pending[start:]
        size = min(MOST_BYTES, max(CHUNK_BYTES, CHUNK_RECORDS * (1 + self._pending.find(b"\n"))))
        while chunk := self._whole_records(size):
            cells = CellRows.of(
                chunk, delimiter=self.delimiter, width=self._width, encoding=encoding, line=line
            )
            if cells is None:
                self._pending = chunk + self._pending
                break
            line, rows = line + chunk.count(b"\n"), rows + len(cells.lines)
            yield cells
        if self._pending:
            # Blocks end where they would if `csv` had read all rows: the first ones decide how numbers are
            # packed.
            size = block_rows(self._width)
            yield from Records(
                _Replay(self._pending, self._bytes).text(self._encoding),
                self._problems,
                delimiter=self.delimiter,
                encoding_setting=self._setting,
                line=line,
                sizes=(size - rows % size, size),
            )

    def _start(self) -> int | None:
        """Where the records after the header start in the pending bytes; None if it is not certain."""
        if self.header is None:
            return None
        start = 0
        for _ in range(self._reader.line - 1):
            start = self._pending.find(b"\n", start) + 1
            if not start:
                return None
        return None if b"\r" in self._pending[:start].replace(b"\r\n", b"") else start

    def _whole_records(self, size: int) -> bytes:
        """The next records, of about `size` bytes; none at the end, or if there is no end of a record."""
        self._pending += self._bytes.read(max(0, size - len(self._pending)))
        data = self._pending
        if len(data) < size and data and not data.endswith(b"\n"):
            data += b"\n"  # the last line
        end = _end_of_records(data)
        self._pending = data[end:]
        return data[:end]


def _end_of_records(data: bytes) -> int:
    """Where the last whole record ends: after the last newline outside of quotes; 0 if there is none."""
    end = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, end)
    while quotes % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        quotes -= data.count(b'"', before, end)
        end = before
    return end


def _of_bytes(encoding: str) -> str | None:
    """The encoding of a file's parts, if the bytes of ASCII characters mean nothing else in it; else None."""
    name = codecs.lookup(encoding).name
    if name in _UTF_8:
        return "utf-8"
    return name if name.startswith(_SINGLE_BYTES) else None


class _Replay(io.RawIOBase):
    """Bytes that were read from a file, followed by the others."""

    def __init__(self, start: bytes, others: BinaryIO) -> None:
        self._start, self._others = io.BytesIO(start), others
        self.read_on: bytes | None = None
        """What was read of the others; None if nobody asks."""

    def text(self, encoding: str) -> io.TextIOWrapper:
        """The same as text, with its line ends unchanged."""
        return io.TextIOWrapper(io.BufferedReader(self), encoding, newline="")

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """See `io.RawIOBase`."""
        data = self._start.read(len(buffer))
        if not data:
            data = self._others.read(len(buffer))
            if self.read_on is not None:
                self.read_on += data
        buffer[: len(data)] = data
        return len(data)

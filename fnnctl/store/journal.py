"""A search's journal on disk: a record a line, each with a checksum over itself and all before it.

A line is a JSON object whose last member is the running CRC-32 of the file up to there, without the checksums
themselves. So no changed byte, no lost, doubled or exchanged line goes unnoticed, while whatever a kill or a
power cut left of the last batch can be told from it: it has no line end.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeAlias

from fnnctl.errors import DataError, Problem
from fnnctl.store import names
from fnnctl.store.appending import append_bytes, open_to_append, write_all
from fnnctl.store.atomic import cannot_write, read_bytes, sync_folder

JournalRecord: TypeAlias = Mapping[str, Any]

_CHECKSUM: Final = b',"checksum":"%08x"}\n'
_CHECKSUM_LENGTH: Final = len(_CHECKSUM % 0)
# Every number keeps its bits, and text, lone surrogates included, is ASCII.
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class JournalFile:
    """The journal of a search that goes on in this process."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it. A torn tail is moved to the file beside it.

        Raises `DataError` where it is damaged, and `MachineError` where it cannot be read or written.
        """
        content = read_bytes(path) or b""
        self.path = path
        self.records: list[JournalRecord]
        """What stood in it when it was opened."""
        self.records, self._size, self._checksum = _read(content, path)
        self.torn = len(content) - self._size
        """How many bytes the tail had that was moved away."""
        try:
            if self.torn:  # kept before it is cut off
                append_bytes(path.with_name(names.JOURNAL_TORN), content[self._size :] + b"\n", sync=True)
                sync_folder(path.parent)
            self._descriptor = open_to_append(path)
            os.truncate(self._descriptor, self._size)
            os.fsync(self._descriptor)
        except OSError as error:
            raise cannot_write(path, error) from error
        sync_folder(path.parent)

    def append(self, records: Sequence[JournalRecord], *, sync: bool = True) -> None:
        """Append records, and see to it that they and all before them last through a power cut.

        Without `sync` they last through a kill alone. Raises `MachineError` where the machine does not allow
        it.
        """
        content, checksum = _lines(records, self._checksum)
        try:
            if os.fstat(self._descriptor).st_size != self._size:  # what an attempt that failed has left
                os.truncate(self._descriptor, self._size)
            write_all(self._descriptor, content)
            if sync:
                os.fsync(self._descriptor)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._size += len(content)
        self._checksum = checksum

    def close(self) -> None:
        """Close the file; what was appended is in it already."""
        os.close(self._descriptor)


def journal_bytes(records: Iterable[JournalRecord]) -> bytes:
    """A whole journal with these records, to be written where there is none yet."""
    return _lines(records, 0)[0]


def read_journal(path: Path) -> list[JournalRecord] | None:
    """The records of a journal that someone may be writing, without a tail that is not whole.

    None where there is no such file. Raises `DataError` where it is damaged.
    """
    content = read_bytes(path)
    return None if content is None else _read(content, path)[0]


def _lines(records: Iterable[JournalRecord], checksum: int) -> tuple[bytes, int]:
    """The records' lines after those that have this checksum, and the checksum at their end."""
    lines = []
    for record in records:
        body = _json(record)[:-1].encode("ascii")
        checksum = zlib.crc32(body, checksum)
        lines += [body, _CHECKSUM % checksum]
    return b"".join(lines), checksum


def _read(content: bytes, path: Path) -> tuple[list[JournalRecord], int, int]:
    """The records of all whole lines, how many bytes these have, and the checksum at their end."""
    records: list[JournalRecord] = []
    *lines, tail = content.split(b"\n")
    checksum = 0
    for number, line in enumerate(lines, start=1):
        body = line[: 1 - _CHECKSUM_LENGTH]
        checksum = zlib.crc32(body, checksum)
        if line[len(body) :] + b"\n" != _CHECKSUM % checksum:
            raise _damaged(path, number)
        records.append(json.loads(body + b"}"))
    return records, len(content) - len(tail), checksum


def _damaged(path: Path, number: int) -> DataError:
    message = (
        "is damaged: its checksum is wrong, so that neither it nor what follows can be relied on. Put an "
        "undamaged copy of the file back, or cut the file off before this line: what stood from there on is "
        "then done again"
    )
    return DataError(Problem(message, file=str(path), line=number))


def _json(record: JournalRecord) -> str:
    try:
        return _ENCODER.encode(record)
    except ValueError:  # a NaN or an infinity, which JSON does not have
        return _ENCODER.encode(_finite(record))


def _finite(value: Any) -> Any:
    """The value with None in place of each number that is none."""
    match value:
        case float():
            return value if isfinite(value) else None
        case Mapping():
            return {key: _finite(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_finite(entry) for entry in value]
        case _:
            return value

"""A search's journal on disk: one record per line, with a checksum over this and all earlier records.

A line is a JSON object whose last member is the running CRC-32 of the file up to that point, without the
checksums themselves. It reveals changed bytes and lost, duplicated or swapped lines. An incomplete last line,
which a kill or a power cut may leave, does not count as damage: it has no line end. Nor do all lines from one
with a zero byte on: a power cut may keep a later sector of what was not synced and leave zeros in place of an
earlier one.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeAlias

from fnnctl.errors import DataError, MachineError, Problem
from fnnctl.store import names
from fnnctl.store.atomic import (
    append_bytes,
    cannot_write,
    damaged,
    open_to_append,
    read_bytes,
    write_bytes,
)
from fnnctl.store.volumes import delete_file, sync_folder

JournalRecord: TypeAlias = Mapping[str, Any]

_CHECKSUM: Final = b',"checksum":"%08x"}\n'
_CHECKSUM_LENGTH: Final = len(_CHECKSUM % 0)
# Numbers keep all their bits. Text is written in ASCII, so lone surrogates are preserved too.
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))

_KIND: Final = re.compile(rb'\{"record":"(\w+)"')
"""The beginning of a record, with its kind; `records.journal.encode` puts it first."""

_NO_HEADER: Final = "Put an undamaged copy of the file back, or start a new search"
_CUT_OFF: Final = (
    "Put an undamaged copy of the file back, or delete this line and all after it: the search then repeats "
    "that work"
)


class JournalFile:
    """The open journal of a search that this process runs."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. An incomplete end is moved to a file beside it.

        Raises `DataError` if it is damaged, and `MachineError` if it cannot be read or written; a damaged
        file is not changed.
        """
        existing = read_bytes(path)
        content = existing or b""
        self.path = path
        self.records: list[JournalRecord]
        """The records in the file when it was opened."""
        self.records, self._size, self._checksum = ([], 0, 0) if existing is None else _read(content, path)
        self.torn = len(content) - self._size
        """The length of the incomplete end, in bytes."""
        self._is_synced = True
        try:
            if self.torn:  # save the incomplete line before cutting it off
                append_bytes(path.with_name(names.JOURNAL_TORN), content[self._size :] + b"\n", sync=True)
                sync_folder(path.parent)
            self._file = open_to_append(path)
            self._file.cut(self._size)
            self._file.sync()
            sync_folder(path.parent)
        except OSError as error:
            raise cannot_write(path, error) from error

    def append(self, records: Sequence[JournalRecord], *, sync: bool = True) -> None:
        """Append records; they and all earlier ones then survive a power cut.

        Without `sync` they survive only a kill. Raises `MachineError` if they cannot be written.
        """
        content, checksum = _lines(records, self._checksum)
        try:
            if self._file.size() != self._size:  # the remains of a failed append
                self._file.cut(self._size)
                self._file.sync()  # so that a power cut does not mix them with what comes now
            self._file.append(content)
            if sync:
                self._file.sync()
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._size += len(content)
        self._checksum = checksum
        self._is_synced = sync

    def sync(self) -> None:
        """Make sure that all appended records survive a power cut; raises `MachineError` if they may not."""
        if self._is_synced:
            return
        try:
            self._file.sync()
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._is_synced = True

    def close(self) -> None:
        """Close the file; appended records are already written."""
        self._file.close()


class ResultCache:
    """Results of a search that came before their turn: a cache, so that a kill does not lose finished work.

    The journal records results in a fixed order. A worker may finish a job earlier than that; until the
    results before it are recorded, its result is kept here. Losing the file costs only the time to do these
    jobs again.
    The file exists only if it was needed.
    """

    def __init__(self, run: Path) -> None:
        self._path = run / names.EARLY_RESULTS
        self._file: JournalFile | None = None

    def read(self) -> list[JournalRecord]:
        """The records of an earlier process; none if the file is missing or damaged."""
        with suppress(DataError, MachineError):
            return read_journal(self._path) or []
        return []

    def append(self, records: Sequence[JournalRecord]) -> None:
        """Add records, which then survive a kill; raises `MachineError` if they cannot be written."""
        if self._file is None:
            self._file = self._open()
        self._file.append(records, sync=False)

    def clear(self) -> None:
        """Delete the file."""
        self.close()
        delete_file(self._path)

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> JournalFile:
        """Open the file without what a kill or damage has left in it."""
        if records := self.read():
            write_bytes(self._path, journal_bytes(records))
        else:
            self.clear()
        return JournalFile(self._path)


def journal_bytes(records: Iterable[JournalRecord]) -> bytes:
    """The content of a new journal with these records."""
    return _lines(records, 0)[0]


def read_journal(path: Path) -> list[JournalRecord] | None:
    """The records of a journal, which may still be growing, without an incomplete last line.

    None if there is no such file. Raises `DataError` if it is damaged.
    """
    content = read_bytes(path)
    return None if content is None else _read(content, path)[0]


def count_records(path: Path) -> Counter[str] | None:
    """The number of records of each kind, by checksums alone: no record is parsed.

    None if there is no such file. Raises `DataError` if it is damaged.
    """
    content = read_bytes(path)
    if content is None:
        return None
    kinds = (_KIND.match(body) for body in _checked(content, path)[0])
    return Counter(kind[1].decode("ascii") for kind in kinds if kind)


def _lines(records: Iterable[JournalRecord], checksum: int) -> tuple[bytes, int]:
    """The lines of the records and the checksum after them; `checksum` is that of all earlier records."""
    lines = []
    for record in records:
        body = _json(record)[:-1].encode("ascii")
        checksum = zlib.crc32(body, checksum)
        lines += [body, _CHECKSUM % checksum]
    return b"".join(lines), checksum


def _read(content: bytes, path: Path) -> tuple[list[JournalRecord], int, int]:
    """The records of all complete lines, the length of these lines in bytes, and the checksum after them.

    A journal has at least one record: the folder of a search appears with the header already in it.
    """
    bodies, size, checksum = _checked(content, path)
    return [json.loads(body + b"}") for body in bodies], size, checksum


def _checked(content: bytes, path: Path) -> tuple[list[bytes], int, int]:
    """As `_read`, but the records are the JSON of their lines, without the final brace."""
    bodies: list[bytes] = []
    *lines, _ = content.split(b"\n")
    size, checksum = 0, 0
    for number, line in enumerate(lines, start=1):
        body = line[: 1 - _CHECKSUM_LENGTH]
        checksum_after = zlib.crc32(body, checksum)
        if line[len(body) :] + b"\n" != _CHECKSUM % checksum_after:
            if b"\0" in line:
                break
            raise _damaged(path, number)
        bodies.append(body)
        size, checksum = size + len(line) + 1, checksum_after
    if not bodies:
        message = "is damaged: its first record, which describes the search, is incomplete"
        raise damaged(path, f"{message}. {_NO_HEADER}")
    return bodies, size, checksum


def _damaged(path: Path, number: int) -> DataError:
    message = "is damaged: the checksum is wrong, so neither this line nor those after it can be trusted"
    advice = _NO_HEADER if number == 1 else _CUT_OFF
    return DataError(Problem(f"{message}. {advice}", file=str(path), line=number))


def _json(record: JournalRecord) -> str:
    try:
        return _ENCODER.encode(record)
    except ValueError:  # NaN or an infinity, which JSON does not have
        return _ENCODER.encode(_finite(record))


def _finite(value: Any) -> Any:
    """The value with None in place of NaN and infinities."""
    match value:
        case float():
            return value if isfinite(value) else None
        case Mapping():
            return {key: _finite(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_finite(entry) for entry in value]
        case _:
            return value

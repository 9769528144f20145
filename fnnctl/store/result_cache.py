"""Results of a search that came before their turn: a cache, so that a kill does not lose finished work.

The journal records results in a fixed order. A worker may finish a job earlier than that; until the results
before it are recorded, its result is kept here. Losing the file costs only the time to do these jobs again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fnnctl.errors import DataError, MachineError
from fnnctl.store import names
from fnnctl.store.atomic import write_bytes
from fnnctl.store.journal import JournalFile, JournalRecord, journal_bytes, read_journal


class ResultCache:
    """The cache in a search's folder; the file exists only if it was needed."""

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
        with suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> JournalFile:
        """Open the file without what a kill or damage has left in it."""
        if found := self.read():
            write_bytes(self._path, journal_bytes(found))
        else:
            self.clear()
        return JournalFile(self._path)

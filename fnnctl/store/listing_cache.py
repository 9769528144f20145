"""A cache of what lists read from many runs, in a hidden file of the runs folder.

An entry is used only while the files that it was read from are the same. Losing the cache costs only time.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from time import time
from typing import Any, Final

from fnnctl.errors import FnnctlError
from fnnctl.store.atomic import read_bytes, write_lines
from fnnctl.version import __version__

MIN_CACHED_RUNS: Final = 100
"""Fewer runs are not cached: they are read as fast."""
SECONDS_UNTIL_SETTLED: Final = 2.0
"""A file that has just changed may change again within the resolution of its times, which would not show."""
_decode: Final = json.JSONDecoder().decode
"""`json.loads` asks first what it was given, for each of many runs."""


class RunCache:
    """Values by the names of run folders, each with a stamp of the files that it was read from."""

    def __init__(self, file: Path, content: str) -> None:
        """Read the file, if it exists; `content` names what the values contain, in this version."""
        self._file, self._first = file, f"fnnctl {__version__} {content}"
        self._entries = _entries(file, self._first)
        self._changed = False

    def stamped_files(self, name: str) -> int:
        """The number of files in the stamp of a run's value; 0 if none is kept."""
        mark = self._entries.get(name, ("", ""))[0]
        return mark.count(" ") + 1 if mark else 0

    def get(self, name: str, stamp: str) -> Any:
        """The value of a run whose files have this stamp; None if it is not known."""
        mark, text = self._entries.get(name, ("", ""))
        try:
            return _decode(text) if mark == stamp else None
        except ValueError:
            return None

    def put(self, name: str, stamp: str, value: Any) -> None:
        """Keep the value, which must be JSON and not None, unless a file has just changed."""
        if stamp and name.isprintable():
            self._entries[name] = stamp, json.dumps(value, separators=(",", ":"))
            self._changed = True

    def store(self, names: Collection[str]) -> None:
        """Write the entries of these runs, which are all that exist, if that changes the file.

        If it cannot be written, nothing happens.
        """
        entries = {name: self._entries[name] for name in names if name in self._entries}
        if len(names) < MIN_CACHED_RUNS or not (self._changed or len(entries) < len(self._entries)):
            return
        texts = ("\t".join((name, *entry)) for name, entry in entries.items())
        with suppress(FnnctlError):
            write_lines(self._file, (f"{line}\n" for line in chain([self._first], texts)))


def _entries(file: Path, first: str) -> dict[str, tuple[str, str]]:
    entries: dict[str, tuple[str, str]] = {}
    try:
        lines = io.TextIOWrapper(io.BytesIO(read_bytes(file) or b""), "utf-8", newline="\n")
        if lines.readline() == f"{first}\n":
            for line in lines:
                name, *entry = line.rstrip("\n").split("\t", 2)
                entries[name] = entry[0], entry[1]
    except (FnnctlError, ValueError, IndexError):
        return {}
    return entries


def stamp(folder: str, names: Iterable[str]) -> str:
    """What changes with any of these files of a folder; empty if one of them has just changed.

    A file that is replaced is another file to the system; of one that is changed in place, a time changes.
    """
    marks, latest = [], 0.0
    for name in names:
        try:
            status = os.stat(f"{folder}/{name}", follow_symlinks=False)  # noqa: PTH116 (a Path takes longer)
        except OSError:
            marks.append("-")
            continue
        latest = max(latest, status.st_ctime)
        marks.append(f"{status.st_ino}.{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}")
    return " ".join(marks) if abs(time() - latest) > SECONDS_UNTIL_SETTLED else ""

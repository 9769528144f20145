"""Files that grow line by line during a run: opened to append, never through a symbolic link."""

from __future__ import annotations

import os
from pathlib import Path

from fnnctl.store.atomic import open_file


def open_to_append(path: Path) -> int:
    """A descriptor that always writes at the end of the file; the file is created if it does not exist."""
    return open_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def append_bytes(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Open the file, append to it, and close it; raises OSError."""
    descriptor = open_to_append(path)
    try:
        write_all(descriptor, content)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write everything, even if the system writes only a part at a time; raises OSError."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]

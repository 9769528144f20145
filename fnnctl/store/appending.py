"""Files that grow while a run goes on, line by line: opened to append, and never through a link."""

from __future__ import annotations

import os
from pathlib import Path

from fnnctl.store.atomic import NO_FOLLOW


def open_to_append(path: Path) -> int:
    """A descriptor whose writes all go to the end of the file, which is made if there is none."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | NO_FOLLOW, 0o666)


def append_bytes(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Append to a file that is open for no longer than this takes; raises OSError."""
    descriptor = open_to_append(path)
    try:
        write_all(descriptor, content)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write everything, in as many pieces as the system takes it; raises OSError."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]

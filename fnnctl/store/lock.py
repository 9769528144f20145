"""A lock that lives as long as its process, by which a dead run is told from a running one.

`flock` ends with the process, however it ends. Where a system or a file system has no such locks, every run
that says so counts as running.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from fnnctl.store.atomic import NO_FOLLOW

if sys.platform != "win32":
    import fcntl


TRIES = 10
SECONDS_BETWEEN_TRIES = 0.02
"""Whoever looks whether a lock is held holds it for an instant: see `is_held`."""


_held: set[int] = set()
"""The descriptors of this process's locks."""


class HeldError(Exception):
    """Another process holds the lock; `holder` is its number, if it could be read."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"the lock is held by process {holder or 'unknown'}")
        self.holder = holder


def hold_lock(path: Path) -> int:
    """Take the lock on a new file; it is held until it is released or the process ends."""
    return _locked(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o666), tries=1)


def take_over_lock(path: Path) -> int:
    """Take the lock that a process has left; raises `HeldError` where the process lives."""
    return _locked(os.open(path, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o666), tries=TRIES)


def _locked(descriptor: int, *, tries: int) -> int:
    """Lock the file and write the process's number into it. Without such locks, only the latter."""
    if sys.platform != "win32":
        for left in reversed(range(tries)):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
                    os.close(descriptor)
                    raise HeldError(holder) from None
                time.sleep(SECONDS_BETWEEN_TRIES)
            except OSError:  # the file system has no locks
                break
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
    _held.add(descriptor)
    return descriptor


def release(descriptor: int) -> None:
    """Give a lock up."""
    _held.discard(descriptor)
    os.close(descriptor)


def _leave_to_parent() -> None:
    """A forked worker that outlived its parent, be it for an instant, would hold the lock of a dead run."""
    while _held:
        os.close(_held.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock; True also where that cannot be found out."""
    if sys.platform == "win32":
        return path.exists()
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW)
    except OSError:
        return False
    try:
        # Shared, so that two who look at the same time do not take each other for the run.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False

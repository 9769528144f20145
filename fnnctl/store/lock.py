"""A lock that is held while a run's process is alive, which distinguishes a dead run from a running one.

The system releases a `flock` however the process ends. Without such locks (on Windows, on some file systems),
every run whose manifest has the status `running` counts as running.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fnnctl.errors import UsageError
from fnnctl.store.atomic import cannot_write, open_file
from fnnctl.store.volumes import memory_volume

if sys.platform != "win32":
    import fcntl


TRIES = 10
SECONDS_BETWEEN_TRIES = 0.02
"""Tries to take the lock: another process's `is_held` may hold it for an instant."""
TRIES_TO_WRITE = 500
"""Tries to take a lock that others hold while they write a file, which takes milliseconds."""


NO_LOCK = -1
"""What stands for the lock of a run in memory, which no other process can reach."""
_held: set[int] = set()
"""The descriptors of this process's locks."""


class HeldError(Exception):
    """Another process holds the lock; `holder` is its process id, or empty if that could not be read."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"the lock is held by process {holder or 'unknown'}")
        self.holder = holder

    @property
    def where(self) -> str:
        """Who holds the lock, in words: `in process 4711`."""
        return f"in process {self.holder}" if self.holder else "in another process"


def hold_lock(path: Path) -> int:
    """Take the lock on a new file; it is held until it is released or the process ends."""
    if memory_volume(path) is not None:
        return NO_LOCK
    return _locked(open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL), tries=1)


def take_over_lock(path: Path, *, tries: int = TRIES) -> int:
    """Take the lock of a process that has ended; raises `HeldError` if it is still alive."""
    if memory_volume(path) is not None:
        return NO_LOCK
    return _locked(open_file(path, os.O_RDWR | os.O_CREAT), tries=tries)


def _locked(descriptor: int, *, tries: int) -> int:
    """Lock the file, if the system supports it, and write this process's id into it."""
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
    try:
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
    except OSError:
        os.close(descriptor)
        raise
    _held.add(descriptor)
    return descriptor


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the lock on a file while the block reads and writes others; wait for who holds it.

    Raises `UsageError` if it is held for many seconds, and `MachineError` if the file cannot be written.
    """
    try:
        lock = take_over_lock(path, tries=TRIES_TO_WRITE)
    except OSError as error:
        raise cannot_write(path, error) from error
    except HeldError as error:
        raise UsageError(f"{path.parent} is being written {error.where}: try again") from error
    try:
        yield
    finally:
        release(lock)


def has_locks(descriptor: int) -> bool:
    """Whether the file system of an open file has locks; the file is locked until it is closed."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def release(descriptor: int) -> None:
    """Release a lock."""
    if descriptor == NO_LOCK:
        return
    _held.discard(descriptor)
    os.close(descriptor)


def _leave_to_parent() -> None:
    """Close the locks in a forked worker, which would otherwise hold them after its parent has died."""
    while _held:
        os.close(_held.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def is_held(path: Path, *, if_unknown: bool = True) -> bool:
    """Whether a living process holds the lock; `if_unknown` where the system has no locks."""
    if memory_volume(path) is not None:
        return False
    if sys.platform == "win32":
        return if_unknown and path.exists()
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        # A shared lock, so that two processes that check at the same time do not see each other's lock.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return if_unknown
    finally:
        os.close(descriptor)
    return False

"""A lock that lives as long as its process, by which a dead run is told from a running one.

`flock` ends with the process, however it ends. Where a system or a file system has no such locks, every run
that says so counts as running.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from fnnctl.store.atomic import NO_FOLLOW

if sys.platform != "win32":
    import fcntl


def hold_lock(path: Path) -> int:
    """Take the lock on a new file; it is held until the returned descriptor is closed or the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o666)
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


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

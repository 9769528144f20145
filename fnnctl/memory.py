"""Finds out how much memory is available and whether it ran out, and returns freed memory to the system."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from pathlib import Path

_CONTROL_GROUP = Path("/sys/fs/cgroup")
_CONTAINER_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)
"""The limit, what is used of it, and the line of `memory.stat` for cached files, of both versions of control
groups."""
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
LARGE = 2**20
"""Blocks of 1 MB are few, so a system call for each takes no time, and what is smaller leaves small gaps."""
TRIMMED = 2**25
"""More than the arrays of a chunk of a CSV file take, so that the next chunk finds this memory again."""


def return_large_blocks() -> None:
    """Make the C library return blocks of 1 MB or more to the system as soon as they are freed, others not.

    By default, glibc raises this threshold when it frees the first large block, and then keeps freed blocks
    and the gaps between used ones: after a few passes over a million rows, a fifth of the rows' size is
    wasted. Once this threshold is set, glibc also returns the end of its heap as soon as 128 kB of it are
    free. To get it back for every small array makes reading a CSV file a third slower, so up to 32 MB stay.
    Other C libraries are not affected.
    """
    import ctypes  # only here, because every command imports this module as it starts

    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, LARGE)
        library.mallopt(_M_TRIM_THRESHOLD, TRIMMED)


def available_bytes() -> int | None:
    """The bytes that a process can still allocate on this machine or in its container; None if unknown."""
    limits = [limit for limit in (_machine_bytes(), _container_bytes()) if limit is not None]
    return min(limits, default=None)


def _machine_bytes() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _container_bytes() -> int | None:
    """What is left of a container's memory; cached files, which the system drops if need be, take none."""
    for limit_file, used_file, cached in _CONTAINER_FILES:
        with suppress(OSError, ValueError):
            limit = (_CONTROL_GROUP / limit_file).read_text(encoding="ascii").strip()
            if limit == "max":
                return None
            used = int((_CONTROL_GROUP / used_file).read_text(encoding="ascii"))
            statistics = (_CONTROL_GROUP / used_file).with_name("memory.stat").read_text(encoding="ascii")
            dropped = next(
                (int(line.split()[1]) for line in statistics.splitlines() if line.startswith(f"{cached} ")), 0
            )
            return max(int(limit) - max(used - dropped, 0), 0)
    return None


def can_allocate(size: int) -> bool:
    """Whether this process can get `size` further bytes now, also within its own limit (`ulimit -v`)."""
    try:
        mmap.mmap(-1, max(1, size)).close()
    except OSError:
        return False
    return True


def memory_kills() -> int | None:
    """How many processes the system has killed because memory ran out; None if it does not say.

    In a container it is the number of the container's own processes.
    """
    for counters in (_CONTROL_GROUP / "memory.events", Path("/proc/vmstat")):
        with suppress(OSError):
            for line in counters.read_text(encoding="ascii").splitlines():
                name, value = line.split()
                if name == "oom_kill":
                    return int(value)
    return None

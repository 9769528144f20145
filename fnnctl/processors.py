"""Finds out how many processors there are."""

from __future__ import annotations

import os


def usable_processors() -> int:
    """The number of processors this process may use, possibly fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

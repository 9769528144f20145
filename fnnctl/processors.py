"""Finds out which processors there are, and how many."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

_CONTROL_GROUP = Path("/sys/fs/cgroup")


def processor_model() -> str | None:
    """The processor's name; None if the system does not say."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or None


def usable_processors() -> int:
    """The number of processors this process may use, possibly fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_quota() -> float | None:
    """How many processors' time a container's limit allows, such as 1.5; None if there is no limit.

    It limits the time only: the processes of the container may still run on every usable processor.
    """
    with suppress(OSError, ValueError):
        quota, period = (_CONTROL_GROUP / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError):  # the first version of control groups
        folder = _CONTROL_GROUP / "cpu"
        quota, period = (
            (folder / name).read_text(encoding="ascii") for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        )
        return None if int(quota) < 0 else int(quota) / int(period)
    return None

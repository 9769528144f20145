"""Ends of pipes that forked processes must not keep.

A pipe ends for its reader when the last copy of the other end is closed. A fork copies every end that is open
in its parent, so a worker would hold its own pipe open, and those of the workers before it: neither side
would notice that the other has gone.
"""

from __future__ import annotations

import os
from typing import Final, Protocol
from weakref import WeakSet


class Closable(Protocol):
    """An end of a pipe; closing it twice does no harm, and closing it writes nothing."""

    def close(self) -> None:
        """Close it."""


_pipe_ends: Final[WeakSet[Closable]] = WeakSet()


def keep_from_forks(end: Closable) -> None:
    """Have every process that is forked from this one close its copy of the end as it begins."""
    _pipe_ends.add(end)


def _close_copies() -> None:
    while _pipe_ends:
        _pipe_ends.pop().close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies)

"""What workers and the thread that waits for them tell one another: stop, and how far the work is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from multiprocessing.context import BaseContext
from typing import Protocol


class Board(Protocol):
    """What a worker sees."""

    def should_stop(self) -> bool:
        """Whether the worker should come to an end; it is asked often."""

    def advance(self, amount: int) -> None:
        """Tell that so much more is done."""


class OwnBoard:
    """Of work in the very thread that would wait: it looks up from its work at each call."""

    def __init__(self, look_up: Callable[[int], bool]) -> None:
        """`look_up` is told how much is done and answers whether to stop."""
        self._look_up, self._done = look_up, 0

    def should_stop(self) -> bool:
        """See `Board`."""
        return self._look_up(self._done)

    def advance(self, amount: int) -> None:
        """See `Board`."""
        self._done += amount


class ThreadBoard:
    """Of threads of one process."""

    def __init__(self) -> None:
        self._lock, self._stopped, self.done = threading.Lock(), False, 0

    def should_stop(self) -> bool:
        """See `Board`."""
        return self._stopped

    def advance(self, amount: int) -> None:
        """See `Board`."""
        with self._lock:
            self.done += amount

    def stop(self) -> None:
        """Let the workers come to an end."""
        self._stopped = True


class ProcessBoard:
    """Of processes, in memory that they share; it is handed over when they are started."""

    def __init__(self, context: BaseContext) -> None:
        self._done = context.Value("q", 0)
        self._stopped = context.Value("b", 0, lock=False)

    @property
    def done(self) -> int:
        """How much is done."""
        return int(self._done.get_obj().value)  # without the lock, which a killed worker may hold

    def should_stop(self) -> bool:
        """See `Board`."""
        return bool(self._stopped.value)

    def advance(self, amount: int) -> None:
        """See `Board`."""
        with self._done.get_lock():
            self._done.value += amount

    def stop(self) -> None:
        """Let the workers come to an end."""
        self._stopped.value = 1

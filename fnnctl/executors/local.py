"""The common part of all executors on this machine: shared values, progress and polling."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from fnnctl.executors.protocols import Poll, Progress, Shared, T, WorkersRefusedError


class LocalProgress(Progress, Protocol):
    """Progress as the calling thread sees it."""

    @property
    def done(self) -> int:
        """The total progress of all workers."""

    def stop(self) -> None:
        """Ask all work to end early."""


class ThreadProgress:
    """Progress of work in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.done, self._stopped = 0, False

    def should_stop(self) -> bool:
        """Whether the work should end early: see `Progress`."""
        return self._stopped

    def advance(self, amount: int) -> None:
        """Report that this much more is done: see `Progress`."""
        with self._lock:
            self.done += amount

    def stop(self) -> None:
        """Ask all work to end early: see `LocalProgress`."""
        self._stopped = True


class LocalExecutor:
    """The base of the executors on this machine."""

    def __init__(self, workers: int, poll: Poll, progress: LocalProgress) -> None:
        self.workers, self._progress = workers, progress
        self._poll = poll
        self._values: list[Any] = []
        self._started = False

    def share(self, value: T) -> Shared[T]:
        """Send a value to each worker once: see `Executor`."""
        if self._started:
            raise RuntimeError("values must be shared before the first item is submitted")
        self._values.append(value)
        return Shared(len(self._values) - 1)

    def poll(self) -> bool:
        """Report progress; True once the work was asked to stop: see `Executor`."""
        if not self._progress.should_stop() and self._poll(self._progress.done):
            self._stop()
        return self._progress.should_stop()

    def _stop(self) -> None:
        """Ask all work to end early."""
        self._progress.stop()


def start_threads(count: int) -> ThreadPoolExecutor:
    """A pool whose threads are all running; raises `WorkersRefusedError` if the system refuses one.

    By default a pool starts a thread when an item needs it, and loses the item if the thread is refused.
    """
    pool, all_run = ThreadPoolExecutor(count), threading.Event()
    try:
        for _ in range(count):
            pool.submit(all_run.wait)  # keeps its thread busy, so that the next one needs another
    except RuntimeError as error:
        all_run.set()
        pool.shutdown()  # waits for the threads
        raise WorkersRefusedError(str(error)) from error
    finally:
        all_run.set()
    return pool


def resolved(args: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """The arguments with every handle replaced by its value."""
    return [values[argument.index] if isinstance(argument, Shared) else argument for argument in args]

"""Threads of this process: for long array operations, which do not hold the interpreter's lock."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from fnnctl.executors.local import LocalExecutor, ThreadProgress, resolved
from fnnctl.executors.protocols import Poll, R, Work


class ThreadExecutor(LocalExecutor):
    """Runs work in a pool of threads; shared values, arguments and results are not copied."""

    def __init__(self, workers: int, poll: Poll) -> None:
        super().__init__(workers, poll, ThreadProgress())
        self._threads = ThreadPoolExecutor(workers)

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`."""
        self._started = True
        return self._threads.submit(work, self._progress, *resolved(args, self._values))

    def shutdown(self) -> None:
        """See `Executor`."""
        self._progress.stop()
        self._threads.shutdown(cancel_futures=True)

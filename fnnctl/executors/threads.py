"""Threads of this process, for long array operations, which release the interpreter's lock."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from fnnctl.executors.local import LocalExecutor, ThreadProgress, resolved, start_threads
from fnnctl.executors.protocols import Poll, R, Work


class ThreadExecutor(LocalExecutor):
    """Runs work in a pool of threads; shared values, arguments and results are not copied."""

    def __init__(self, workers: int, poll: Poll) -> None:
        super().__init__(workers, poll, ThreadProgress())
        self._threads: ThreadPoolExecutor | None = None
        """None until the first `submit`."""

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """Run an item of work: see `Executor`."""
        self._started = True
        if self._threads is None:
            self._threads = start_threads(self.workers)
        return self._threads.submit(work, self._progress, *resolved(args, self._values))

    def shutdown(self) -> None:
        """Cancel queued items, and stop the running ones: see `Executor`."""
        self._progress.stop()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

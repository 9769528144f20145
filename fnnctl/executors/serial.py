"""The executor that needs no other: it runs work at once, in the calling thread."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from fnnctl.executors.local import LocalExecutor, ThreadProgress, resolved
from fnnctl.executors.protocols import Poll, R, Work


class SerialExecutor(LocalExecutor):
    """Runs each item before `submit` returns, so that one item at a time is under way.

    It is the work's `Progress`: it polls whenever the work asks, because the calling thread is busy.
    """

    def __init__(self, workers: int, poll: Poll) -> None:
        """`workers` is 1, whatever was asked for."""
        super().__init__(1, poll, ThreadProgress())
        self.should_stop, self.advance = self.poll, self._progress.advance

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`. An exception that a signal raises goes to the caller, not into the future."""
        self._started = True
        future: Future[R] = Future()
        try:
            future.set_result(work(self, *resolved(args, self._values)))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self) -> None:
        """See `Executor`; nothing can be under way."""

"""An executor without workers: it runs each item immediately, in the calling thread."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from fnnctl.executors.local import LocalExecutor, ThreadProgress, resolved
from fnnctl.executors.protocols import Poll, R, Work


class SerialExecutor(LocalExecutor):
    """Runs each item before `submit` returns, so only one item runs at a time.

    It is also the work's `Progress`. The calling thread is busy with the work, so it polls whenever the work
    calls `should_stop`.
    """

    def __init__(self, workers: int, poll: Poll) -> None:
        """The argument `workers` is ignored: there is always one."""
        super().__init__(1, poll, ThreadProgress())
        self.should_stop, self.advance = self.poll, self._progress.advance

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`. An exception raised by a signal handler goes to the caller, not into the future."""
        self._started = True
        future: Future[R] = Future()
        try:
            future.set_result(work(self, *resolved(args, self._values)))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self) -> None:
        """See `Executor`; nothing can be running."""

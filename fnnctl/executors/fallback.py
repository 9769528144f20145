"""If the system cannot start workers, this process does the work, with the same results."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from fnnctl.executors.protocols import Executor, Note, R, Shared, T, Work, WorkersRefusedError


class FallbackExecutor:
    """Uses the first executor, or the second if the system refuses to start the first one's workers."""

    def __init__(self, first: Executor, second: Executor, note: Note) -> None:
        """`note` is called if the second has to take over."""
        self._active, self._second, self._note = first, second, note

    @property
    def workers(self) -> int:
        """See `Executor`."""
        return self._active.workers

    def share(self, value: T) -> Shared[T]:
        """See `Executor`."""
        handle = self._active.share(value)
        self._second.share(value)
        return handle

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`; raises no `WorkersRefusedError`."""
        try:
            return self._active.submit(work, *args)
        except WorkersRefusedError as error:  # raised only by the first item, so no other is running
            self._note(f"{error.message}; all work runs in this process instead, with the same results")
            self._active.shutdown()
            self._active = self._second
            return self._active.submit(work, *args)

    def poll(self) -> bool:
        """See `Executor`."""
        return self._active.poll()

    def shutdown(self) -> None:
        """See `Executor`."""
        self._active.shutdown()

"""The executors by name. To add one, write a new file and add it to `EXECUTORS`.

The one for Dask is imported only if it is asked for. If the system cannot start workers, this process does
the work, with the same results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from fnnctl.executors.plugins import PluginExecutor
from fnnctl.executors.processes import ProcessExecutor
from fnnctl.executors.protocols import (
    ClusterOptions,
    Executor,
    Poll,
    R,
    Shared,
    T,
    Warn,
    Work,
    WorkersRefusedError,
)
from fnnctl.executors.serial import SerialExecutor
from fnnctl.executors.threads import ThreadExecutor
from fnnctl.messages import Message
from fnnctl.plugins import current


class FallbackExecutor:
    """Uses the first executor, or the second if the system refuses to start the first one's workers."""

    def __init__(self, first: Executor, second: Executor, warn: Warn) -> None:
        """`warn` is called if the second has to take over."""
        self._active, self._second, self._warn = first, second, warn

    @property
    def workers(self) -> int:
        """How many items run at the same time: see `Executor`."""
        return self._active.workers

    def share(self, value: T) -> Shared[T]:
        """Send a value to each worker once: see `Executor`."""
        handle = self._active.share(value)
        self._second.share(value)
        return handle

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`; raises no `WorkersRefusedError`."""
        try:
            return self._active.submit(work, *args)
        except WorkersRefusedError as error:  # raised only by the first item, so no other is running
            sentence = f"{error.message}; all work runs in this process instead, with the same results"
            self._warn(Message("workers_refused", sentence))
            self._active.shutdown()
            self._active = self._second
            return self._active.submit(work, *args)

    def poll(self) -> bool:
        """Report progress; True once the work was asked to stop: see `Executor`."""
        return self._active.poll()

    def shutdown(self) -> None:
        """Cancel queued items, and stop the running ones: see `Executor`."""
        self._active.shutdown()


ExecutorKind = Literal["serial", "threads", "processes", "dask"]


@dataclass(frozen=True, slots=True)
class Execution:
    """An executor of the registry, and what those who choose it must know of it."""

    make: Callable[[int, Poll, ClusterOptions | None], Executor]
    is_offered: bool = True
    """Whether a user can choose it."""
    has_workers: bool = True
    """Whether others than the calling thread do the work."""
    check_cluster: Callable[[str | None], None] | None = None
    """Raises `UsageError` if the cluster at this address cannot be used; None if it needs no cluster."""


def _dask(workers: int, poll: Poll, cluster: ClusterOptions | None) -> Executor:
    from fnnctl.executors.dask import DaskExecutor

    return DaskExecutor(workers, poll, cluster)


def _check_dask(address: str | None) -> None:
    from fnnctl.executors.dask import check_dask  # Dask may be missing

    check_dask(address)


EXECUTORS: Final[Mapping[ExecutorKind, Execution]] = {
    "serial": Execution(lambda workers, poll, _: SerialExecutor(workers, poll), has_workers=False),
    "threads": Execution(lambda workers, poll, _: ThreadExecutor(workers, poll), is_offered=False),
    "processes": Execution(lambda workers, poll, _: ProcessExecutor(workers, poll)),
    "dask": Execution(_dask, check_cluster=_check_dask),
}
OFFERED: Final[Mapping[str, ExecutorKind]] = {
    kind: kind for kind, execution in EXECUTORS.items() if execution.is_offered
}
"""The executors that a user can choose."""


@contextmanager
def make_executor(
    kind: ExecutorKind,
    *,
    workers: int,
    poll: Poll,
    warn: Warn | None = None,
    cluster: ClusterOptions | None = None,
) -> Iterator[Executor]:
    """An executor that is shut down at the end of the block.

    Args:
        kind: Its name in the registry.
        workers: How many items it may run at the same time.
        poll: Called regularly in the calling thread with the total progress; returns whether the work should
            stop.
        warn: Called with a message for the user if the system cannot start workers and this process does the
            work instead. Without `warn`, `submit` raises `WorkersRefusedError`.
        cluster: The options of an executor that needs a cluster.
    """
    executor = EXECUTORS[kind].make(workers, poll, cluster)
    if warn is not None:
        executor = FallbackExecutor(executor, SerialExecutor(1, poll), warn)
    if current().used:
        executor = PluginExecutor(executor, current())
    try:
        yield executor
    finally:
        executor.shutdown()

"""The executors by name. To add one, write a new file and add a line here.

The one for Dask is imported only if it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from fnnctl.executors.fallback import FallbackExecutor
from fnnctl.executors.processes import ProcessExecutor
from fnnctl.executors.protocols import ClusterOptions, Executor, Note, Poll
from fnnctl.executors.serial import SerialExecutor
from fnnctl.executors.threads import ThreadExecutor

ExecutorKind = Literal["serial", "threads", "processes", "dask"]


def _dask(workers: int, poll: Poll, cluster: ClusterOptions | None = None) -> Executor:
    from fnnctl.executors.dask import DaskExecutor

    return DaskExecutor(workers, poll, cluster)


EXECUTORS: Final[Mapping[ExecutorKind, Callable[[int, Poll], Executor]]] = {
    "serial": SerialExecutor,
    "threads": ThreadExecutor,
    "processes": ProcessExecutor,
    "dask": _dask,
}

BY_NAME: Final[Mapping[str, ExecutorKind]] = {
    "serial": "serial",
    "processes": "processes",
    "dask": "dask",
}
"""The executors that a user can choose."""


@contextmanager
def make_executor(
    kind: ExecutorKind,
    *,
    workers: int,
    poll: Poll,
    note: Note | None = None,
    cluster: ClusterOptions | None = None,
) -> Iterator[Executor]:
    """An executor that is shut down at the end of the block.

    Args:
        kind: Its name in the registry.
        workers: How many items it may run at the same time.
        poll: Called regularly in the calling thread with the total progress; returns whether the work should
            stop.
        note: Called with a message for the user if the system cannot start workers and this process does the
            work instead. Without `note`, `submit` raises `WorkersRefusedError`.
        cluster: The options of the executor "dask".
    """
    executor = _dask(workers, poll, cluster) if kind == "dask" else EXECUTORS[kind](workers, poll)
    if note is not None:
        executor = FallbackExecutor(executor, SerialExecutor(1, poll), note)
    try:
        yield executor
    finally:
        executor.shutdown()

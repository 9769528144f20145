"""The executors by name. A new one is a file of its own and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from fnnctl.executors.processes import ProcessExecutor
from fnnctl.executors.protocols import Executor, Poll
from fnnctl.executors.serial import SerialExecutor
from fnnctl.executors.threads import ThreadExecutor

ExecutorKind = Literal["serial", "threads", "processes"]

EXECUTORS: Final[Mapping[ExecutorKind, Callable[[int, Poll], Executor]]] = {
    "serial": SerialExecutor,
    "threads": ThreadExecutor,
    "processes": ProcessExecutor,
}

BY_NAME: Final[Mapping[str, ExecutorKind]] = {"serial": "serial", "processes": "processes"}
"""Those that a user can ask for."""


@contextmanager
def make_executor(kind: ExecutorKind, *, workers: int, poll: Poll) -> Iterator[Executor]:
    """An executor that is shut down at the end of the block.

    Args:
        kind: Its name in the registry.
        workers: How many items it may run at the same time.
        poll: Called in the calling thread now and then, with how much is done in all; answers whether the
            work should stop.
    """
    executor = EXECUTORS[kind](workers, poll)
    try:
        yield executor
    finally:
        executor.shutdown()

"""What a worker of a cluster does for a coordinator: run items, count their progress, and stop when asked.

Workers may be on other machines, so progress cannot be shared memory. The coordinator calls
`exchange_progress` in the busy workers now and then. So a work function that asks whether to stop only reads
a value of its own process.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from fnnctl.blas import set_blas_threads
from fnnctl.executors.local import resolved
from fnnctl.executors.protocols import R, Work

LEASE = 60.0
"""If the coordinator is silent for this many seconds, it is gone, and nobody waits for the results."""


@dataclass(slots=True)
class _Coordinator:
    """One coordinator's work in this process."""

    items: dict[int, RemoteProgress] = field(default_factory=dict)
    stopped: bool = False
    dropped: frozenset[int] = frozenset()
    """The numbers of items that other workers do instead."""
    expires: float = field(default_factory=lambda: time.monotonic() + LEASE)


@dataclass(slots=True)
class RemoteProgress:
    """The progress of one item; only the item's thread changes it."""

    session: _Coordinator
    number: int
    done: int = 0
    abandoned: bool = False
    """Whether the work was stopped because the coordinator was silent."""

    def should_stop(self) -> bool:
        """Whether the work should end early: see `Progress`."""
        stopped = self.session.stopped or self.number in self.session.dropped
        if not stopped and time.monotonic() > self.session.expires:
            self.abandoned = True
        return stopped or self.abandoned

    def advance(self, amount: int) -> None:
        """Report that this much more is done: see `Progress`."""
        self.done += amount


_coordinators: dict[str, _Coordinator] = {}
"""By the session's name. A worker may have several threads: entries are only set and removed as a whole."""


@dataclass(frozen=True, slots=True)
class RemoteItem(Generic[R]):
    """One item as it is sent to a worker; shared values travel apart from it."""

    session: str
    number: int
    work: Work[R]
    args: Sequence[Any]


@dataclass(frozen=True, slots=True)
class RemoteResult(Generic[R]):
    """What a worker returns."""

    value: R | None
    done: int
    """The item's progress."""
    abandoned: bool
    """Whether the work stopped early without having been asked to, so that the value is incomplete."""


def run_item(item: RemoteItem[R], *values: Any) -> RemoteResult[R]:
    """Run an item in this worker, with one BLAS thread; `values` are the shared ones."""
    set_blas_threads(1)
    session = _coordinators.setdefault(item.session, _Coordinator())
    progress = session.items[item.number] = RemoteProgress(session, item.number)
    try:
        value = item.work(progress, *resolved(item.args, values))
    finally:
        del session.items[item.number]
    abandoned = progress.abandoned
    return RemoteResult(None if abandoned else value, progress.done, abandoned)


def exchange_progress(session: str, *, stop: bool, dropped: Collection[int] = ()) -> dict[int, int]:
    """Renew the coordinator's lease, and return the progress of the items that run here.

    `stop` is whether all items are to end early; `dropped` are the numbers of those that are in any case.
    """
    coordinator = _coordinators.setdefault(session, _Coordinator())
    coordinator.expires = time.monotonic() + LEASE
    coordinator.stopped = coordinator.stopped or stop
    coordinator.dropped = frozenset(dropped)
    return {number: progress.done for number, progress in coordinator.items.copy().items()}


def join_session(session: str) -> None:
    """Prepare this worker for a coordinator's items.

    Dask logs every call from outside; those of `exchange_progress` would fill the worker's log.
    """
    _coordinators.setdefault(session, _Coordinator())
    logging.getLogger("distributed.worker").addFilter(_is_no_exchange)


def leave_session(session: str) -> None:
    """Forget a coordinator, whose items end early."""
    if left := _coordinators.pop(session, None):
        left.stopped = True
    if not _coordinators:
        logging.getLogger("distributed.worker").removeFilter(_is_no_exchange)


def _is_no_exchange(record: logging.LogRecord) -> bool:
    return not (isinstance(record.args, tuple) and exchange_progress.__name__ in record.args)

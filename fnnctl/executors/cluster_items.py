"""The items of an executor on a cluster: those that wait, and those that workers have.

Each thread of a worker gets one item at a time; further items wait here. So it is known which items a worker
had when it died. The cluster's own scheduler would run them again beside others, which may be what killed it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from fnnctl.executors.protocols import Work, WorkerKilledError
from fnnctl.executors.remote import RemoteResult


@dataclass(slots=True, eq=False)
class ClusterItem:
    """An item, and what is known of the copy that was sent last."""

    work: Work[Any]
    args: Sequence[Any]
    future: Future[Any]
    """The caller's."""
    number: int = 0
    """Every copy has a new one."""
    worker: str = ""
    sent: Future[RemoteResult[Any]] = field(default_factory=Future)
    """The cluster's."""
    reported: float = 0.0
    """When the copy was sent or, later, when its worker last reported it as running."""
    has_begun: bool = False
    done: int = 0
    """The progress that the worker has reported."""
    lost: bool = False
    losses: int = 0
    """How many copies were lost."""

    def can_run(self) -> bool:
        """Whether the caller still wants the result; the caller can then cancel the item no more."""
        return self.future.running() or self.future.set_running_or_notify_cancel()


class ClusterItems:
    """All items of an executor. The caller's thread, that of the results and that of the calls share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        """Held while an attribute is changed."""
        self._waiting: deque[ClusterItem] = deque()
        self._running: dict[int, ClusterItem] = {}
        """By the number of the copy."""
        self._dropped: dict[int, tuple[str, Future[RemoteResult[Any]]]] = {}
        """Copies of which another worker does the item, by number: each still keeps its worker busy."""
        self._ended_progress = 0
        self._count = 0

    def add(self, item: ClusterItem) -> None:
        """Put a new item behind all that wait."""
        with self._lock:
            self._waiting.append(item)

    def progress(self) -> int:
        """The total progress."""
        with self._lock:
            return self._ended_progress + sum(item.done for item in self._running.values())

    def running(self) -> list[ClusterItem]:
        """The items of which a worker has a copy, in the order of these."""
        with self._lock:
            return list(self._running.values())

    def is_running(self, item: ClusterItem, number: int) -> bool:
        """Whether the item's copy with this number has neither ended nor been dropped."""
        return self._running.get(number) is item

    def next_to_send(self, threads: Mapping[str, int], max_running: int) -> ClusterItem | None:
        """The next item, with the worker that has the largest share of free threads; None if none may run."""
        with self._lock:
            busy = Counter(item.worker for item in self._running.values())
            busy.update(worker for worker, _ in self._dropped.values())
            free = {worker: 1 - busy[worker] / count for worker, count in threads.items() if count}
            worker = max(free, key=free.__getitem__, default=None)
            if worker is None or free[worker] <= 0 or len(self._running) >= max_running:
                return None
            while self._waiting:
                item = self._waiting.popleft()
                if item.can_run():
                    self._count += 1
                    item.number, item.worker, item.lost = self._count, worker, False
                    item.reported, item.has_begun = time.monotonic(), False
                    self._running[item.number] = item
                    return item
        return None

    def report(self, progress: Iterable[tuple[int, int]]) -> None:
        """Note how far copies are, by number."""
        with self._lock:
            for number, done in progress:
                if item := self._running.get(number):
                    item.done, item.reported = max(item.done, done), time.monotonic()
                    item.has_begun = True

    def end(
        self,
        item: ClusterItem,
        *,
        result: RemoteResult[Any] | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Give the caller a running item's result, or the error."""
        with self._lock:
            if self._running.pop(item.number, None) is None:
                return
            self._ended_progress += result.done if result else item.done
        if result:
            item.future.set_result(result.value)
        else:
            item.future.set_exception(error)

    def send_again(self, item: ClusterItem, *, drops: bool = False) -> None:
        """Put the item before all that wait; `drops` is whether the copy that was sent may still run."""
        with self._lock:
            if self._running.pop(item.number, None):
                self._ended_progress += item.done
                item.done = 0
                self._waiting.appendleft(item)
                if drops:
                    self._dropped[item.number] = item.worker, item.sent

    def dropped_copies(self) -> list[int]:
        """The numbers of the copies that may still run although another worker does the item."""
        return [*self._dropped]

    def workers_of_dropped(self) -> set[str]:
        """The workers of these copies."""
        with self._lock:
            return {worker for worker, _ in self._dropped.values()}

    def forget_ended_copies(self, alive: Container[str]) -> None:
        """Forget dropped copies that their workers have ended, or that cannot run: their worker is dead."""
        for worker, sent in self._dropped.values():
            if worker not in alive:
                sent.cancel()
        with self._lock:
            self._dropped = {number: copy for number, copy in self._dropped.items() if not copy[1].done()}

    def cancel_waiting(self) -> None:
        """Cancel the items that no worker has."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for item in waiting:
            if not item.future.cancel():  # a copy was sent before
                item.future.set_exception(WorkerKilledError())

    def fail_all(self, error: Exception) -> None:
        """End all items with the error."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for item in self.running():
            self.end(item, error=error)
        for item in waiting:
            if item.can_run():
                item.future.set_exception(error)

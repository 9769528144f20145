"""Runs work on a cluster, whose workers may be on other machines, join at any time, and die.

Each thread of a worker gets one item at a time; further items wait here. So it is known which items a worker
had when it died. The cluster's own scheduler would run them again beside others, which may be what killed it.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from fnnctl.errors import MachineError
from fnnctl.executors.admission import Admission
from fnnctl.executors.protocols import ClusterOptions, Poll, R, Shared, T, Work, WorkerKilledError
from fnnctl.executors.remote import RemoteItem, RemoteResult, exchange_progress, join_session, leave_session

SECONDS_BETWEEN_CALLS = 0.2
SECONDS_PER_WORKER = 0.01
"""Added to the time between calls for each worker, so that they do not keep a large cluster busy."""
MOST_ATTEMPTS = 4
"""How often an item is sent if the cluster loses it although its worker lives."""


MOST_FAILURES = 20
"""How many calls in a row may fail for another reason than a lost connection."""


class Connection(Protocol):
    """A connection to a cluster; its methods raise `ClusterLostError` if the cluster does not answer."""

    def threads(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """The threads of all workers by address, and of those that accept items now."""

    def call(
        self, function: Callable[..., Any], *args: Any, workers: Sequence[str], **settings: Any
    ) -> Mapping[str, Any]:
        """Call a function in each worker at once, beside its items; its exceptions are returned as values.

        A worker that does not answer in time has no entry.
        """

    def place(self, values: Sequence[Any], workers: Sequence[str]) -> None:
        """Send the shared values to these workers; later items send them to others."""

    def spread(self, workers: Sequence[str]) -> None:
        """Have the placed values copied to each of these workers that has none, from one to another."""

    def has_values(self) -> bool:
        """Whether some worker still has the placed values."""

    def submit(self, worker: str, item: RemoteItem[R]) -> Future[RemoteResult[R]]:
        """Run an item on a worker."""

    def is_lost(self, sent: Future[RemoteResult[Any]]) -> bool:
        """Whether the cluster has lost an item that is done: its worker is dead, or the values are lost."""

    def close(self) -> None:
        """End the connection, and workers that it has started."""


@dataclass(slots=True, eq=False)
class _ClusterItem:
    """An item, and what is known of it."""

    number: int
    work: Work[Any]
    args: Sequence[Any]
    future: Future[Any]
    """The caller's."""
    worker: str = ""
    sent: Future[RemoteResult[Any]] | None = None
    """The cluster's; None before the item was sent."""
    attempts: int = 0
    done: int = 0
    """The progress that the worker has reported."""
    lost: bool = False


class ClusterExecutor:
    """Runs items on a cluster; work, shared values, arguments and results are pickled."""

    def __init__(
        self, connect: Callable[[], Connection], workers: int, poll: Poll, options: ClusterOptions
    ) -> None:
        """`workers` is how many items may run at the same time.

        Workers of this machine start at the first `submit`. A scheduler with an address is asked at once.
        """
        self._connect, self._most, self._poll = connect, workers, poll
        self._session = uuid.uuid4().hex
        self._admission = Admission(options.note, options.on_worker)
        self._values: list[Any] = []
        self._connection: Connection | None = None
        self._threads: dict[str, int] = {}
        """By worker, without those that accept no items now."""
        self._lock = threading.Lock()
        """Held while the following three are changed."""
        self._waiting: deque[_ClusterItem] = deque()
        self._running: dict[int, _ClusterItem] = {}
        self._ended_progress = 0
        self._count = 0
        self._stopped = self._closing = False
        self._wake = threading.Event()
        self._calls: threading.Thread | None = None
        self._failure: Exception | None = None
        if options.address is not None:
            self._connection = connect()
            try:
                self._admission.await_first(lambda: self._admit(self.connection))
            except BaseException:
                self._connection.close()
                raise

    @property
    def connection(self) -> Connection:
        """The connection; raises `RuntimeError` before the first `submit`."""
        if self._connection is None:
            raise RuntimeError("the workers have not been started")
        return self._connection

    @property
    def workers(self) -> int:
        """See `Executor`; it changes as workers join and leave."""
        if self._connection is None:
            return self._most
        return max(1, min(self._most, sum(self._threads.copy().values())))

    def share(self, value: T) -> Shared[T]:
        """See `Executor`."""
        if self._calls:
            raise RuntimeError("values must be shared before the first item is submitted")
        self._values.append(value)
        return Shared(len(self._values) - 1)

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """See `Executor`."""
        if self._calls is None:
            self._start()
        future: Future[R] = Future()
        with self._lock:
            self._count += 1
            self._waiting.append(_ClusterItem(self._count, work, args, future))
        if self._failure:
            self._fail_all(self._failure)
        self._send_waiting()
        return future

    def poll(self) -> bool:
        """See `Executor`."""
        self._admission.tell()
        with self._lock:
            done = self._ended_progress + sum(item.done for item in self._running.values())
        if not self._stopped and self._poll(done):
            self._stopped = True
            self._wake.set()
        return self._stopped

    def shutdown(self) -> None:
        """See `Executor`."""
        self._stopped = True
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
            running = [item.future for item in self._running.values()]
        for item in waiting:
            item.future.cancel()
        try:
            self._wake.set()
            for future in running:
                future.exception()  # waits for its end
        finally:
            self._closing = True
            self._wake.set()
            if self._calls:
                self._calls.join()
            if self._connection:
                with suppress(MachineError):
                    self._connection.call(leave_session, self._session, workers=[*self._threads])
                self._connection.close()

    def _start(self) -> None:
        """Start workers or take those that there are, and give each the shared values."""
        if self._connection is None:
            self._connection = self._connect()
        self._admission.await_first(lambda: self._admit(self.connection))
        self._connection.place(self._values, [*self._threads])
        self._calls = threading.Thread(target=self._call_regularly, name="fnnctl-cluster", daemon=True)
        self._calls.start()

    def _send_waiting(self) -> None:
        """Send waiting items as long as there are free threads."""
        while self.connection.has_values() and (item := self._next_to_send()):
            remote = RemoteItem(self._session, item.number, item.work, item.args)
            try:
                item.sent = self.connection.submit(item.worker, remote)
            except Exception as error:  # it cannot be pickled
                self._end(item, error=error)
            else:
                item.sent.add_done_callback(partial(self._receive, item))

    def _next_to_send(self) -> _ClusterItem | None:
        """The next item, with its worker: that with the largest share of free threads."""
        with self._lock:
            busy = dict.fromkeys(self._threads, 0)
            for item in self._running.values():
                busy[item.worker] = busy.get(item.worker, 0) + 1
            free = {each: 1 - busy[each] / count for each, count in self._threads.items() if count}
            worker = max(free, key=free.__getitem__, default=None)
            if worker is None or free[worker] <= 0 or len(self._running) >= self._most:
                return None
            while self._waiting:
                item = self._waiting.popleft()
                if item.attempts or item.future.set_running_or_notify_cancel():
                    item.worker, item.lost = worker, False
                    item.attempts += 1
                    self._running[item.number] = item
                    return item
        return None

    def _receive(self, item: _ClusterItem, sent: Future[RemoteResult[Any]]) -> None:
        """Take an item's result; if the cluster has lost it, the next call to the workers shows why."""
        if self.connection.is_lost(sent):
            item.lost = True
            self._wake.set()
            return
        if error := sent.exception():
            self._end(item, error=error)
        elif (result := sent.result()).abandoned:
            self._send_again(item)
        else:
            self._end(item, result=result)
        self._send_waiting()

    def _end(
        self,
        item: _ClusterItem,
        *,
        result: RemoteResult[Any] | None = None,
        error: BaseException | None = None,
    ) -> None:
        with self._lock:
            if self._running.pop(item.number, None) is None:
                return
            self._ended_progress += result.done if result else item.done
        if result:
            item.future.set_result(result.value)
        else:
            item.future.set_exception(error)

    def _send_again(self, item: _ClusterItem) -> None:
        with self._lock:
            if self._running.pop(item.number, None):
                self._ended_progress += item.done
                item.done = 0
                self._waiting.appendleft(item)

    def _call_regularly(self) -> None:
        """Call all workers now and then until the executor is shut down; runs in a thread of its own."""
        failures = 0
        while not self._closing:
            try:
                self._call_workers(self.connection)
                self._send_waiting()
                failures = 0
            except Exception as error:
                failures += 1  # a worker may die while it is called, which the next call knows
                if isinstance(error, MachineError) or failures > MOST_FAILURES:
                    self._failure = error
                    self._fail_all(error)
                    return
            self._wake.wait(SECONDS_BETWEEN_CALLS + SECONDS_PER_WORKER * len(self._threads))
            self._wake.clear()

    def _call_workers(self, connection: Connection) -> None:
        """See which workers there are, and exchange progress with the busy ones."""
        alive = self._admit(connection)
        with self._lock:
            unfinished = list(self._running.values())
        dead = [item for item in unfinished if item.worker not in alive]
        for item in dead:
            self._end(item, error=WorkerKilledError())
            if item.sent:
                item.sent.cancel()  # else it would wait for a worker of this address
        if self._threads and not connection.has_values():
            connection.place(self._values, [*self._threads])
        for item in unfinished:
            if item.lost and item not in dead:
                if item.attempts < MOST_ATTEMPTS:
                    self._send_again(item)
                else:
                    self._end(item, error=WorkerKilledError())
        busy = list(dict.fromkeys(item.worker for item in unfinished if item not in dead))
        counts = connection.call(exchange_progress, self._session, stop=self._stopped, workers=busy)
        with self._lock:
            for count in counts.values():
                for number, done in count.items() if isinstance(count, Mapping) else ():
                    if item_ := self._running.get(number):
                        item_.done = max(item_.done, done)

    def _admit(self, connection: Connection) -> Mapping[str, int]:
        """Admit new workers, and forget those that have left; return all that live."""
        alive, accepting = connection.threads()
        new = self._admission.admit(connection.call, alive)
        if new:
            connection.call(join_session, self._session, workers=new)
            if self._calls:
                connection.spread(new)
        admitted = self._admission.admitted
        self._threads = {each: count for each, count in accepting.items() if each in admitted}
        return alive

    def _fail_all(self, error: Exception) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
            running = list(self._running.values())
            self._threads = {}
        for item in running:
            self._end(item, error=error)
        for item in waiting:
            if item.attempts or item.future.set_running_or_notify_cancel():
                item.future.set_exception(error)

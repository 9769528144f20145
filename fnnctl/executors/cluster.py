"""Runs work on a cluster, whose workers may be on other machines, join at any time, and die.

A worker may also hold an item and do nothing: Dask pauses it when its memory is almost full, another program
keeps it busy, or its machine is suspended. Another worker then gets the item; results do not depend on who
computes them, so the first copy is dropped.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from fnnctl.errors import MachineError
from fnnctl.executors.admission import Admission
from fnnctl.executors.cluster_items import ClusterItem, ClusterItems
from fnnctl.executors.protocols import (
    SECONDS_TO_STOP,
    ClusterOptions,
    Poll,
    R,
    Shared,
    T,
    Work,
    WorkerKilledError,
)
from fnnctl.executors.remote import RemoteItem, RemoteResult, exchange_progress, join_session, leave_session

SECONDS_BETWEEN_CALLS = 0.2
SECONDS_PER_WORKER = 0.01
"""Added to the time between calls for each worker: in a cluster of any size, at most a hundred workers are
called in a second, which costs its scheduler little."""
SECONDS_TO_REPORT = 20.0
"""Another worker gets an item that its worker has not reported as running for so long. A worker that lives is
called many times meanwhile; one that is only busy for a while should keep its item."""
SECONDS_TO_CLOSE = 1.5
"""How long to wait for the end of a connection to a cluster that was not started here."""
MAX_ATTEMPTS = 4
"""How often an item is sent if the cluster loses it although its worker lives. That happens while the shared
values are copied or deleted; an item that is lost every time must end."""
MAX_FAILURES = 20
"""How many calls in a row may fail for another reason than a lost connection. A worker that dies while it is
called makes one fail; so many mean that nothing has worked for some seconds."""


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

    def place(self, values: Sequence[Any], workers: Sequence[str]) -> bool:
        """Send the shared values to the first of these workers, and have the others copy them.

        False if the first one stops answering. A worker without a copy gets one with its first item.
        """

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


class ClusterExecutor:
    """Runs items on a cluster; work, shared values, arguments and results are pickled."""

    def __init__(
        self, connect: Callable[[], Connection], workers: int, poll: Poll, options: ClusterOptions
    ) -> None:
        """At most as many items as `workers` run at the same time.

        Workers of this machine start at the first `submit`. A scheduler with an address is asked at once.
        """
        self._connect, self._max_running, self._poll = connect, workers, poll
        self._session, self._is_remote = uuid.uuid4().hex, options.address is not None
        self._admission = Admission(options.warn, options.on_worker)
        self._values: list[Any] = []
        self._connection: Connection | None = None
        self._threads: dict[str, int] = {}
        """By worker, without those that accept no items now."""
        self._silent: dict[str, float] = {}
        """The workers that did not answer the last call, and when they were called."""
        self._items = ClusterItems()
        self._placed = self._closing = False
        self._stop_deadline: float | None = None
        """When items that have not stopped are given up; None before they are asked to stop."""
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
            return self._max_running
        return max(1, min(self._max_running, sum(self._threads.values())))

    def share(self, value: T) -> Shared[T]:
        """Send a value to each worker once: see `Executor`."""
        if self._calls:
            raise RuntimeError("values must be shared before the first item is submitted")
        self._values.append(value)
        return Shared(len(self._values) - 1)

    def submit(self, work: Work[R], /, *args: Any) -> Future[R]:
        """Run an item of work: see `Executor`."""
        if self._calls is None:
            self._start()
        future: Future[R] = Future()
        self._items.add(ClusterItem(work, args, future))
        if self._failure:
            self._fail_all(self._failure)
        self._send_waiting()
        return future

    def poll(self) -> bool:
        """Report progress; True once the work was asked to stop: see `Executor`."""
        self._admission.pass_on()
        if self._stop_deadline is None and self._poll(self._items.progress()):
            self._stop()
        if self._stop_deadline is None:
            return False
        if time.monotonic() > self._stop_deadline:
            self._fail_all(WorkerKilledError())
        return True

    def shutdown(self) -> None:
        """See `Executor`. It takes a few seconds at most, even if nothing in the cluster answers."""
        deadline = self._stop()
        self._items.cancel_waiting()
        running = [item.future for item in self._items.running()]
        try:
            wait(running, max(0.0, deadline - time.monotonic()))
        finally:
            self._fail_all(WorkerKilledError())
            self._closing = True
            self._wake.set()
            closing = threading.Thread(target=self._close, name="fnnctl-close", daemon=True)
            closing.start()
            closing.join(SECONDS_TO_CLOSE if self._is_remote else None)

    def _stop(self) -> float:
        """Ask all items to stop, and return when those that have not done so are given up."""
        if self._stop_deadline is None:
            self._stop_deadline = time.monotonic() + SECONDS_TO_STOP
            self._wake.set()
        return self._stop_deadline

    def _close(self) -> None:
        if self._calls:
            self._calls.join(SECONDS_TO_CLOSE / 3)
        if self._connection and self._is_remote:
            with suppress(Exception):  # workers that do not hear of it stop when the lease ends
                workers = sorted(self._admission.admitted)
                self._connection.call(leave_session, self._session, workers=workers)
        if self._connection:
            with suppress(Exception):  # all results are here
                self._connection.close()

    def _start(self) -> None:
        """Start workers if there is no cluster; the thread that calls them places the shared values."""
        if self._connection is None:
            self._connection = self._connect()
            self._admission.await_first(lambda: self._admit(self.connection))
        self._calls = threading.Thread(target=self._call_regularly, name="fnnctl-cluster", daemon=True)
        self._calls.start()

    def _send_waiting(self) -> None:
        """Send waiting items as long as there are free threads."""
        while self._placed and self.connection.has_values():
            threads = {worker: count for worker, count in self._threads.items() if worker not in self._silent}
            item = self._items.next_to_send(threads, self._max_running)
            if item is None:
                return
            remote = RemoteItem(self._session, item.number, item.work, item.args)
            try:
                item.sent = self.connection.submit(item.worker, remote)
            except Exception as error:  # it cannot be pickled
                self._items.end(item, error=error)
            else:
                item.sent.add_done_callback(partial(self._receive, item, remote.number))

    def _receive(self, item: ClusterItem, number: int, sent: Future[RemoteResult[Any]]) -> None:
        """Take the result of a copy; if the cluster has lost it, the next call to the workers shows why."""
        if not self._items.is_running(item, number):  # the copy was dropped, or the item given up
            return
        if self.connection.is_lost(sent):
            item.lost = True
            self._wake.set()
            return
        if error := sent.exception():
            self._items.end(item, error=error)
        elif (result := sent.result()).abandoned:
            self._items.send_again(item)
        else:
            self._items.end(item, result=result)
        self._send_waiting()

    def _call_regularly(self) -> None:
        """Call all workers now and then until the executor is shut down; runs in a thread of its own."""
        failures = 0
        while not self._closing:
            try:
                self._call_workers(self.connection)
                self._send_waiting()
                failures = 0
            except Exception as error:
                failures += 1  # a worker may have died during the call; the next one leaves it out
                if isinstance(error, MachineError) or failures > MAX_FAILURES:
                    self._failure = error if self._stop_deadline is None else WorkerKilledError()
                    self._fail_all(self._failure)
                    return
            self._wake.wait(SECONDS_BETWEEN_CALLS + SECONDS_PER_WORKER * len(self._threads))
            self._wake.clear()

    def _call_workers(self, connection: Connection) -> None:
        """See which workers there are, and exchange progress with them."""
        alive = self._admit(connection)
        unfinished = self._items.running()
        dead = [item for item in unfinished if item.worker not in alive]
        for item in dead:
            self._items.end(item, error=WorkerKilledError())
            item.sent.cancel()  # else it would wait for a worker of this address
        awake = self._awake()
        if awake and not (self._placed and connection.has_values()):
            self._placed = connection.place(self._values, awake)
            self._send_waiting()  # at once, before the cluster deletes copies that nobody needs
        for item in unfinished:
            if item.lost and item not in dead:
                item.losses += 1
                if item.losses < MAX_ATTEMPTS:
                    self._items.send_again(item)
                else:
                    self._items.end(item, error=WorkerKilledError())
        self._items.forget_ended_copies(alive)
        now = time.monotonic()
        self._exchange_progress(connection, now)
        self._send_unreported_again(now)

    def _awake(self) -> Sequence[str]:
        """The workers that accept items and answer, without those of dropped copies."""
        return sorted(self._threads.keys() - self._silent.keys() - self._items.workers_of_dropped())

    def _exchange_progress(self, connection: Connection, now: float) -> None:
        """Learn how far the items are and which workers answer, and tell the workers what to stop.

        A call waits for silent workers. So those without an item are called only now and then.
        """
        busy = {item.worker for item in self._items.running()} | self._items.workers_of_dropped()
        recent = {worker for worker, called in self._silent.items() if now - called < SECONDS_TO_REPORT}
        workers = sorted(busy | (self._admission.admitted - recent))
        stop, dropped = self._stop_deadline is not None, self._items.dropped_copies()
        answers = connection.call(
            exchange_progress, self._session, stop=stop, dropped=dropped, workers=workers
        )
        counts = {worker: count for worker, count in answers.items() if isinstance(count, Mapping)}
        self._items.report(pair for count in counts.values() for pair in count.items())
        not_called = self._admission.admitted - set(workers)
        still_silent = {worker: called for worker, called in self._silent.items() if worker in not_called}
        self._silent = still_silent | {worker: now for worker in workers if worker not in counts}

    def _send_unreported_again(self, now: float) -> None:
        """Take items from workers that do not run them, as long as there is another one.

        `now` is when the workers were called last. They may not have been called for a long time before. A
        silent worker may have the only copy of the shared values, because the cluster deletes further copies
        while nobody needs them. So the values are placed again, also for items that wait for them.
        """
        running = self._items.running()
        for item in [item for item in running if now - item.reported > SECONDS_TO_REPORT]:
            if set(self._awake()) - {item.worker}:
                self._items.send_again(item, drops=True)
                self._admission.note_silent(item.worker, SECONDS_TO_REPORT)
            self._placed = self._placed and not self._silent
        if not self._placed:
            for item in reversed([item for item in self._items.running() if not item.has_begun]):
                self._items.send_again(item)
                item.sent.cancel()

    def _admit(self, connection: Connection) -> Mapping[str, int]:
        """Admit new workers, and forget those that have left; return all that live."""
        alive, accepting = connection.threads()
        new = self._admission.admit(connection.call, alive)
        if new:
            connection.call(join_session, self._session, workers=new)
            if self._placed:
                connection.spread(new)
        admitted = self._admission.admitted
        self._threads = {worker: count for worker, count in accepting.items() if worker in admitted}
        self._admission.note_accepting(self._threads)
        return alive

    def _fail_all(self, error: Exception) -> None:
        self._threads = {}
        self._items.fail_all(error)

"""The executor of clusters with a cluster in this process, whose workers are threads."""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import fnnctl
from fnnctl.errors import MachineError
from fnnctl.executors import admission, cluster, remote
from fnnctl.executors.admission import sources_digest
from fnnctl.executors.cluster import MAX_ATTEMPTS, ClusterExecutor
from fnnctl.executors.protocols import ClusterOptions, Poll, Warn, WorkerKilledError
from fnnctl.executors.remote import RemoteItem, RemoteResult, exchange_progress, leave_session, run_item
from fnnctl.executors.work import run_work
from fnnctl.messages import Message, sentences
from tests.executors import tasks
from tests.waiting import DEADLINE, await_true

Start = Callable[..., tuple["ToyConnection", ClusterExecutor]]


class ToyConnection:
    """Workers of one thread each, which the test adds, pauses, suspends and kills."""

    def __init__(self, *workers: str) -> None:
        self.alive = dict.fromkeys(workers, 1)
        self.paused: set[str] = set()
        self.holding: set[str] = set()
        """Workers that do not begin their items."""
        self.held: list[Future[RemoteResult[Any]]] = []
        self.suspended: set[str] = set()
        """Workers that answer no call."""
        self.suspended_by_values = ""
        """A worker that stops answering when the values are placed on it."""
        self.answers = threading.Event()
        """Whether the cluster answers."""
        self.answers.set()
        self.versions: dict[str, object] = {}
        self.digests: dict[str, object] = {}
        self.placed: list[list[str]] = []
        self.sent: list[tuple[str, int]] = []
        self.to_lose = 0
        """How many items are lost without being run."""
        self.exchanges = 0
        """How often all workers were called."""
        self.gone = self.closed = False
        self._pool = ThreadPoolExecutor(8)

    def threads(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        if self.gone:
            raise MachineError("the scheduler is gone")
        return self.alive, {each: count for each, count in self.alive.items() if each not in self.paused}

    def call(
        self, function: Callable[..., Any], *args: Any, workers: Sequence[str], **settings: Any
    ) -> Mapping[str, Any]:
        self.answers.wait()
        if function is pkgutil.resolve_name:
            return {each: self.versions.get(each, fnnctl.__version__) for each in workers}
        if function is sources_digest:
            return {each: self.digests.get(each, sources_digest()) for each in workers}
        if function is leave_session:  # all workers are this process
            return {}
        answering = [each for each in workers if each in self.alive and each not in self.suspended]
        answers = {each: function(*args, **settings) for each in answering}
        if function is exchange_progress:  # of the items of all workers
            self.exchanges += 1
            for worker, counts in answers.items():
                answers[worker] = {n: count for n, count in counts.items() if (worker, n) in self.sent}
        return answers

    def await_exchanges(self) -> None:
        """Wait until all workers were called again, so that what follows from a call has happened."""
        exchanges = self.exchanges
        await_true(lambda: self.exchanges > exchanges + 1)

    def place(self, values: Sequence[Any], workers: Sequence[str]) -> bool:
        self.placed.append(list(workers))
        if workers[0] == self.suspended_by_values:
            self.suspended.add(workers[0])
        if workers[0] in self.suspended:
            return False
        self._values = values
        return True

    def spread(self, workers: Sequence[str]) -> None:
        self.placed.append(list(workers))

    def has_values(self) -> bool:
        return True

    def submit(self, worker: str, item: RemoteItem[Any]) -> Future[RemoteResult[Any]]:
        self.sent.append((worker, item.number))
        if self.to_lose:
            self.to_lose -= 1
            lost: Future[RemoteResult[Any]] = Future()
            lost.cancel()
            return lost
        if worker in self.holding:
            self.held.append(Future())
            return self.held[-1]
        return self._pool.submit(run_item, item, *self._values)

    def is_lost(self, sent: Future[RemoteResult[Any]]) -> bool:
        return sent.cancelled()

    def close(self) -> None:
        for session in [*remote._coordinators]:  # also threads of workers that are said to be dead
            remote.exchange_progress(session, stop=True)
            leave_session(session)
        self._pool.shutdown()
        self.closed = True


@pytest.fixture
def start() -> Iterator[Start]:
    """Makes a connection to workers and its executor, which is shut down at the end of the test, too."""
    executors: list[ClusterExecutor] = []

    def started(
        *workers: str, poll: Poll = tasks.never, warn: Warn = print, **state: Any
    ) -> tuple[ToyConnection, ClusterExecutor]:
        connection = ToyConnection(*workers)
        for name, value in state.items():
            setattr(connection, name, value)
        executors.append(ClusterExecutor(lambda: connection, 100, poll, ClusterOptions("toy", warn)))
        return connection, executors[-1]

    yield started
    for executor in executors:
        executor.shutdown()


impatient = pytest.mark.usefixtures("_impatient")


def test_a_thread_has_one_item_at_a_time_and_the_rest_waits_here(start: Start) -> None:
    connection, executor = start("a", "b")
    futures = [executor.submit(tasks.until_stopped, number) for number in range(5)]
    await_true(lambda: sorted(connection.sent) == [("a", 1), ("b", 2)])
    assert [future.running() for future in futures] == [True, True, False, False, False]
    assert [future.cancel() for future in futures] == [False, False, True, True, True]
    executor.shutdown()
    assert [future.result() for future in futures[:2]] == [0, 1]
    assert connection.closed


def test_a_worker_that_joins_gets_values_and_items_and_a_paused_one_none(start: Start) -> None:
    connection, executor = start("a", "b", paused={"a"})
    value = executor.share(7)
    assert executor.workers == 1
    blocking = [executor.submit(tasks.until_stopped, 1), executor.submit(tasks.until_stopped, 2)]
    connection.alive = {"a": 1, "b": 1, "c": 2}
    await_true(lambda: executor.workers == 3)
    assert executor.submit(tasks.times, value, 2).result(DEADLINE) == 14
    assert {worker for worker, _ in connection.sent} == {"b", "c"}
    assert connection.placed == [["b"], ["c"]]
    executor.shutdown()
    assert [future.result() for future in blocking] == [1, 2]


def test_items_of_a_dead_worker_have_been_killed_and_others_go_on(start: Start) -> None:
    connection, executor = start("a", "b")
    one, two = executor.submit(tasks.until_stopped, 1), executor.submit(tasks.until_stopped, 2)
    connection.alive = {"b": 1}
    with pytest.raises(WorkerKilledError):
        one.result(DEADLINE)
    assert executor.workers == 1
    assert not two.done()
    executor.shutdown()
    assert two.result() == 2


def test_progress_never_falls_although_a_worker_dies(start: Start) -> None:
    counts: list[int] = []

    def poll(done: int) -> bool:
        counts.append(done)
        return False

    connection, executor = start("a", "b", poll=poll)
    future = executor.submit(tasks.until_stopped, 1)
    await_true(lambda: executor.poll() or counts[-1] == 1)
    connection.alive = {"b": 1}
    assert isinstance(future.exception(DEADLINE), WorkerKilledError)
    executor.poll()
    assert executor.submit(tasks.times, 3, 4).result(DEADLINE) == 12
    executor.poll()
    executor.shutdown()
    assert counts == sorted(counts)
    assert counts[-1] == 5


def test_what_a_living_worker_loses_is_sent_again(start: Start) -> None:
    connection, executor = start("a", "b", to_lose=MAX_ATTEMPTS - 1)
    assert executor.submit(tasks.times, 3, 4).result(DEADLINE) == 12
    assert len(connection.sent) == MAX_ATTEMPTS
    connection.to_lose = MAX_ATTEMPTS
    with pytest.raises(WorkerKilledError):
        executor.submit(tasks.times, 3, 4).result(DEADLINE)


def test_what_a_silent_coordinator_stopped_is_sent_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "LEASE", -1.0)
    connection, executor = start("a")
    future = executor.submit(tasks.until_stopped, 3)
    await_true(lambda: len(connection.sent) > 2)
    assert not future.done()
    monkeypatch.undo()
    executor.shutdown()
    assert future.result(DEADLINE) == 3


def test_a_lost_connection_fails_all_items(start: Start) -> None:
    connection, executor = start("a")
    futures = [executor.submit(tasks.until_stopped, number) for number in range(2)]
    connection.gone = True
    for future in futures:
        with pytest.raises(MachineError, match="scheduler is gone"):
            future.result(DEADLINE)
    with pytest.raises(MachineError, match="scheduler is gone"):
        executor.submit(tasks.times, 1, 2).result(DEADLINE)


OTHER_CODE = (
    f"its fnnctl {fnnctl.__version__} has other code; install the same there, and start the worker again"
)
NOT_INSTALLED = f"fnnctl is not installed there; install fnnctl {fnnctl.__version__}"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"versions": {"a": "0.0.9"}}, f"it has fnnctl 0.0.9, not {fnnctl.__version__}"),
        ({"versions": {"a": ModuleNotFoundError("fnnctl")}}, NOT_INSTALLED),
        ({"versions": {"a": ValueError("damaged")}}, "ValueError: damaged"),
        ({"digests": {"a": "0" * 64}}, OTHER_CODE),
        ({"digests": {"a": AttributeError("no attribute 'sources_digest'")}}, OTHER_CODE),
    ],
    ids=["version", "not installed", "damaged", "code", "old code"],
)
def test_a_worker_that_differs_gets_no_work(start: Start, answers: dict[str, object], reason: str) -> None:
    notes: list[Message] = []
    connection, executor = start("a", "b", warn=notes.append, **answers)
    assert executor.workers == 1
    assert dict(run_work(executor, tasks.times, [(2, 3), (2, 4), (2, 5)])) == {0: 6, 1: 8, 2: 10}
    assert {worker for worker, _ in connection.sent} == {"b"}
    assert sentences(notes) == [f"worker a gets no work: {reason}"]


def test_the_digest_is_that_of_names_and_contents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def digest(folder: str, files: Mapping[str, str]) -> str:
        for name, content in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        monkeypatch.setattr(admission, "__file__", str(tmp_path / folder / "executors" / "admission.py"))
        return sources_digest.__wrapped__()

    files = {"__init__.py": "x = 1\n", "nn/__init__.py": "", "nn/a.py": "y = 2\n"}
    first = digest("first", files)
    assert digest("same", {**files, "nn/a.cpython-311.pyc": "compiled"}) == first
    assert digest("changed", {**files, "nn/a.py": "y = 3\n"}) != first
    assert digest("renamed", {**dict(list(files.items())[:2]), "nn/b.py": "y = 2\n"}) != first


@impatient
def test_an_item_that_does_not_begin_goes_to_another_worker(start: Start) -> None:
    """The first copy keeps its worker busy; when it ends after all, its result is dropped."""
    messages: list[Message] = []
    connection, executor = start("a", "b", holding={"a"}, warn=messages.append)
    items = [(3, number) for number in range(6)]
    assert dict(run_work(executor, tasks.times, items)) == {number: 3 * number for number in range(6)}
    assert [worker for worker, _ in connection.sent].count("a") == 1
    (note,) = sentences(messages)
    assert note.startswith(
        "worker a has not worked on its item for 0 seconds (it is paused, suspended or busy): "
    )
    connection.holding.clear()
    connection.held[0].set_result(RemoteResult(99, 1, abandoned=False))
    blocking = [executor.submit(tasks.until_stopped, number) for number in range(2)]
    await_true(lambda: [worker for worker, _ in connection.sent].count("a") == 2)
    executor.shutdown()
    assert [future.result() for future in blocking] == [0, 1]


def test_an_item_that_does_not_begin_waits_for_a_worker(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS_TO_REPORT", 0.0)
    connection, executor = start("a", holding={"a"})
    future = executor.submit(tasks.times, 3, 4)
    await_true(lambda: connection.sent == [("a", 1)])
    connection.await_exchanges()
    assert connection.sent == [("a", 1)]
    connection.alive = {"a": 1, "b": 1}
    assert future.result(DEADLINE) == 12


@impatient
def test_the_item_of_a_suspended_worker_goes_to_another_one(start: Start) -> None:
    """When the worker goes on, it is told to end its copy early."""
    connection, executor = start("a", "b")
    future = executor.submit(tasks.until_stopped, 7)
    await_true(lambda: connection.sent == [("a", 1)])
    connection.suspended = {"a"}
    await_true(lambda: connection.sent == [("a", 1), ("b", 2)])
    connection.suspended.clear()
    (session,) = remote._coordinators.values()
    await_true(lambda: [*session.items] == [2])
    assert not future.done()
    assert executor.submit(tasks.times, 3, 4).result(DEADLINE) == 12
    executor.shutdown()
    assert future.result() == 7


@impatient
def test_an_idle_suspended_worker_blocks_nothing(start: Start) -> None:
    """The values are placed on the only worker that answers, and no item is sent to the other one."""
    connection, executor = start("a", "b", "c")
    future = executor.submit(tasks.until_stopped, 7)
    await_true(lambda: connection.sent == [("a", 1)])
    connection.suspended = {"a", "b"}
    await_true(lambda: connection.sent == [("a", 1), ("c", 2)])
    assert connection.placed == [["a", "b", "c"], ["c"]]
    more = executor.submit(tasks.times, 3, 4)
    connection.await_exchanges()
    assert len(connection.sent) == 2
    connection.suspended.clear()
    assert more.result(DEADLINE) == 12
    executor.shutdown()
    assert future.result() == 7


def test_values_go_to_another_worker_if_the_first_one_stops_answering(start: Start) -> None:
    connection, executor = start("a", "b", suspended_by_values="a")
    assert executor.submit(tasks.times, 3, 4).result(DEADLINE) == 12
    assert connection.placed == [["a", "b"], ["b"]]
    assert connection.sent == [("b", 1)]


@impatient
def test_copies_that_are_withdrawn_are_no_losses(start: Start) -> None:
    """An item that waits for values, because worker a is silent, is sent as often as they are placed."""
    connection, executor = start("a", "b", holding={"a", "b"})
    connection.suspended = {"a"}
    future = executor.submit(tasks.times, 3, 4)
    await_true(lambda: len(connection.sent) > MAX_ATTEMPTS + 2)
    assert {worker for worker, _ in connection.sent[2:]} == {"b"}
    assert not future.done()
    connection.holding.clear()
    assert future.result(DEADLINE) == 12


def test_a_connection_that_cannot_be_ended_is_no_error(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, executor = start("a")
    assert executor.submit(tasks.times, 3, 4).result(DEADLINE) == 12
    connection.close()

    def fail() -> None:
        raise RuntimeError("it has been closed")

    monkeypatch.setattr(connection, "close", fail)
    executor.shutdown()


@impatient
def test_a_dead_workers_copy_is_forgotten(start: Start) -> None:
    connection, executor = start("a", "b", holding={"a"})
    assert executor.submit(tasks.times, 3, 4).result(DEADLINE) == 12
    connection.alive = {"b": 1}
    await_true(connection.held[0].cancelled)


def test_workers_that_are_all_paused_are_told_of(start: Start) -> None:
    messages: list[Message] = []
    _, executor = start("a", "b", paused={"a", "b"}, warn=messages.append)
    executor.submit(tasks.times, 3, 4)
    await_true(lambda: executor.poll() or messages)
    assert sentences(messages) == ["every worker is paused, most likely because its memory is full: waiting"]


@pytest.mark.parametrize("trouble", ["holding", "suspended", "gone", "silent"])
def test_a_stop_ends_work_whatever_the_cluster_does(
    start: Start, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The items that do not stop give no result, not even that of one that kills its worker twice."""
    monkeypatch.setattr(cluster, "SECONDS_TO_STOP", 0.3)
    monkeypatch.setattr(cluster, "SECONDS_TO_CLOSE", 0.3)

    def poll(done: int) -> bool:
        if len(connection.held) < 2:
            return False
        if trouble == "suspended":
            connection.suspended = {"a", "b"}
        if trouble == "silent":
            connection.answers.clear()
        connection.gone = trouble == "gone"
        return True

    connection, executor = start("a", "b", poll=poll, holding={"a", "b"})
    items = [(number,) for number in range(5)]
    assert dict(run_work(executor, tasks.until_stopped, items, on_killed=lambda index, error: -1)) == {}
    executor.shutdown()
    connection.answers.set()
    for thread in threading.enumerate():  # a second thread would disturb later tests, which fork
        if thread.name.startswith("fnnctl-"):
            thread.join(DEADLINE)
            assert not thread.is_alive()

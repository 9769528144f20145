"""How worker processes begin, and what they have of the process that they come from."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_byte, c_longlong
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from typing import IO, Any

import pytest

from fnnctl.blas import blas_threads, set_blas_threads
from fnnctl.errors import MachineError, is_out_of_memory
from fnnctl.executors import processes
from fnnctl.executors.protocols import WorkerKilledError
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.forks import keep_from_forks
from fnnctl.store.lock import hold_lock, is_held, release
from tests.executors import tasks
from tests.waiting import DEADLINE, await_true

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")


def own_workers() -> list[Any]:
    """The processes that are alive, without those that joblib keeps after scikit-learn's tests."""
    children = multiprocessing.active_children()
    return [child for child in children if not type(child).__module__.startswith("joblib.")]


@pytest.fixture(params=["fork", "forkserver"])
def method(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(processes, "can_fork", lambda: request.param == "fork")
    own: str = request.param
    return own


def test_a_killed_workers_item_is_done_again_in_every_list(method: str, tmp_path: Path) -> None:
    """The worker that is left of a list is killed by the first item of the next one."""
    with make_executor("processes", workers=3, poll=tasks.never) as executor:
        folder = executor.share(str(tmp_path))
        for _ in range(2):
            (tmp_path / "killed").unlink(missing_ok=True)
            assert dict(run_work(executor, tasks.killed_once, [(folder, 0)])) == {0: 0}
            items = ((folder, number) for number in (1, 2, 3))
            assert dict(run_work(executor, tasks.killed_once, items)) == {0: 1, 1: 2, 2: 3}
            assert (tmp_path / "killed").exists()
    assert not own_workers()


def test_a_worker_has_one_blas_thread_and_no_ear_for_signals(method: str) -> None:
    before = dict(os.environ)
    with make_executor("processes", workers=1, poll=tasks.never) as executor:
        assert executor.submit(tasks.surroundings).result() == (1, "1", True, True, True)
    assert dict(os.environ) == before
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM}


def test_the_blas_of_a_forked_worker_starts_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would keep a processor busy for a while. The second thread is what watches the parent."""
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    before = blas_threads()
    set_blas_threads(2)
    try:
        with make_executor("processes", workers=1, poll=tasks.never) as executor:
            assert executor.submit(tasks.system_threads).result() == 2
        assert blas_threads() == 2
    finally:
        set_blas_threads(before or 1)


def test_a_fork_does_not_hold_its_parents_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else a run that was killed would seem alive until its last worker has ended."""
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    lock = hold_lock(tmp_path / "lock")
    with make_executor("processes", workers=1, poll=tasks.never) as executor:
        assert executor.submit(tasks.times, 2, 3).result() == 6
        assert is_held(tmp_path / "lock")
        release(lock)
        assert not is_held(tmp_path / "lock")
        assert executor.submit(tasks.times, 2, 4).result() == 8


def parent_of(script: str) -> tuple[subprocess.Popen[str], IO[str]]:
    """A process that runs a script, and what it says."""
    pipe = subprocess.PIPE
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True)
    if parent.stdout is None:
        raise RuntimeError("no pipe")
    return parent, parent.stdout


def test_forked_workers_end_with_their_parent() -> None:
    """All of them, although a later one holds what tells an earlier one of the parent's end."""
    parent, output = parent_of(
        "from fnnctl.executors.registry import make_executor; from tests.executors import tasks\n"
        "from fnnctl.executors.processes import can_fork; assert can_fork()\n"
        "with make_executor('processes', workers=3, poll=tasks.never) as executor:\n"
        "    [each.result() for each in [executor.submit(tasks.tell_and_wait) for _ in range(3)]]\n"
    )
    assert len({output.readline() for _ in range(3)}) == 3
    parent.kill()
    parent.communicate(timeout=DEADLINE)  # which ends once the last one that could write has


def test_a_refused_start_closes_both_ends_of_its_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    context = multiprocessing.get_context("fork")
    ends = context.Pipe()
    monkeypatch.setattr(context, "Pipe", lambda: ends)
    monkeypatch.setattr(os, "fork", refuse)
    progress = processes.ProcessProgress(RawArray(c_longlong, 1), RawValue(c_byte))
    process = processes.WorkerProcess((), progress)
    with pytest.raises(MachineError, match="cannot start more workers"):
        process.start(context)
    assert not process.is_started
    assert [end.closed for end in ends] == [True, True]


def test_workers_that_may_start_no_thread_do_their_items_and_end_with_their_parent() -> None:
    parent, output = parent_of(
        "import os, signal, threading; from tests.executors import tasks\n"
        "from fnnctl.executors.registry import make_executor\n"
        "start, parent = threading.Thread.start, os.getpid()\n"
        "def refuse(thread):\n"
        "    if os.getpid() != parent: raise RuntimeError('no thread')\n"
        "    start(thread)\n"
        "threading.Thread.start = refuse\n"
        "with make_executor('processes', workers=2, poll=tasks.never) as executor:\n"
        "    print(executor.submit(tasks.times, 2, 3).result(), flush=True)\n"
        "    signal.pause()\n"
    )
    assert output.readline() == "6\n"
    parent.kill()
    assert parent.communicate(timeout=DEADLINE) == ("", "")  # which ends once the workers have


def test_workers_that_die_in_start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their value is one that none of them can read."""
    monkeypatch.setattr(processes, "can_fork", lambda: False)
    with make_executor("processes", workers=2, poll=tasks.never) as executor:
        value = executor.share(tasks.Unreadable())
        with pytest.raises(MachineError, match="killed twice"):
            list(run_work(executor, tasks.process, [(value,), (value,), (value,)]))


def test_processes_that_do_not_stop_in_time_are_killed(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their items give no result, and do not count as what kills its worker twice."""
    monkeypatch.setattr(processes, "SECONDS_TO_STOP", 0.2)
    threads = threading.active_count()
    with make_executor("processes", workers=2, poll=lambda done: done >= 2) as executor:
        items = [(number,) for number in range(4)]
        assert dict(run_work(executor, tasks.suspended, items, on_killed=lambda index, error: -1)) == {}
    assert not own_workers()
    assert threading.active_count() == threads


def test_an_idle_process_that_is_suspended_delays_the_end_no_longer(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SECONDS_TO_STOP", 0.2)
    with make_executor("processes", workers=1, poll=tasks.never) as executor:
        _, pid = executor.submit(tasks.process, 1).result()
        os.kill(pid, signal.SIGSTOP)
    assert not own_workers()


def test_a_signal_while_workers_end_kills_them(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They ignore signals, and the program would wait for them at its exit."""

    def interrupted(*_: object, **settings: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def leave_them_at_work() -> None:
        with make_executor("processes", workers=2, poll=lambda done: done >= 2) as executor:
            for number in range(2):
                executor.submit(tasks.suspended, number)
            await_true(executor.poll)  # both have begun
            monkeypatch.setattr(ThreadPoolExecutor, "shutdown", interrupted)

    monkeypatch.setattr(processes, "SECONDS_TO_STOP", 10 * DEADLINE)  # so that nothing else kills them
    with pytest.raises(KeyboardInterrupt):
        leave_them_at_work()
    # Not by join: the executor's threads wait for the same processes, and one of the two is told too late.
    await_true(lambda: not own_workers())


def test_a_forked_worker_has_no_end_of_its_parents_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither side of a pipe would notice the end of the other."""
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    pipes: list[Any] = []

    def keep(end: Any) -> None:
        pipes.append(end)
        keep_from_forks(end)

    monkeypatch.setattr(processes, "keep_from_forks", keep)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", 0) as ours, os.fdopen(writing, "wb", 0) as also_ours:
        keep_from_forks(ours)
        keep_from_forks(also_ours)
        with make_executor("processes", workers=3, poll=tasks.never) as executor:
            held = [executor.submit(tasks.open_files).result() for _ in range(3)]
            own = {os.fstat(end.fileno()).st_ino for end in (*pipes, ours, also_ours)}
        assert len(own) == 4, "three sockets, and both ends of a pipe"
    assert [files & own for files in held] == [set()] * 3


def test_a_result_without_memory_ends_its_process(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the message is still in the pipe, where the worker waits for its reader."""

    def receive_a_part(connection: Connection) -> Any:
        if connection.recv() and not failures:
            failures.append(MemoryError())
            raise failures[0]
        pytest.fail("a process goes on with half a message")

    failures: list[MemoryError] = []
    with make_executor("processes", workers=1, poll=tasks.never) as executor:
        assert executor.submit(tasks.times, 2, 3).result() == 6
        with monkeypatch.context() as patch:  # in this process alone
            patch.setattr(processes, "receive_message", receive_a_part)
            with pytest.raises(MemoryError):
                executor.submit(tasks.large_array).result()
        assert executor.submit(tasks.times, 2, 3).result() == 6
    assert not own_workers()


@pytest.mark.parametrize("work", [tasks.lacks_memory, tasks.hides_that_memory_lacks])
def test_a_worker_without_memory_says_so(method: str, work: Any) -> None:
    with make_executor("processes", workers=1, poll=tasks.never) as executor:
        with pytest.raises(WorkerKilledError) as killed:
            executor.submit(work).result()
        assert is_out_of_memory(killed.value)
        with pytest.raises(WorkerKilledError, match="killed twice") as killed:
            list(run_work(executor, work, [()]))
        assert is_out_of_memory(killed.value)


@pytest.mark.parametrize("kills", [0, 1])
def test_a_worker_that_the_system_kills_for_its_memory(
    method: str, kills: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = [0, kills]  # before and after
    monkeypatch.setattr(processes, "memory_kills", lambda: counts.pop(0))
    with (
        make_executor("processes", workers=1, poll=tasks.never) as executor,
        pytest.raises(WorkerKilledError) as killed,
    ):
        executor.submit(tasks.killed, 1).result()
    assert is_out_of_memory(killed.value) == bool(kills)


def test_descriptors_are_closed_when_the_executor_ends(method: str) -> None:
    """Not only when garbage is collected; but the fork server stays."""

    def use() -> int:
        with make_executor("processes", workers=2, poll=tasks.never) as executor:
            assert executor.submit(tasks.times, 2, 3).result() == 6
        return len(list(Path("/proc/self/fd").iterdir()))

    gc.collect()
    gc.disable()
    try:
        assert use() == use()
    finally:
        gc.enable()

"""If the system cannot start workers, this process does the work and notes it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from fnnctl.executors import processes
from fnnctl.executors.protocols import WorkersRefusedError
from fnnctl.executors.registry import ExecutorKind, make_executor
from fnnctl.executors.work import run_work
from fnnctl.messages import Message, sentences
from tests.executors import tasks
from tests.waiting import DEADLINE

linux = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")


def no_more() -> BlockingIOError:
    return BlockingIOError(11, "Resource temporarily unavailable")


def failing_at_second_call(
    function: Callable[..., Any], error: Callable[[], BaseException]
) -> Callable[..., Any]:
    """Raises a new error each time: one that is kept would keep what it came through."""
    calls = count(1)

    def call(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise error()
        return function(*arguments)

    return call


def no_shared_memory(monkeypatch: pytest.MonkeyPatch) -> str:
    def refuse(*arguments: object) -> None:
        raise OSError(30, "Read-only file system", "/dev/shm/pym-1")

    monkeypatch.setattr(processes, "RawArray", refuse)
    return "Read-only file system in /dev/shm"


def no_second_fork(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    monkeypatch.setattr(os, "fork", failing_at_second_call(os.fork, no_more))
    return "Resource temporarily unavailable"


def no_server(monkeypatch: pytest.MonkeyPatch) -> str:
    def refuse(*arguments: object) -> None:
        raise no_more()

    monkeypatch.setattr(processes, "can_fork", lambda: False)
    monkeypatch.setattr("multiprocessing.popen_forkserver.Popen._launch", refuse)
    return "Resource temporarily unavailable"


def no_second_thread(monkeypatch: pytest.MonkeyPatch) -> str:
    start = failing_at_second_call(threading.Thread.start, lambda: RuntimeError("can't start new thread"))
    monkeypatch.setattr(threading.Thread, "start", start)
    return "can't start new thread"


Refusal = Callable[[pytest.MonkeyPatch], str]
REFUSALS: list[tuple[ExecutorKind, Refusal]] = [
    ("processes", no_shared_memory),
    ("processes", no_second_fork),
    ("processes", no_server),
    ("processes", no_second_thread),
    ("threads", no_second_thread),
]


@linux
@pytest.mark.parametrize(("kind", "refusal"), REFUSALS)
def test_this_process_does_the_work(
    monkeypatch: pytest.MonkeyPatch, kind: ExecutorKind, refusal: Refusal
) -> None:
    """Without anybody to tell of it, it is a failure."""
    messages: list[Message] = []
    counts: list[int] = []

    def poll(done: int) -> bool:
        counts.append(done)
        return False

    threads = threading.active_count()  # others may have started one before
    with monkeypatch.context() as patch:
        reason = refusal(patch)
        with make_executor(kind, workers=3, poll=poll, warn=messages.append) as executor:
            shared = executor.share(7)
            items = [(shared, number) for number in (4, 1, 3)]
            assert dict(run_work(executor, tasks.times, items)) == {0: 28, 1: 7, 2: 21}
            assert executor.workers == 1
            assert dict(run_work(executor, tasks.times, items[:1])) == {0: 28}
            assert threading.active_count() == threads
    assert counts[-1] == 12
    text = "all work runs in this process instead, with the same results"
    assert sentences(messages) == [f"the system cannot start more workers: {reason}; {text}"]
    refusal(monkeypatch)
    with (
        pytest.raises(WorkersRefusedError, match=f"cannot start more workers: {reason}"),
        make_executor(kind, workers=3, poll=tasks.never) as executor,
    ):
        executor.submit(tasks.times, 2, 3)
    assert not multiprocessing.active_children()


@linux
@pytest.mark.parametrize("limit", [12, 16])
def test_few_descriptors_start_no_workers_and_all_are_left(limit: int) -> None:
    """For 12 a first worker would start, and leave too few for the rest of the program."""
    script = (
        "import os, resource; from fnnctl.executors.registry import make_executor\n"
        "from fnnctl.executors.work import run_work; from tests.executors import tasks\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))\n"
        "before = os.listdir('/proc/self/fd')\n"
        "with make_executor('processes', workers=2, poll=lambda done: False, warn=print) as executor:\n"
        "    print(dict(run_work(executor, tasks.times, [(2, 3), (2, 4)])))\n"
        "    print(before == os.listdir('/proc/self/fd'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    note, results, all_left = done.stdout.splitlines()
    assert note.startswith("the system cannot start more workers: Too many open files; all work runs in")
    assert (results, all_left, done.stderr) == ("{0: 6, 1: 8}", "True", "")


@linux
def test_a_signal_while_threads_start_leaves_none_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait forever would block the end of the program."""
    before = threading.enumerate()
    start = failing_at_second_call(threading.Thread.start, KeyboardInterrupt)
    monkeypatch.setattr(threading.Thread, "start", start)
    with suppress(KeyboardInterrupt), make_executor("threads", workers=3, poll=tasks.never) as executor:
        executor.submit(tasks.times, 2, 3)
    for thread in {*threading.enumerate()} - {*before}:
        thread.join(DEADLINE)
    assert threading.active_count() == len(before)

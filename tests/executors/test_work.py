"""Items whose worker is killed, what is sent, and what cannot be; `contracts` has what all executors do."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.errors import MachineError
from fnnctl.executors import processes
from fnnctl.executors.processes import Message, receive_message
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from tests.executors import tasks


def results(work: Callable[..., Any], *items: tuple[Any, ...]) -> dict[int, Any]:
    with make_executor("processes", workers=2, poll=tasks.never) as executor:
        return dict(run_work(executor, work, items))


def test_what_cannot_be_sent_is_a_failure() -> None:
    with pytest.raises(AttributeError, match="gives_a_lambda"):
        results(tasks.gives_a_lambda, ())
    with pytest.raises((TypeError, tasks.StubbornError)):  # itself once Dask is imported: it teaches pickle
        results(tasks.fails_stubbornly, ())
    with pytest.raises(Exception, match=r"pickle|local object"):  # in the words of the Python
        results(tasks.times, (lambda: None, 3))


def test_processes_work_side_by_side_and_not_here(tmp_path: Path) -> None:
    done = results(tasks.meet, (str(tmp_path), 1, 2), (str(tmp_path), 2, 2)).values()
    assert len({os.getpid(), *done}) == 3


def test_a_killed_workers_item_is_done_again_alone(tmp_path: Path) -> None:
    done = results(tasks.killed_in_company, *[(str(tmp_path), number) for number in range(5)])
    assert done.keys() == set(range(5))
    assert done[1] == 0
    assert any(done.values())


def test_twice_killed_may_have_a_result() -> None:
    """Otherwise it is a failure of the machine."""
    with make_executor("processes", workers=2, poll=tasks.never) as executor:
        items = [(number,) for number in range(3)]
        done = dict(run_work(executor, tasks.killed, items, on_killed=lambda index, error: -index))
        assert done == {0: 0, 1: -1, 2: -2}
        with pytest.raises(MachineError, match="killed twice"):
            list(run_work(executor, tasks.killed, [(0,)]))


@pytest.mark.parametrize(
    ("platform", "threads", "libraries", "can_fork"),
    [
        ("linux", 1, {"no_such_library"}, True),
        ("linux", 1, {"no_such_library", "fnnctl"}, False),
        ("linux", 2, set(), False),
        ("darwin", 1, set(), False),
    ],
)
def test_a_second_thread_or_a_library_with_threads_forbids_a_fork(
    monkeypatch: pytest.MonkeyPatch, platform: str, threads: int, libraries: set[str], can_fork: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    monkeypatch.setattr(processes, "THREADED", libraries)
    assert processes.can_fork() == can_fork


def test_messages_arrive_in_order_and_arrays_as_they_are() -> None:
    """Arrays can be written to. A thread sends, because a pipe holds only some kilobytes."""
    arrays: dict[str, np.ndarray] = {
        "large": np.arange(100_000, dtype=np.float32).reshape(100, 1000),
        "empty": np.zeros((0, 3)),
        "scalar": np.array(2.5),
        "strided": np.arange(20.0)[::2],
        "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    sent = (None, ("done", arrays, None), "text")
    here, there = Pipe()
    with here, there, ThreadPoolExecutor(1) as sender:
        for message in sent:
            sender.submit(Message.of(message).send, there)
        nothing, (kind, received, _), text = (receive_message(here) for _ in sent)
    assert (nothing, kind, text) == (None, "done", "text")
    for name, array in arrays.items():
        assert received[name].dtype == array.dtype
        np.testing.assert_array_equal(received[name], array)
    received["large"][0, 0] = 7.0


def test_a_closed_end_is_an_error() -> None:
    here, there = Pipe()
    there.close()
    with pytest.raises(EOFError):
        receive_message(here)
    with pytest.raises(OSError, match="Broken pipe"):
        Message.of(np.ones(10)).send(here)

"""One suite for every executor: whoever does the work, the results are the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from fnnctl.errors import MachineError
from fnnctl.executors.running import ExecutorKind, Workers, run_tasks
from tests.executors import tasks

KINDS = get_args(ExecutorKind)


def results(
    work: Callable[..., Any],
    shared: Any,
    of: list[int],
    kind: ExecutorKind,
    workers: int = 2,
    look_up: Callable[[int], bool] = lambda done: False,
) -> dict[int, Any]:
    return dict(run_tasks(work, shared, of, kind=kind, workers=workers, look_up=look_up))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [1, 3])
def test_each_task_is_done_once(kind: ExecutorKind, workers: int) -> None:
    assert results(tasks.times, 7, [4, 1, 3, 1], kind, workers) == {0: 28, 1: 7, 2: 21, 3: 7}
    assert results(tasks.times, 7, [], kind, workers) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_asked_to_stop(kind: ExecutorKind) -> None:
    """As soon as the work has told that it is under way; what was not begun ends at once, too."""
    assert results(tasks.until_stopped, None, [5, 6, 7], kind, look_up=lambda done: done > 0) == {
        0: 5,
        1: 6,
        2: 7,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_goes_on_its_way(kind: ExecutorKind) -> None:
    with pytest.raises(ZeroDivisionError, match="3"):
        results(tasks.fails, None, [3], kind)


def test_processes_work_side_by_side_and_not_here() -> None:
    done = results(tasks.process, None, [1, 2], "processes").values()
    assert {task for task, _ in done} == {1, 2}
    assert len({number for _, number in done}) == 2
    assert os.getpid() not in {number for _, number in done}


def test_a_process_has_one_blas_thread_and_the_environment_stays() -> None:
    before = dict(os.environ)
    assert results(tasks.threads_of_blas, None, [1], "processes") == {0: "1"}
    assert dict(os.environ) == before


def test_a_killed_workers_tasks_are_done_again(tmp_path: Path) -> None:
    assert results(tasks.killed_once, str(tmp_path), [0, 1, 2], "processes") == {0: 0, 1: 1, 2: 2}
    assert (tmp_path / "killed").exists()


def test_a_worker_that_dies_while_another_starts(tmp_path: Path) -> None:
    """The one that was there is killed by the first task, just when a process for the second is started."""
    with Workers(tasks.killed_once, str(tmp_path), kind="processes", workers=3) as crew:
        for _ in range(3):
            (tmp_path / "killed").unlink(missing_ok=True)
            assert dict(crew.run([0], look_up=lambda done: False)) == {0: 0}
            assert dict(crew.run([1, 2, 3], look_up=lambda done: False)) == {0: 1, 1: 2, 2: 3}
            assert (tmp_path / "killed").exists()


def test_twice_killed_is_a_failure_of_the_machine() -> None:
    with pytest.raises(MachineError, match="killed, twice"):
        results(tasks.killed, None, [0], "processes")


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_of_the_waiting_thread_ends_the_work(kind: ExecutorKind) -> None:
    def interrupted(done: int) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        results(tasks.until_stopped, None, [1, 2, 3], kind, look_up=interrupted)

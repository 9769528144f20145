"""Work items whose worker is killed, and what cannot be sent; `contracts` has what all executors do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import MachineError
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
    with pytest.raises(Exception, match="pickle"):
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

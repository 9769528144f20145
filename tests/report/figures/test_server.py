"""The figures of one run, drawn by several processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.errors import MachineError
from fnnctl.report.figures import server
from fnnctl.report.figures.drawing import draw_figures
from fnnctl.report.figures.server import MAX_PROCESSES, draw_in_parallel
from fnnctl.store.run import OpenRun
from tests.figures import figures_by_records
from tests.report.figures.conftest import taken
from tests.waiting import await_true


@pytest.fixture
def run(measured_run: Callable[..., OpenRun]) -> OpenRun:
    return measured_run(few=True)


@pytest.fixture(params=[1, 2, 32])
def processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(server, "usable_processors", lambda: request.param)
    count: int = request.param
    return count


def test_each_figure_is_drawn_once(
    measured_run: Callable[..., OpenRun], processors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = measured_run(few=processors < 32)
    forks, fork = list[int](), os.fork

    def counted_fork() -> int:
        forks.append(fork())
        return forks[-1]

    monkeypatch.setattr(os, "fork", counted_fork)
    draw_figures(run)
    expected = taken(run)
    log = run.path / "drawn"
    log.touch()

    def note() -> None:  # from both processes
        with log.open("a") as file:
            file.write(f"{os.getpid()}\n")

    draw_in_parallel([run], before_each=note)
    assert taken(run) == expected
    drawers = log.read_text().split()
    assert len(drawers) == len(expected)
    assert str(os.getpid()) in drawers
    assert len(forks) == min(processors, MAX_PROCESSES) - 1
    assert {int(drawer) for drawer in drawers} <= {os.getpid(), *forks}  # some may have come too late


@pytest.mark.usefixtures("processors")
def test_a_figure_that_cannot_be_written_is_an_error(run: OpenRun) -> None:
    for name in figures_by_records(run.path):
        (run.path / name).mkdir()
    with pytest.raises(MachineError, match=r"\.png cannot be written"):
        draw_in_parallel([run])


def test_a_failure_of_the_other_process_is_an_error(
    run: OpenRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "usable_processors", lambda: 2)
    here, mark = os.getpid(), tmp_path / "mark"

    def fail_elsewhere() -> None:
        if os.getpid() != here:
            mark.touch()
            raise OSError
        await_true(mark.exists)  # otherwise all might be drawn before the other process is ready

    with pytest.raises(ChildProcessError):
        draw_in_parallel([run], before_each=fail_elsewhere)


def test_a_run_without_numbers_has_no_figures(start_run: Callable[..., OpenRun]) -> None:
    run = start_run()
    draw_in_parallel([run])
    assert taken(run) == {}

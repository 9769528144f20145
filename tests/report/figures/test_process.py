"""When a drawing process is started, and that none is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fnnctl.executors import processes
from fnnctl.executors.registry import make_executor
from fnnctl.report.figures import process
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.report.figures.process import DrawingProcess, started_ahead, take_process
from tests.executors import tasks
from tests.report.figures.conftest import START


def test_with_a_single_processor_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "usable_processors", lambda: 1)
    assert START(search=False) is None


def test_a_system_that_refuses_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "usable_processors", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert START(search=False) is None
    monkeypatch.setattr(sys, "executable", None)  # an interpreter inside another program
    assert START(search=False) is None


@pytest.mark.parametrize(
    ("line", "search"),
    [
        ("train", False),
        ("train iris.yaml --seed 3", False),
        ("search --method random", True),
        ("evaluate iris.yaml", False),
    ],
)
def test_a_command_that_draws_takes_the_process_started_ahead(
    line: str, search: bool, drawing: DrawingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def start(*, search: bool) -> DrawingProcess:
        asked.append(search)
        return drawing

    monkeypatch.setattr(process, "start_process", start)
    with started_ahead(line.split()):
        assert asked == [search]
        assert take_process(search=search) is drawing
    assert asked == [search]
    assert drawing.poll() is None
    FigureDrawer(drawing).end()  # whoever took it ends it


@pytest.mark.parametrize(
    "line", ["", "--help", "runs", "train --help", "train iris.yaml --no-figures", "evaluate iris"]
)
def test_a_command_that_draws_nothing_starts_none(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "start_process", lambda search: pytest.fail("a process was started"))
    with started_ahead(line.split()):
        pass


def test_a_process_that_no_command_takes_is_ended(
    drawing: DrawingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "start_process", lambda search: drawing)
    with pytest.raises(SystemExit), started_ahead(["train", "--mistake"]):
        sys.exit(2)
    assert drawing.returncode is not None
    assert process._ahead == []


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
def test_forked_workers_have_no_end_of_its_pipes(
    drawing: DrawingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends with its input, which they would keep open after the command was killed."""
    monkeypatch.setattr(processes, "can_fork", lambda: True)
    with make_executor("processes", workers=1, poll=lambda done: False) as executor:
        held = executor.submit(tasks.open_files).result()
    assert drawing.stdin
    assert drawing.stdout
    assert not held & {os.fstat(pipe.fileno()).st_ino for pipe in (drawing.stdin, drawing.stdout)}
    FigureDrawer(drawing).end()


def test_starting_it_needs_none_of_its_imports() -> None:
    """Otherwise it would start later."""
    forbidden = {"numpy", "json", "typer", "dataclasses", "fnnctl.context", "fnnctl.store"}
    code = f"import sys, fnnctl.report.figures.process; sys.exit(bool({forbidden} & {{*sys.modules}}))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])

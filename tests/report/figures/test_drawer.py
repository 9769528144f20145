"""The figures are those of this process, whatever happens to the drawing process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.errors import MachineError
from fnnctl.executors import processes
from fnnctl.executors.registry import make_executor
from fnnctl.report.figures import drawer
from fnnctl.report.figures.drawer import DrawingProcess, FigureDrawer, figure_drawer
from fnnctl.report.figures.drawing import draw_figures
from fnnctl.store.run import OpenRun
from tests.executors import tasks
from tests.figures import figures_by_records
from tests.report.figures.conftest import START
from tests.report.figures.test_drawing import measured, with_two_figures
from tests.waiting import DEADLINE


@pytest.fixture
def run(start_run: Callable[..., OpenRun]) -> OpenRun:
    return with_two_figures(measured(start_run, ("a", "b", "c")))


@pytest.fixture
def drawn_here(monkeypatch: pytest.MonkeyPatch) -> list[OpenRun]:
    """The runs whose figures are drawn in this process."""
    drawn = []

    def draw(run: OpenRun) -> None:
        drawn.append(run)
        draw_figures(run)

    monkeypatch.setattr("fnnctl.report.figures.drawing.draw_figures", draw)
    return drawn


def taken(run: OpenRun) -> dict[str, bytes]:
    """The figures of the run, which are deleted."""
    figures = {}
    for path in sorted(run.path.glob("*.png")):
        figures[path.name] = path.read_bytes()
        path.unlink()
    return figures


def test_the_bytes_are_those_of_this_process(
    start_run: Callable[..., OpenRun],
    hostile_classes: tuple[str, ...],
    drawing: DrawingProcess,
    drawn_here: list[OpenRun],
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = measured(start_run, hostile_classes)
    draw_figures(run)
    expected = taken(run)
    assert set(expected) == set(figures_by_records(run.path))
    figures = FigureDrawer(drawing)
    figures.draw(run)
    assert taken(run) == expected
    figures.end()
    assert drawn_here == []
    assert capfd.readouterr() == ("", "")


def test_a_killed_process_is_replaced_by_this_one(
    run: OpenRun, drawing: DrawingProcess, drawn_here: list[OpenRun]
) -> None:
    drawing.kill()
    figures = FigureDrawer(drawing)
    for count in range(1, 3):
        figures.draw(run)
        assert drawn_here == [run] * count
        assert set(taken(run)) == set(figures_by_records(run.path))
    figures.end()


def test_a_process_that_cannot_import_what_it_needs_is_replaced(
    run: OpenRun, drawn_here: list[OpenRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawer, "usable_processors", lambda: 2)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [])
        drawing = START(search=False)
    figures = FigureDrawer(drawing)
    figures.draw(run)
    assert (drawn_here, set(taken(run))) == ([run], set(figures_by_records(run.path)))


def test_a_process_that_says_something_else_is_replaced(run: OpenRun, drawn_here: list[OpenRun]) -> None:
    """A startup file of Python may print; the answers would then be those about the run before."""
    code = "import sys; print('hello', flush=True); [print('done', flush=True) for _ in sys.stdin]"
    drawing = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    figures = FigureDrawer(drawing)
    for count in range(1, 3):
        figures.draw(run)
        assert drawn_here == [run] * count
        assert set(taken(run)) == set(figures_by_records(run.path))
    assert drawing.poll() is not None


def test_an_error_is_that_of_this_process(run: OpenRun, drawing: DrawingProcess) -> None:
    figures = FigureDrawer(drawing)
    (run.path / "calibration.png").mkdir()  # even the administrator cannot write a file there
    with pytest.raises(MachineError, match=r"calibration\.png cannot be written: Is a directory"):
        figures.draw(run)
    figures.end()


def test_signals_of_the_terminal_are_the_business_of_the_command(
    run: OpenRun, drawing: DrawingProcess, drawn_here: list[OpenRun]
) -> None:
    figures = FigureDrawer(drawing)
    figures.draw(run)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        drawing.send_signal(number)
    figures.draw(run)
    figures.end()
    assert drawn_here == []


def test_the_process_ends_with_the_command(drawing: DrawingProcess) -> None:
    """Even if the command is killed, its end of the pipe is closed."""
    out, _ = drawing.communicate(timeout=DEADLINE)
    assert (out, drawing.returncode) == (b"", 0)


def test_nothing_is_left_in_the_folder_for_temporary_files(
    run: OpenRun, drawn_here: list[OpenRun], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where matplotlib may not write in the user's folders, it makes one for its settings and fonts."""
    monkeypatch.setattr(drawer, "usable_processors", lambda: 2)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "file" / "inside"))  # not even the administrator may
    drawing = START(search=False)
    figures = FigureDrawer(drawing)
    figures.draw(run)
    assert list((tmp_path / "temporary").glob("matplotlib-*")) != []
    figures.end()
    assert list((tmp_path / "temporary").iterdir()) == []
    assert (drawn_here, drawing and drawing.returncode) == ([], 0)


def test_an_exception_ends_the_wait_and_the_process(
    run: OpenRun, drawing: DrawingProcess, drawn_here: list[OpenRun]
) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    figures, before = FigureDrawer(drawing), signal.signal(signal.SIGALRM, interrupt)
    drawing.send_signal(signal.SIGSTOP)  # it cannot reply
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            figures.draw(run)
    finally:
        signal.signal(signal.SIGALRM, before)
        figures.end()
    assert drawn_here == []
    assert list(run.path.glob(".*png*")) == []


def test_nothing_is_drawn_or_started_if_figures_are_not_wanted(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawer, "start_process", lambda search: pytest.fail("a process was started"))
    with figure_drawer(enabled=False) as figures:
        figures.draw(run)
    assert taken(run) == {}


@pytest.mark.parametrize("dies", [False, True])
def test_a_run_is_drawn_once_if_its_figures_were_begun(
    run: OpenRun,
    start_run: Callable[..., OpenRun],
    drawing: DrawingProcess,
    drawn_here: list[OpenRun],
    dies: bool,
) -> None:
    other = with_two_figures(measured(start_run, ("a", "b")))
    figures = FigureDrawer(drawing)
    if dies:
        drawing.kill()
    figures.begin(run)
    figures.draw(run, other)
    figures.end()
    assert drawn_here == ([run, other] if dies else [])
    assert set(taken(run)) == set(taken(other)) == set(figures_by_records(run.path))


def test_a_run_whose_figures_were_begun_is_drawn_without_a_process(
    run: OpenRun, drawn_here: list[OpenRun]
) -> None:
    figures = FigureDrawer()
    figures.begin(run)
    assert drawn_here == []
    figures.draw(run)
    assert drawn_here == [run]


def test_with_a_single_processor_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawer, "usable_processors", lambda: 1)
    assert START(search=False) is None


def test_a_system_that_refuses_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawer, "usable_processors", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert START(search=False) is None
    monkeypatch.setattr(sys, "executable", None)  # an interpreter inside another program
    assert START(search=False) is None


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

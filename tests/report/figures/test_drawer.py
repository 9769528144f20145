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
from tests.report.figures.conftest import START, taken
from tests.waiting import DEADLINE


@pytest.fixture
def run(measured_run: Callable[..., OpenRun]) -> OpenRun:
    return measured_run(few=True)


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a process is started on a machine with a single one, too."""
    monkeypatch.setattr(drawer, "usable_processors", lambda: 2)


@pytest.fixture
def drawn_here(monkeypatch: pytest.MonkeyPatch) -> list[OpenRun]:
    """The runs whose figures are drawn in this process."""
    drawn = []

    def draw(run: OpenRun) -> None:
        drawn.append(run)
        draw_figures(run)

    monkeypatch.setattr("fnnctl.report.figures.drawing.draw_figures", draw)
    return drawn


def test_the_bytes_are_those_of_this_process(
    measured_run: Callable[..., OpenRun],
    hostile_classes: tuple[str, ...],
    drawing: DrawingProcess,
    drawn_here: list[OpenRun],
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = measured_run(hostile_classes)
    draw_figures(run)
    expected = taken(run)
    assert set(expected) == set(figures_by_records(run.path))
    figures = FigureDrawer(drawing)
    figures.draw(run)
    assert taken(run) == expected
    figures.end()
    assert drawn_here == []
    assert capfd.readouterr() == ("", "")


def started() -> DrawingProcess:
    process = START(search=False)
    assert process is not None
    return process


def killed(_: pytest.MonkeyPatch) -> DrawingProcess:
    process = started()
    process.kill()
    return process


def unable_to_import(monkeypatch: pytest.MonkeyPatch) -> DrawingProcess:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [])
        return started()


def talkative(_: pytest.MonkeyPatch) -> DrawingProcess:
    """A startup file of Python may print; the answers would then be those about the run before."""
    code = "import sys; print('hello', flush=True); [print('done', flush=True) for _ in sys.stdin]"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize("start", [killed, unable_to_import, talkative])
def test_a_process_that_does_not_answer_is_replaced_by_this_one(
    run: OpenRun,
    drawn_here: list[OpenRun],
    monkeypatch: pytest.MonkeyPatch,
    start: Callable[[pytest.MonkeyPatch], DrawingProcess],
) -> None:
    process = start(monkeypatch)
    figures = FigureDrawer(process)
    for _ in range(2):
        figures.draw(run)
        assert set(taken(run)) == set(figures_by_records(run.path))
    assert drawn_here == [run] * 2
    assert process.poll() is not None


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
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "file" / "inside"))  # not even the administrator may
    drawing = START(search=False)
    figures = FigureDrawer(drawing)
    figures.draw(run)
    assert list(temporary.glob("matplotlib-*")) != []
    figures.end()
    assert list(temporary.iterdir()) == []
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
    measured_run: Callable[..., OpenRun],
    drawing: DrawingProcess,
    drawn_here: list[OpenRun],
    dies: bool,
) -> None:
    second = measured_run(("a", "b"), few=True)
    figures = FigureDrawer(drawing)
    if dies:
        drawing.kill()
    figures.begin(run)
    figures.draw(run, second)
    figures.end()
    assert drawn_here == ([run, second] if dies else [])
    assert set(taken(run)) == set(taken(second)) == set(figures_by_records(run.path))


def test_without_a_process_nothing_is_begun(run: OpenRun, drawn_here: list[OpenRun]) -> None:
    figures = FigureDrawer()
    figures.begin(run)
    assert drawn_here == []
    figures.draw(run)
    assert drawn_here == [run]


def test_none_is_started_with_a_single_processor_or_where_the_system_refuses_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for executable in ("/nonexistent", None):  # None: an interpreter inside another program
        monkeypatch.setattr(sys, "executable", executable)
        assert START(search=False) is None
    monkeypatch.undo()
    monkeypatch.setattr(drawer, "usable_processors", lambda: 1)
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

"""The drawing process: imports matplotlib, then draws the figures of the runs that a command names.

Each line of its standard input names runs, as a JSON list. It answers with one line when the figures are
written, or when one cannot be drawn. It ends when its standard input does, that is, with the command.

On Linux two processes draw: a fork shares all that was imported, and is safe because the process has a single
thread.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from fnnctl.processors import usable_processors
from fnnctl.report.figures.drawer import DONE, FAILED
from fnnctl.report.figures.drawing import figures_to_draw, write_figure
from fnnctl.store import names
from fnnctl.store.folder import RunFolder

SLOW: Final = (
    names.LEARNING_CURVE_FIGURE,
    names.RUNGS_FIGURE,
    names.ROC_CURVE_FIGURE,
    names.PR_CURVE_FIGURE,
    names.CALIBRATION_FIGURE,
    names.PARALLEL_FIGURE,
)
"""The slowest figures. They are begun first, so that both processes end at about the same time."""


def serve() -> None:
    """Draw the figures that are asked for until standard input ends; the command handles signals."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Python calls this last. It leaves out the rest of Python's end, which takes a quarter of a second with
    # matplotlib, but not matplotlib's own callback: that removes the folder it makes where HOME is read-only.
    atexit.register(os._exit, 0)
    _prepare()
    for line in sys.stdin.buffer:
        try:
            runs = [RunFolder(Path(path)) for path in json.loads(line)]
            draw_in_parallel(runs, on_each=_end_with_command)
            answer = DONE
        except Exception:  # the command will meet it, too, as it then draws the figures itself
            answer = FAILED
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def draw_in_parallel(runs: Sequence[RunFolder], *, on_each: Callable[[], None] = lambda: None) -> None:
    """Draw each figure that the runs have numbers for; `on_each` is called before one is written.

    Raises `MachineError` if a figure cannot be written, and OSError if the other process failed.
    """
    figures = [(run, name, draw) for run in runs for name, draw in figures_to_draw(run).items()]
    figures.sort(key=lambda figure: _place(figure[1]))

    def draw(indices: Iterable[int]) -> None:
        for index in indices:
            run, name, figure = figures[index]
            write_figure(run, name, figure, on_drawn=on_each)

    if sys.platform != "linux" or usable_processors() < 2 or len(figures) < 2:
        draw(range(len(figures)))
        return
    with _Tickets(len(figures)) as tickets:
        other = os.fork()
        if other == 0:
            _exit_after(lambda: draw(tickets))
        try:
            draw(tickets)
        finally:
            _, status = os.waitpid(other, 0)
    if status:
        raise ChildProcessError("the other drawing process failed")


class _Tickets:
    """The numbers 0 … count − 1, each for the process that asks first; at most 256."""

    def __init__(self, count: int) -> None:
        self._reading, writing = os.pipe()
        try:
            os.write(writing, bytes(range(count)))
        finally:
            os.close(writing)

    def __iter__(self) -> Iterator[int]:
        while ticket := os.read(self._reading, 1):
            yield ticket[0]

    def __enter__(self) -> _Tickets:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._reading)


def _exit_after(work: Callable[[], None]) -> None:
    """End this process, a fork, after the work; 1 if it failed."""
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _place(name: str) -> int:
    return SLOW.index(name) if name in SLOW else len(SLOW)


def _prepare() -> None:
    """Import what figures need, and draw one, which loads the fonts. Stops early if figures are asked for."""
    from fnnctl.plots.style import new_figure, png_bytes  # noqa: PLC0415
    from fnnctl.report.figures import run_figures  # noqa: F401, PLC0415

    if not _has_input():
        with new_figure(2.0, 2.0, "0") as figure:
            figure.subplots().plot([0.0, 1.0])
        png_bytes(figure)
    if not _has_input():
        from fnnctl.report.figures import search_figures  # noqa: F401, PLC0415
        from fnnctl.report.figures import search_figures as figures  # noqa: F401, PLC0415


def _end_with_command() -> None:
    """End this process if the command has ended: before the answer, the only input is its end."""
    if _has_input():
        sys.exit()


def _has_input() -> bool:
    """Whether standard input has a line, or has ended; False where the system cannot tell."""
    return sys.platform != "win32" and bool(select.select([sys.stdin], (), (), 0)[0])

"""Draws a command's figures in a process beside it.

Importing matplotlib takes as long as training a small network. A command that draws therefore starts a
*drawing process*. That process imports matplotlib while the command loads, trains and scores, and then draws
the figures, with some others (`server`): a third of the time of a short training. Whatever it cannot do, the
command does itself, so that figures and errors do not depend on it.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from fnnctl.context import Figures, NoFigures
from fnnctl.forks import keep_from_forks
from fnnctl.processors import usable_processors

if TYPE_CHECKING:
    from fnnctl.store.folder import RunFolder

DrawingProcess: TypeAlias = subprocess.Popen[bytes]

DONE: Final = b"done\n"
FAILED: Final = b"failed\n"
"""The replies of the drawing process: all figures of the runs are written, or not."""
_GRACE: Final = 1.0
"""How many seconds a drawing process that was asked for figures has to finish a file and to clean up."""
_ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class FigureDrawer:
    """Draws the figures of the runs that a command makes."""

    def __init__(self, process: DrawingProcess | None = None) -> None:
        """Without a process, figures are drawn in this one."""
        self._process = process
        self._was_asked = False
        self._begun: RunFolder | None = None

    def begin(self, run: RunFolder) -> None:
        self._begun = run
        self._ask([run])

    def draw(self, *runs: RunFolder) -> None:
        left = list(runs)
        if (begun := self._begun) is not None:
            self._begun = None
            if self._has_drawn():
                left = [run for run in runs if run.path != begun.path]
        self._ask(left)
        if self._has_drawn():
            return
        # Most of the program, which need not be imported here if the drawing process draws.
        from fnnctl.report.figures.drawing import draw_figures

        for run in left:
            draw_figures(run)

    def end(self) -> None:
        """End the drawing process, which may be drawing if an exception ended the wait for it.

        If it was never asked, it may still be importing, which a command that has failed does not wait for.
        """
        if (process := self._process) is None:
            return
        self._process = None
        stdin, stdout = _pipes(process)
        with suppress(OSError):  # it is dead already
            stdin.close()
        try:
            if self._was_asked:
                _wait_for_end(process)
        finally:
            process.kill()
            process.wait()
            stdout.close()

    def _ask(self, runs: Sequence[RunFolder]) -> None:
        """Ask the drawing process, if there is one, for the runs' figures; `_has_drawn` takes its reply."""
        if self._process is None:
            return
        stdin, _ = _pipes(self._process)
        self._was_asked = True
        with suppress(OSError):  # it is dead, and will not reply
            stdin.write(json.dumps([os.fspath(run.path.absolute()) for run in runs]).encode("ascii") + b"\n")
            stdin.flush()

    def _has_drawn(self) -> bool:
        """Wait for the drawing process; return whether it has drawn all figures that it was asked for.

        It ends if it dies or replies anything else: another line, printed by one of its libraries, would be
        taken for the reply, and the reply for that about the next runs.
        """
        if self._process is None:
            return False
        _, stdout = _pipes(self._process)
        try:
            reply = stdout.readline()
        except OSError:
            reply = b""
        if reply not in (DONE, FAILED):
            self.end()
        return reply == DONE


@contextmanager
def figure_drawer(*, enabled: bool, search: bool = False) -> Iterator[Figures]:
    """Have a drawing process if figures are `enabled`; it ends with the block.

    For a `search` it also prepares to draw the figures of searches.
    """
    if not enabled:
        yield NoFigures()
        return
    drawer = FigureDrawer(start_process(search=search))
    try:
        yield drawer
    finally:
        drawer.end()


def start_process(*, search: bool) -> DrawingProcess | None:
    """A drawing process; None if the system refuses one, or with a single processor, where it gains nothing.

    It prepares to draw the figures of a training and, for a `search`, those of searches. It finds packages
    where this process does. It never collects garbage, which would take a tenth of the time of imports and
    figures. Its messages on standard error, such as those about a new cache of fonts, are dropped.
    """
    if not sys.executable or usable_processors() < 2:
        return None
    start = f"from {__package__}.server import serve; serve(search={search})"
    code = f"import gc, sys; gc.disable(); sys.path[:] = {sys.path!r}; {start}"
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
        )
    except OSError:
        return None
    for pipe in (process.stdin, process.stdout):  # workers would keep it from noticing the end of its input
        keep_from_forks(pipe.raw)  # type: ignore[union-attr]  # both are buffered
    return process


def _wait_for_end(process: DrawingProcess) -> None:
    """Wait until the process ends, but not longer than `_GRACE`."""
    _, stdout = _pipes(process)
    if sys.platform != "win32":  # its output ends when it does; `wait` would look only every few milliseconds
        select.select([stdout], (), (), _GRACE)
    else:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


def _pipes(process: DrawingProcess) -> tuple[IO[bytes], IO[bytes]]:
    """Its standard input and output."""
    return process.stdin, process.stdout  # type: ignore[return-value]  # both are pipes

"""Draws a command's figures in a process beside it.

Importing matplotlib takes as long as training a small network. A command therefore starts a *drawing process*
before its own imports; that process imports matplotlib while the command loads, trains and scores, and then
draws the figures with all processors. See `server` for its side. Whatever it cannot do, the command does
itself, so that figures and errors do not depend on it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

from fnnctl.context import Figures, NoFigures
from fnnctl.processors import usable_processors

if TYPE_CHECKING:
    from fnnctl.store.folder import RunFolder

DONE: Final = b"done\n"
FAILED: Final = b"failed\n"
"""The replies of the drawing process: all figures of the runs are written, or not."""
_GRACE: Final = 1.0
"""How many seconds a drawing process that was asked for figures has to finish a file and to clean up."""
_ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class FigureDrawer:
    """Draws the figures of the runs that a command makes."""

    def __init__(self, process: subprocess.Popen[bytes] | None = None) -> None:
        """Without a process, figures are drawn in this one."""
        self._process = process
        self._was_asked = False

    def draw(self, *runs: RunFolder) -> None:
        if self._has_drawn(runs):
            return
        # Most of the program, which need not be imported here if the drawing process draws.
        from fnnctl.report.figures.drawing import draw_figures

        for run in runs:
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
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
        finally:
            process.kill()
            process.wait()
            stdout.close()

    def _has_drawn(self, runs: Sequence[RunFolder]) -> bool:
        """Let the drawing process draw the runs' figures; return whether it has drawn all of them.

        It ends if it dies or replies anything else: another line, printed by one of its libraries, would be
        taken for the reply, and the reply for that about the next runs.
        """
        if self._process is None:
            return False
        stdin, stdout = _pipes(self._process)
        self._was_asked = True
        try:
            stdin.write(json.dumps([os.fspath(run.path.absolute()) for run in runs]).encode("ascii") + b"\n")
            stdin.flush()
            reply = stdout.readline()
        except OSError:
            reply = b""
        if reply not in (DONE, FAILED):
            self.end()
        return reply == DONE


@contextmanager
def figure_drawer(*, enabled: bool) -> Iterator[Figures]:
    """Start a drawing process if figures are `enabled`; it ends with the block."""
    if not enabled:
        yield NoFigures()
        return
    drawer = FigureDrawer(start_process())
    try:
        yield drawer
    finally:
        drawer.end()


def start_process() -> subprocess.Popen[bytes] | None:
    """A drawing process; None if the system refuses one, or with a single processor, where it gains nothing.

    It finds packages where this process does. It never collects garbage, which would take a tenth of the time
    of imports and figures. Its messages on standard error, such as those about a new cache of fonts, are
    dropped.
    """
    if not sys.executable or usable_processors() < 2:
        return None
    start = f"from {__package__}.server import serve; serve()"
    code = f"import gc, sys; gc.disable(); sys.path[:] = {sys.path!r}; {start}"
    try:
        return subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
        )
    except OSError:
        return None


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Its standard input and output."""
    return process.stdin, process.stdout  # type: ignore[return-value]  # both are pipes

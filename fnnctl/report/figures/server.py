"""The drawing process: imports matplotlib, then draws the figures of the runs that a command names.

Each line of its standard input names runs, as a JSON list. It replies with one line when the figures are
written, or when one cannot be drawn. It ends when its standard input does, that is, with the command.

On Linux several processes draw: a fork shares all that was imported, and is safe because this process
has a single thread.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from fnnctl import plots
from fnnctl.processors import usable_processors
from fnnctl.report.figures.drawer import DONE, FAILED
from fnnctl.report.figures.drawing import figure_jobs
from fnnctl.report.figures.registry import registered_figures
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest

MAX_PROCESSES = 4
"""A run has about five figures and a search nine, so more processes would cost forks and save little."""


def serve(*, search: bool) -> None:
    """Draw the figures that are asked for until standard input ends; the command handles signals.

    Only if the command is a `search`, what draws the figures of searches is imported in advance.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Registered first, so called last. It skips the rest of the interpreter's shutdown, a quarter of a second
    # with matplotlib, but not matplotlib's own callback, which removes the folder it makes where HOME is
    # read-only.
    atexit.register(os._exit, 0)
    _prepare(search=search)
    for line in sys.stdin.buffer:
        try:
            runs = [RunFolder(Path(path)) for path in json.loads(line)]
            draw_in_parallel(runs, before_each=_end_with_command)
            reply = DONE
        except Exception:  # the command will meet it, too, as it then draws the figures itself
            reply = FAILED
        sys.stdout.buffer.write(reply)
        sys.stdout.buffer.flush()


def draw_in_parallel(runs: Sequence[RunFolder], *, before_each: Callable[[], None] = lambda: None) -> None:
    """Draw each figure that the runs have numbers for; `before_each` is called before one is written.

    Raises `MachineError` if a figure cannot be written, and OSError if another process failed.
    """
    jobs = [job for run in runs for job in figure_jobs(run)]
    jobs.sort(key=lambda job: not job.figure.is_slow)  # so that all processes end at about the same time

    def draw(indices: Iterable[int]) -> None:
        for index in indices:
            jobs[index].write(on_drawn=before_each)

    processes = min(usable_processors(), MAX_PROCESSES, len(jobs)) if sys.platform == "linux" else 1
    if processes < 2:
        draw(range(len(jobs)))
        return
    others: list[int] = []
    with _Tickets(len(jobs)) as tickets:
        try:
            for _ in range(processes - 1):
                others.append(os.fork())
                if others[-1] == 0:
                    _exit_after(lambda: draw(tickets))
            draw(tickets)
        finally:
            failed = [status for other in others if (status := os.waitpid(other, 0)[1])]
    if failed:
        raise ChildProcessError("another drawing process failed")


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


def _prepare(*, search: bool) -> None:
    """Import what figures need. None is drawn for practice: that takes longer than it saves."""
    for module in pkgutil.iter_modules(plots.__path__, f"{plots.__name__}."):
        importlib.import_module(module.name)
    registered_figures(is_search=search)
    Manifest.model_rebuild()  # otherwise done when the first manifest is read


def _end_with_command() -> None:
    """End this process if the command has ended: before the reply, the only input is its end."""
    if _has_input():
        sys.exit()


def _has_input() -> bool:
    """Whether standard input has a line, or has ended; False where the system cannot tell."""
    return sys.platform != "win32" and bool(select.select([sys.stdin], (), (), 0)[0])

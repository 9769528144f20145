"""Starts the drawing process, ahead of the command that uses it; see `drawer`.

The process starts when this module is imported, so it imports next to nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeAlias

from fnnctl.forks import keep_from_forks
from fnnctl.processors import usable_processors

DrawingProcess: TypeAlias = subprocess.Popen[bytes]

_DRAWS: Final = ("train", "evaluate", "search")
"""The commands that draw figures in most cases."""
_ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_ahead: list[DrawingProcess] = []
"""The process that was started ahead of the command, until the command takes it."""


@contextmanager
def started_ahead(arguments: Sequence[str]) -> Iterator[None]:
    """Start a drawing process now if the program's arguments look like those of a command that draws.

    Otherwise it would start when typer, which reads the arguments, is imported. If the command draws nothing,
    the process ends with the block.
    """
    if _looks_like_drawing(arguments) and (process := start_process(search=arguments[0] == "search")):
        _ahead.append(process)
    try:
        yield
    finally:
        while _ahead:
            process = _ahead.pop()
            process.kill()
            process.communicate()


def take_process(*, search: bool) -> DrawingProcess | None:
    """The process that was started ahead, or else a new one; see `start_process`."""
    return _ahead.pop() if _ahead else start_process(search=search)


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


def _looks_like_drawing(arguments: Sequence[str]) -> bool:
    """Whether the arguments name a command that draws: `evaluate` only draws for a config or new data."""
    if not arguments or arguments[0] not in _DRAWS or {"--no-figures", "--help", "-h"} & {*arguments}:
        return False
    return arguments[0] != "evaluate" or any(word.endswith((".yaml", ".yml")) for word in arguments)

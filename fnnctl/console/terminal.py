"""The context of a terminal: notes and progress go to standard error, and signals ask to stop."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnnctl.console.output import Output
    from fnnctl.context import Context, Figures


@contextmanager
def terminal_context(
    output: Output, runs_dir: Path = Path("runs"), *, figures: Figures | None = None, resumable: bool = False
) -> Iterator[Context]:
    """Handle signals within the block; without `figures`, none is drawn.

    Raises `InterruptedRunError` if a signal ends the block, or `InterruptedCommandError` if what it does
    cannot be resumed.
    """
    # `fnnctl --help` has no context, and these imports take a few percent of its time.
    from fnnctl.console.progress import TerminalListener
    from fnnctl.console.signals import ended_by_signals, interruption
    from fnnctl.context import Context, NoFigures

    with (interruption if resumable else ended_by_signals)(output.note) as stop:
        command = shlex.join(["fnnctl", *sys.argv[1:]])
        yield Context(runs_dir, TerminalListener(output), stop, figures or NoFigures(), command)

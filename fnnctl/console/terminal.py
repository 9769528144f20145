"""The context of a terminal: notes and progress go to standard error, and signals ask to stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fnnctl.console.output import Output
from fnnctl.console.progress import TerminalListener
from fnnctl.console.signals import ended_by_signals, interruption
from fnnctl.context import Context, Figures, NoFigures


@contextmanager
def terminal_context(
    output: Output, runs_dir: Path = Path("runs"), *, figures: Figures | None = None, resumable: bool = False
) -> Iterator[Context]:
    """Handle signals within the block.

    Raises `InterruptedRunError` if one of them ends it; `InterruptedCommandError` if it cannot be resumed.
    Without `figures`, none is drawn.
    """
    with (interruption if resumable else ended_by_signals)(output.note) as stop:
        yield Context(runs_dir, TerminalListener(output), stop, figures or NoFigures())

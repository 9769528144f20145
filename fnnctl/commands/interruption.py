"""Ctrl-C and SIGTERM while a run goes on: the first asks it to end well, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fnnctl.commands.output import Output

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether a signal has come, and which."""

    def __init__(self, output: Output) -> None:
        self.signal_number: int | None = None
        self._output = output

    def requested(self) -> bool:
        """Whether the run should end."""
        return self.signal_number is not None

    def handle(self, signal_number: int, frame: FrameType | None) -> None:
        """Take note of the first signal; a second one is a KeyboardInterrupt."""
        if self.requested():
            raise KeyboardInterrupt
        self.signal_number = signal_number
        self._output.note("stopping after this step; once more to stop at once")


@contextmanager
def interruption(output: Output) -> Iterator[Interruption]:
    """Catch the signals within the block."""
    caught = Interruption(output)
    if threading.current_thread() is not threading.main_thread():  # only it may set handlers
        yield caught
        return
    before = {number: signal.signal(number, caught.handle) for number in SIGNALS}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Ctrl-C, SIGTERM and SIGHUP: training stops after the current step, most other work stops at once.

What must be completed, such as the results of a search on bags, is a graceful block, too; see
`Interruption.graceful`. A second signal ends that at once.

A command first imports its packages and then handles signals; until then they stay pending, see
`fnnctl.__main__`. Every file is written atomically, so a run may stop between any two files.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from fnnctl.errors import (
    BlasThreadsError,
    InterruptedCommandError,
    InterruptedRunError,
    OutOfMemoryError,
    StopNow,
    is_out_of_memory,
)

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


class Interruption:
    """Asks to stop when a signal has arrived: see `context.Stop`."""

    def __init__(self, note: Callable[[str], None]) -> None:
        """`note` prints a message."""
        self._run: Path | None = None
        self._command = "train"
        self._kept: str | None = None
        self._signal_number: int | None = None
        self._graceful = self._announced = False
        self._note = note

    def resumable(self, run: Path, command: str) -> None:
        self._run, self._command = run, command

    def kept(self, work: str | None) -> None:
        self._kept = work

    def requested(self) -> bool:
        """Whether the run should end. The first call that returns True prints a message.

        The handler does not print it, because it may have interrupted another write.
        """
        if self._signal_number is None:
            return False
        if not self._announced:
            self._announced = True
            self._note("stopping after this step; interrupt again to stop at once")
        return True

    def raise_if_requested(self, epochs: int | None = None) -> None:
        if self._signal_number is not None:
            raise self._error(self._signal_number, epochs)

    @contextmanager
    def graceful(self) -> Iterator[None]:
        outer = self._graceful
        if not outer:
            self.raise_if_requested()
        self._graceful = True
        try:
            yield
        finally:
            self._graceful = outer

    def handle(self, signal_number: int, frame: FrameType | None) -> None:
        """Raise `StopNow`, except on the first signal within a graceful block."""
        first = self._signal_number is None
        self._signal_number = signal_number
        if not (self._graceful and first):
            raise StopNow(self._error(signal_number))

    def out_of_memory(self) -> OutOfMemoryError:
        """The error for a command that ran out of memory: with the run, if there is one."""
        run = None if self._run is None else str(self._run)
        return OutOfMemoryError(run=run, kept=self._kept, resumed_by=self._command)

    def _error(self, signal_number: int, epochs: int | None = None) -> InterruptedRunError:
        return InterruptedRunError(
            signal_number=signal_number,
            run=None if self._run is None else str(self._run),
            epochs=epochs,
            kept=self._kept,
            resumed_by=self._command,
        )


@contextmanager
def interruption(note: Callable[[str], None]) -> Iterator[Interruption]:
    """Handle signals within the block; raises `InterruptedRunError` if one of them ends it.

    Signals that arrived earlier, during Python's imports, are handled at once; raises `BlasThreadsError` if
    one of them came from NumPy's BLAS. Garbage is collected from now on. If the block runs out of memory, an
    `OutOfMemoryError` says what is kept.
    """
    caught = Interruption(note)
    if threading.current_thread() is not threading.main_thread():  # only the main thread may
        yield caught
        return
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    _refuse_blas_without_threads()
    try:
        with ExitStack() as restored:
            for number in _signals():
                restored.callback(signal.signal, number, signal.getsignal(number))
                signal.signal(number, caught.handle)
            restored.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
            sys.unraisablehook = _silent_about_signals(sys.unraisablehook)
            if hasattr(signal, "pthread_sigmask"):
                before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
                restored.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _signals())
            _reserve_blas_memory()
            yield caught
    except StopNow as stop:
        raise stop.error from None
    except Exception as error:
        if is_out_of_memory(error):
            raise caught.out_of_memory() from error
        raise


@contextmanager
def ended_by_signals(note: Callable[[str], None]) -> Iterator[Interruption]:
    """Like `interruption`, for a command that cannot be resumed."""
    try:
        with interruption(note) as signals:
            yield signals
            signals.raise_if_requested()  # the exception may have been lost in a callback
    except InterruptedRunError as error:
        raise InterruptedCommandError(error.exit_code) from None


def _silent_about_signals(hook: Callable[[UnraisableHookArgs], None]) -> Callable[[UnraisableHookArgs], None]:
    """The hook for exceptions in Python's callbacks; it ignores `StopNow`, which is already remembered."""

    def without_signals(lost: UnraisableHookArgs) -> None:
        if not isinstance(lost.exc_value, StopNow):
            hook(lost)

    return without_signals


def _refuse_blas_without_threads() -> None:
    """Raise `BlasThreadsError` if OpenBLAS could not start its threads when NumPy was imported.

    OpenBLAS reports that by sending SIGINT to its own process, like Ctrl-C; the signal is still pending.
    """
    if hasattr(signal, "sigtimedwait") and signal.SIGINT in signal.sigpending():
        waiting = signal.sigtimedwait({signal.SIGINT}, 0)
        if waiting and waiting.si_pid == os.getpid():
            raise BlasThreadsError
        signal.raise_signal(signal.SIGINT)


def _reserve_blas_memory() -> None:
    """Raise MemoryError if NumPy is loaded, but its BLAS could not compute; see `blas`."""
    if "numpy" in sys.modules:
        from fnnctl.blas import reserve_blas_memory

        reserve_blas_memory()


def _signals() -> list[signal.Signals]:
    """The signals that end a run. SIGHUP (the terminal was closed) is one unless nohup ignores it."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers

"""What a call from Python reports while it works, and how it leaves the process as it was.

A Python program has no terminal of ours: nothing is printed. Warnings are Python's, notes go to the logger
`fnnctl`, and progress goes to whoever overrides a method of `Observer`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fnnctl.api.arguments import path_of
from fnnctl.api.floating_point import default_errstate
from fnnctl.blas import restored_blas_threads
from fnnctl.context import Context, NoStop, ShowAmount, ShowEpochs
from fnnctl.errors import FnnctlError, FnnctlWarning, UsageError
from fnnctl.plugins import Scope, scope
from fnnctl.store.volumes import MemoryVolume

if TYPE_CHECKING:
    from fnnctl.data.files import OnRead
    from fnnctl.progress import TrainingPosition
    from fnnctl.training.history import Record

_OURS: Final = (str(Path(__file__).parents[1]) + os.sep, contextlib.__file__)
"""The files of this package, and that of the contexts in between."""
LOGGER: Final = logging.getLogger("fnnctl")


class Observer:
    """Gets notes, warnings and progress. Override what you need.

    An exception in one of its methods ends the call, as Ctrl-C does; a run in a folder can be resumed.
    """

    def note(self, text: str) -> None:
        """Called with a note, such as how a column was read; by default the logger `fnnctl` gets it, at the
        level INFO.
        """
        LOGGER.info("%s", text)

    def warning(self, text: str) -> None:
        """Called with what may be wrong; by default it becomes a `FnnctlWarning` at the line of the call."""
        warnings.warn(text, FnnctlWarning, stacklevel=_frames_of_this_package())

    def progress(self, what: str, done: float, total: float) -> None:
        """Called when so much of `total` is done of `what`: "reading" (shares), "training" (epochs) or
        "columns". A search may end before its total. By default nothing happens.
        """


class ObserverListener:
    """Passes on to an observer what a command would show on a terminal."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._late: list[str] = []
        """Warnings for the end of the call: if they are errors, its work must not be lost."""

    def note(self, text: str, *, labelled: bool = False) -> None:
        self._observer.note(text)

    def warning(self, text: str, *, about: str | None = None, is_severe: bool = False) -> None:
        text = text if about is None else f"{about}: {text}"
        if type(self._observer).warning is Observer.warning:
            self._late.append(text)
        else:
            self._observer.warning(text)

    def end(self) -> None:
        """Pass on the warnings that have waited."""
        while self._late:
            self._observer.warning(self._late.pop(0))

    def detail(self, text: str) -> None: ...

    @contextmanager
    def reading(self) -> Iterator[OnRead]:
        yield lambda file, share: self._observer.progress("reading", share, 1.0)

    @contextmanager
    def epochs(self, position: TrainingPosition) -> Iterator[ShowEpochs]:
        yield _Epochs(self._observer, position)

    @contextmanager
    def amount(
        self,
        total: int,
        *,
        noun: str = "epoch",
        bound: str = "at most",
        time_limit: float | None = None,
    ) -> Iterator[ShowAmount]:
        yield lambda done, status=str: self._observer.progress("training", int(done), total)

    @contextmanager
    def columns(self, total: int, measured: str) -> Iterator[Callable[[int], None]]:
        yield lambda done: self._observer.progress("columns", done, total)


class _Epochs:
    """Passes on the end of each epoch; steps are too many."""

    def __init__(self, observer: Observer, position: TrainingPosition) -> None:
        self._observer, self._position = observer, position

    def epoch(self, record: Record) -> None:
        self._observer.progress("training", self._position.done, self._position.epochs)

    def step(self) -> None: ...


class _RememberedRun(NoStop):
    """Asks for nothing, and knows which run an exception has left behind."""

    run: Path | None = None

    def resumable(self, run: Path, command: str) -> None:
        self.run = run


@contextmanager
def silent_context(
    runs_dir: str | Path | None, observer: object, plugins: Scope | None = None
) -> Iterator[tuple[Context, MemoryVolume | None]]:
    """The context of a call, and the volume that holds its run if there is no folder of runs.

    The block has these `plugins`, by default none that a program passes or allows, and NumPy's default state
    of floating-point errors. The threads of the BLAS, which are the process's, are after it what they were
    before.
    """
    if not isinstance(observer, Observer | None):
        raise UsageError(f"an observer is an object of a subclass of fnnctl.Observer, not {observer!r}")
    volume = MemoryVolume() if runs_dir is None else None
    folder = volume.root if volume else path_of("runs_dir", runs_dir)
    listener, stop = ObserverListener(observer or Observer()), _RememberedRun()
    try:
        with restored_blas_threads(), default_errstate(), scope(plugins):
            known_runs_dir = Path("runs") if volume else None
            yield Context(folder, listener, stop, known_runs_dir=known_runs_dir), volume
    except BaseException as error:
        if stop.run is not None and volume is None and not isinstance(error, FnnctlError):
            error.add_note(f"To continue the run: fnnctl.load_run({str(stop.run)!r}).resume()")
        with suppress(FnnctlWarning):  # the first error is the one to report
            listener.end()
        raise
    listener.end()


def _frames_of_this_package() -> int:
    """The `stacklevel` at which a warning names the caller's line, and not one of this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_OURS):
        level, frame = level + 1, frame.f_back
    return level

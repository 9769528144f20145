"""A run's manifest from its first to its last word, however the run ends."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Literal, Self

from fnnctl.errors import DivergedError, InputError, InterruptedRunError, MachineError, StopNow
from fnnctl.store.run import OpenRun


class RunRecorder:
    """Records how the run ended when the block ends: completed, failed, or interrupted.

    What went wrong goes into the run's log, with the traceback where the error is not one of fnnctl's own.
    """

    def __init__(self, run: OpenRun, *, started: float, trained_before: float = 0.0) -> None:
        """`trained_before` is how long a resumed run had trained before its checkpoint, in seconds."""
        self._run, self._started, self._trained_before = run, started, trained_before
        self._training_begun: float | None = None
        self._training_ended: float | None = None

    @contextmanager
    def training(self) -> Iterator[None]:
        """Within the block the network trains: its time is recorded."""
        self._training_begun = time.monotonic()
        try:
            yield
        finally:
            self._training_ended = time.monotonic()

    def trained_seconds(self) -> float:
        """How long the network has trained until now, before a resumed run's checkpoint, too."""
        if self._training_begun is None:
            return self._trained_before
        return self._trained_before + (self._training_ended or time.monotonic()) - self._training_begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StopNow):
            error = error.error
        status: Literal["completed", "failed", "interrupted"] = "completed"
        if error is not None:
            interrupted = isinstance(error, InterruptedRunError | KeyboardInterrupt)
            status = "interrupted" if interrupted else "failed"
            expected = isinstance(error, InputError | DivergedError | InterruptedRunError)
            self._run.log(str(error) if expected else "".join(traceback.format_exception(error)))
        total = self._trained_before + time.monotonic() - self._started
        seconds = {"total": total, "training": self.trained_seconds() or None}
        # Where the end cannot be recorded either, the user is told of what came first.
        with suppress(MachineError) if error else nullcontext():
            self._run.finish(status, seconds, {} if error is None else {"error": str(error)})


def warn(run: OpenRun, warnings: Sequence[str], note: Callable[[str], None]) -> None:
    """Tell of something that the user should know, and keep it in the run's log and manifest."""
    for warning in warnings:
        note(f"warning: {warning}")
        run.log(f"warning: {warning}")
    known = run.read_manifest().warnings
    if new := [warning for warning in warnings if warning not in known]:
        run.record({"warnings": [*known, *new]})

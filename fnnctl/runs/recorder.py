"""Records in a run how it ended, its warnings, and its scores."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from types import TracebackType
from typing import Any, Literal, Self

from fnnctl.context import Listener
from fnnctl.errors import (
    DivergedError,
    FnnctlError,
    InputError,
    InterruptedRunError,
    MachineError,
    OutOfMemoryError,
    StopNow,
    is_out_of_memory,
)
from fnnctl.messages import Message, warning_facts
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.store.run import OpenRun
from fnnctl.tasks.coverage import coverage_tables
from fnnctl.tasks.group_metrics import GroupedRows, group_table, with_groups
from fnnctl.tasks.regions import ErrorTails
from fnnctl.tasks.task import PartScores


class RunRecorder:
    """A context that records how its run ended: completed, failed, or interrupted.

    An error is logged in the run, with its traceback unless it is an expected one.
    """

    def __init__(
        self, run: OpenRun, *, started: float, trained_before: float = 0.0, before: float | None = None
    ) -> None:
        """`started` is on the monotonic clock.

        `trained_before` are the seconds of training in earlier sessions that a resumed run still has, such as
        those before its checkpoint. `before` are all seconds of these sessions, by default the same.
        """
        self._run, self._started, self._trained_before = run, started, trained_before
        self._before = trained_before if before is None else before
        self._training_started: float | None = None
        self._training_ended: float | None = None

    @contextmanager
    def time_training(self) -> Iterator[None]:
        """A context whose time is recorded as the training time, from the first use to the last."""
        self._training_started, self._training_ended = self._training_started or time.monotonic(), None
        try:
            yield
        finally:
            self._training_ended = time.monotonic()

    def trained_seconds(self) -> float:
        """How long the run has trained so far, including `trained_before`."""
        if self._training_started is None:
            return self._trained_before
        return self._trained_before + (self._training_ended or time.monotonic()) - self._training_started

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
        total = self._before + time.monotonic() - self._started
        seconds = {"total": total, "training": self.trained_seconds() or None}
        # If the end cannot be recorded either, the first error is the one to report.
        with suppress(MachineError) if error else nullcontext():
            reason = OutOfMemoryError() if is_out_of_memory(error) else error
            facts = {} if reason is None else {"error": str(reason), "error_kind": _error_kind(reason)}
            self._run.finish(status, seconds, facts)


def _error_kind(error: BaseException) -> str:
    return error.kind if isinstance(error, FnnctlError) else FnnctlError.kind


def record_notes(run: OpenRun, notes: Sequence[str], listener: Listener) -> None:
    """Show notes, and keep them in the run's log.

    A note says what was done with the input where nothing is wrong, and how to do otherwise. What may be
    wrong is a warning; see `record_warnings`.
    """
    for note in notes:
        listener.note(note)
        run.log(note)


def log_warnings(run: OpenRun, warnings: Sequence[Message], listener: Listener) -> None:
    """Show warnings, and keep them in the run's log alone: a report finds them in other files."""
    for warning in warnings:
        listener.warning(str(warning), is_severe=warning.is_severe)
        run.log(f"warning: {warning}")


def record_warnings(
    run: OpenRun, warnings: Sequence[Message], listener: Listener, *, first: bool = False
) -> None:
    """Show warnings, and keep them in the run's log and manifest, from where every report repeats them.

    A warning says what may be wrong, where, and what to do about it. If nothing is to be done, it is a note;
    see `record_notes`. In the manifest the most severe ones come first: those that put the scores in doubt
    are recorded `first`, before what is there.
    """
    log_warnings(run, warnings, listener)
    recorded = run.read_manifest().messages
    if new := [warning for warning in warnings if warning not in recorded]:
        run.record(warning_facts([*new, *recorded] if first else [*recorded, *new]))


def write_scores(
    run: OpenRun,
    parts: dict[str, PartScores | None],
    worst: Callable[[PartScores], WorstRows],
    tails: Mapping[int, ErrorTails],
    groups: Mapping[str, GroupedRows | None] | None = None,
) -> None:
    """Write the metrics of the parts, and the predictions, curves and `worst` rows of the last one, the test
    part, with the coverage of the regions that follow from the `tails` of each target. The rows of the part
    that `groups` names are also measured in groups.

    Each part is removed from `parts`, so that only one large part is in memory at a time.
    """
    metrics: dict[str, Any] = {}
    for name in tuple(parts):
        part = parts.pop(name)
        metrics[name] = with_groups(part, (groups or {}).get(name)) if part else None
    artifacts = chain.from_iterable(map(group_table, metrics.values()))
    if part:
        ranked = worst(part).artifact()
        artifacts = chain(part.artifacts(), coverage_tables(part, tails), [ranked], artifacts)
    run.write_metrics(metrics, artifacts)

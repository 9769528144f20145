"""Stops trials of any scheduler whose learning curves promise nothing.

Each job is given out in parts of a ninth of the full budget. After each part but the last, the trial's curve
is judged, in the order of virtual time, so the decision is the same for any number of workers.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import CURVE, Direction, Job, JobKey, Result, Status, Stop
from fnnctl.search.curves import Curves
from fnnctl.search.protocols import Scheduler

PARTS: Final = 9
"""How many parts the full budget is divided into."""


@dataclass(slots=True)
class _Whole:
    """A job of the other scheduler, of which a part is under way."""

    job: Job
    epochs: int = 0
    """Epochs trained in the parts so far."""


class CurveStopping:
    """Gives the other scheduler's jobs out in parts, and ends trials between them."""

    def __init__(
        self,
        scheduler: Scheduler,
        reason: Callable[[Curves], str | None],
        *,
        max_epochs: int,
        direction: Direction,
        curve: str | None,
    ) -> None:
        """Wrap `scheduler`.

        Args:
            scheduler: Decides which trials start and go on.
            reason: Why a trial is stopped; None if it is not.
            max_epochs: The full budget.
            direction: The objective's direction.
            curve: The name of the recorded curve that has the objective; if results do not have it, the
                objectives after each part take its place.
        """
        self._scheduler, self._reason = scheduler, reason
        self._max_epochs, self._direction, self._curve = max_epochs, direction, curve
        self._ends = sorted({max_epochs * k // PARTS for k in range(1, PARTS + 1)} - {0})
        self._parts: dict[JobKey, tuple[Job, _Whole]] = {}
        """The parts that are under way."""
        self._waiting: deque[tuple[Job, _Whole]] = deque()
        """Further parts that can start."""
        self._losses: dict[int, list[float]] = {}
        """The curve of each trial."""
        self._best: float | None = None
        self._released: list[JobKey] = []

    def ask(self, free: int) -> Sequence[Job]:
        """See `Scheduler`: further parts first."""
        parts = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        wholes = [_Whole(job) for job in self._scheduler.ask(free - len(parts))] if len(parts) < free else []
        parts += [(self._part(whole.job, whole.job.start), whole) for whole in wholes]
        self._parts |= {job.key: (job, whole) for job, whole in parts}
        return sorted((job for job, _ in parts), key=lambda job: job.trial.number)

    def tell(self, result: Result) -> Sequence[Stop]:
        """See `Scheduler`."""
        if result.key not in self._parts:
            raise ValueError(f"a result of a job that is not under way: (trial, budget) {result.key}")
        part, whole = self._parts.pop(result.key)
        job = whole.job
        if part.start > job.start:
            self._released.append((result.trial, part.start))
        whole.epochs += result.epochs
        self._add_losses(part, result)
        if result.status is not Status.COMPLETED or part.stop == job.stop:
            return self._scheduler.tell(replace(result, budget=job.stop, epochs=whole.epochs))
        own = self._losses[result.trial]
        others = {number: each for number, each in self._losses.items() if number != result.trial}
        reason = self._reason(Curves(own, others, self._best, self._max_epochs))
        if reason is None:
            self._waiting.append((self._part(job, part.stop), whole))
            return ()
        self._released.append(result.key)
        stopped = replace(result, status=Status.STOPPED_BY_CURVE, budget=job.stop, epochs=whole.epochs)
        stop = Stop(reason, result.trial, part.stop, saved=job.stop - part.stop)
        return [*self._scheduler.tell(stopped), stop]

    def released(self) -> Sequence[JobKey]:
        """See `Scheduler`."""
        released, self._released = self._released, []
        return [*released, *self._scheduler.released()]

    def _part(self, job: Job, start: int) -> Job:
        """The part of a job that begins after `start` epochs."""
        stop = next((end for end in self._ends if start < end < job.stop), job.stop)
        return replace(job, start=start, stop=stop)

    def _add_losses(self, part: Job, result: Result) -> None:
        curve = ((result.facts or {}).get(CURVE) or {}).get(self._curve)
        values = [finite_objective(result)] if curve is None else curve
        sign = 1.0 if self._direction == "minimize" else -1.0
        losses = self._losses.setdefault(result.trial, [])
        if curve is not None:
            del losses[part.start :]  # an extended search can give out a part again
        losses += [math.inf if value is None else sign * value for value in values]
        objective = finite_objective(result)
        is_full = result.budget == self._max_epochs or result.status is Status.STOPPED_EARLY
        if is_full and objective is not None:
            self._best = min(sign * objective, math.inf if self._best is None else self._best)

"""Stops trials of any scheduler whose learning curves promise nothing.

Each job is given out in parts of a ninth of the full budget. After each part but the last, the trial's curve
is judged, in the order of virtual time, so the decision is the same for any number of workers.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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


@dataclass(slots=True)
class _Curve:
    """What is known of a trial's learning curve."""

    epochs: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    """The losses after these epochs."""

    @property
    def last(self) -> int:
        """The last epoch that is known; 0 if there is none."""
        return self.epochs[-1] if self.epochs else 0

    def mean(self, epoch: int) -> float:
        """The mean loss up to this epoch."""
        count = bisect_right(self.epochs, epoch)
        return math.fsum(self.losses[:count]) / count


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
            curve: The name of the recorded curve that has the objective; if results do not have it, only the
                objective after each part is known.
        """
        self._scheduler, self._reason = scheduler, reason
        self._max_epochs, self._direction, self._curve = max_epochs, direction, curve
        self._ends = sorted({max_epochs * k // PARTS for k in range(1, PARTS + 1)} - {0})
        self._parts: dict[JobKey, tuple[Job, _Whole]] = {}
        """The parts that are under way."""
        self._waiting: deque[tuple[Job, _Whole]] = deque()
        """Further parts that can start."""
        self._curves: dict[int, _Curve] = {}
        """By trial number."""
        self._means: dict[int, list[float]] = {end: [] for end in self._ends}
        """By end of a part, the mean losses up to there of all trials that have come so far, in rising order:
        judging a trial must not read the curves of all others."""
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
        self._extend_curve(part, result)
        if result.status is not Status.COMPLETED or part.stop == job.stop:
            return self._scheduler.tell(replace(result, budget=job.stop, epochs=whole.epochs))
        reason = self._reason(self._known(result.trial, part.stop))
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

    def _known(self, trial: int, epoch: int) -> Curves:
        """What is known when a trial is judged after this epoch, which is the end of a part."""
        own, others = self._curves[trial], self._means[epoch].copy()
        del others[bisect_left(others, own.mean(epoch))]
        return Curves(own.epochs, own.losses, others, self._best, self._max_epochs)

    def _extend_curve(self, part: Job, result: Result) -> None:
        values = ((result.facts or {}).get(CURVE) or {}).get(self._curve)
        epochs: Sequence[int] = [part.stop]
        if values is None:
            values = [finite_objective(result)]
        else:
            epochs = range(part.start + 1, part.start + 1 + len(values))
        sign = 1.0 if self._direction == "minimize" else -1.0
        curve = self._curves.setdefault(result.trial, _Curve())
        before = curve.last
        curve.epochs += epochs
        curve.losses += [math.inf if value is None else sign * value for value in values]
        for end in self._ends:
            if before < end <= curve.last:
                insort(self._means[end], curve.mean(end))
        objective = finite_objective(result)
        is_full = result.budget == self._max_epochs or result.status is Status.STOPPED_EARLY
        if is_full and objective is not None:
            self._best = min(sign * objective, math.inf if self._best is None else self._best)

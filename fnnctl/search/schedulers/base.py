"""What schedulers share: the trials that they start, and the jobs that they have given out.

Trials are numbered in the order in which they start. For a scheduler, a limit on their number and an
exhausted sampler look the same: it gets fewer trials than requested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import Direction, Job, JobKey, Result, Trial
from fnnctl.search.budget import Bound, Bracket, SearchBudget
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.space.assignments import Assignment


class SchedulerKind(Protocol):
    """A scheduler class. It plans and builds from the same brackets, so that plan and search agree."""

    bound: Bound

    def plan(self, budget: SearchBudget, size: int | None) -> tuple[Bracket, ...]:
        """The brackets, before any of them shrinks, on a space of this size; None is infinite."""

    def build(
        self, sampler: Sampler, budget: SearchBudget, direction: Direction, batch: int = DEFAULT_BATCH
    ) -> Scheduler:
        """A new scheduler; a sampler that learns proposes `batch` configurations at once."""


class OpenJobs:
    """Jobs under way, by key."""

    def __init__(self) -> None:
        self._jobs: dict[JobKey, Job] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._jobs)

    def begin(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Add jobs, and return them."""
        self._jobs |= {job.key: job for job in jobs}
        return jobs

    def end(self, result: Result) -> Job:
        """Remove the result's job and return it; raises ValueError if it is not under way."""
        job = self._jobs.pop(result.key, None)
        if job is None:
            raise not_under_way(result)
        return job


def not_under_way(result: Result) -> ValueError:
    """The error if a scheduler is told a result that it does not wait for."""
    return ValueError(f"a result of a job that is not under way: (trial, budget) {result.key}")


class TrialSource:
    """Starts trials with the assignments that a sampler proposes, and tells it their losses."""

    def __init__(
        self,
        sampler: Sampler,
        max_trials: int | None = None,
        *,
        direction: Direction,
        batch: int = DEFAULT_BATCH,
    ) -> None:
        """Start at most `max_trials`; a sampler that learns proposes `batch` configurations at once."""
        self.learns = sampler.learns
        self.direction: Direction = direction
        self.exhausted = False
        """Whether there are no more trials."""
        self._sampler, self._max_trials, self._batch = sampler, max_trials, batch
        self._slots = 0
        """The most trials that could start at once so far: the room that there is if nothing is under way."""
        self._begun = 0
        self._pending: dict[int, Assignment] = {}
        """The assignments of trials without a result, by number."""

    def begin(self, count: int, free: int, *, bracket: int = 0) -> list[Trial]:
        """Return up to `count` new trials, of which at most `free` can start now.

        A sampler that learns proposes a whole batch or nothing: with less room than that, the scheduler has
        to wait until more jobs have ended. A batch is never larger than all the room that there is. The last
        batch waits for as much room as the others, though it may be smaller: so a search for more trials has
        the same ones up to there.
        """
        self._slots = max(self._slots, free)
        if self.learns:
            count = min(count, self._batch, self._slots)
            if count > free:
                return []
        size = count if self._max_trials is None else min(count, self._max_trials - self._begun)
        n = min(size, free)
        pending = list(self._pending.values()) if self.learns else ()  # there may be very many
        proposed = self._sampler.ask(n, pending)
        trials = [
            Trial(number, assignment, bracket)
            for number, assignment in enumerate(proposed, start=self._begun)
        ]
        self._begun += len(trials)
        self._pending |= {trial.number: trial.assignment for trial in trials}
        is_over = len(trials) < n and not self._sampler.is_waiting
        self.exhausted = is_over or self._begun == self._max_trials
        return trials

    def tell(self, trial: Trial, result: Result) -> None:
        """Tell the sampler a trial's result."""
        self._pending.pop(trial.number, None)
        objective = finite_objective(result)
        loss = math.inf if objective is None else objective if self.direction == "minimize" else -objective
        self._sampler.tell(trial, loss, result.budget)

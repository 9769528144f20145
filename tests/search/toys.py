"""Samplers and objectives that train nothing, a runner that mixes up results, and a hand that tells them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fnnctl.executors.protocols import Progress
from fnnctl.records.trials import Job, JobKey, Result, Status, Trial
from fnnctl.search.protocols import UNLIMITED, Scheduler
from fnnctl.search.samplers.fixed_list import FixedListSampler
from fnnctl.space.assignments import Assignment


def numbered(count: int) -> FixedListSampler:
    """Proposes {"x": 0}, {"x": 1} and so on."""
    return FixedListSampler({"x": x} for x in range(count))


@dataclass
class Recorder:
    """Does not learn, and remembers what it was asked and told."""

    most: int
    learns: bool = False
    is_waiting: bool = False
    saved: int = 0
    told: list[tuple[int, float, int]] = field(default_factory=list)
    """Trial, loss and budget."""
    asked: list[tuple[int, list[Assignment]]] = field(default_factory=list)
    """How many were asked for, and the pending assignments."""
    _proposed: int = 0

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        self.asked.append((n, list(pending)))
        first, self._proposed = self._proposed, min(self.most, self._proposed + n)
        return [{"x": x} for x in range(first, self._proposed)]

    def tell(self, trial: Trial, loss: float, budget: int) -> None:
        self.told.append((trial.number, loss, budget))


@dataclass
class Climber(Recorder):
    """Learns: its proposals contain the best value, which is the negative loss, that it was told so far."""

    learns: bool = True

    def ask(self, n: int, pending: Sequence[Assignment]) -> Sequence[Assignment]:
        best = max((-loss for _, loss, _ in self.told if math.isfinite(loss)), default=0.0)
        proposed = super().ask(n, pending)
        return [{"x": plain["x"] + 1, "best": best, "pending": len(pending)} for plain in proposed]


Outcome = float | Status | tuple[Status, float]
"""What a job comes to: an objective, a failure, or where an early stop ended."""


def result_of(job: Job, outcome: Outcome) -> Result:
    epochs = job.stop - job.start
    number, rung, budget = job.trial.number, job.rung, job.stop
    match outcome:
        case (status, objective):
            return Result(number, rung, budget, status, objective, 1)
        case Status():
            return Result(number, rung, budget, outcome, None, 1, reason="told to")
        case objective:
            return Result(number, rung, budget, Status.COMPLETED, objective, epochs)


def asked_jobs(scheduler: Scheduler, free: int = UNLIMITED) -> list[Job]:
    """All jobs that can start now."""
    jobs: list[Job] = []
    while free > len(jobs) and (found := scheduler.ask(free - len(jobs))):
        jobs += found
    return jobs


def climbed(
    scheduler: Scheduler, outcome: Callable[[Job], Outcome], *, free: int = UNLIMITED, limit: int = 1000
) -> list[list[tuple[int, int, int]]]:
    """Ask for all jobs that can start and tell their results by trial, until there are none.

    Returns (trial, start, stop) of the jobs, round by round.
    """
    asked: list[list[tuple[int, int, int]]] = []
    for _ in range(limit):
        jobs = asked_jobs(scheduler, free)
        if not jobs:
            return asked
        asked.append([(job.trial.number, job.start, job.stop) for job in jobs])
        for job in sorted(jobs, key=lambda job: job.trial.number):
            scheduler.tell(result_of(job, outcome(job)))
    raise AssertionError("the scheduler does not come to an end")


def by_trial(outcomes: Mapping[int, Outcome]) -> Callable[[Job], Outcome]:
    """The same outcome of a trial at every budget."""
    return lambda job: outcomes[job.trial.number]


def unruly(job: Job) -> Outcome:
    """An objective in [0, 1) that jumps about, with divergences, failures, early stops and ties among it."""
    noise = math.sin(12.9898 * job.trial.number + 78.233 * job.stop) * 43758.5453 % 1.0
    value = round(noise, 2)
    if noise < 0.1:
        return Status.DIVERGED
    if noise < 0.15:
        return Status.FAILED
    return (Status.STOPPED_EARLY, value) if noise > 0.85 else value


def do_job(progress: Progress, job: Job) -> Result:
    """The same as work for an executor."""
    progress.advance(job.stop - job.start)
    return result_of(job, unruly(job))


class ToyRunner:
    """A runner like the engine's: jobs of one "shape" together, in batches, in an order of its own.

    With a seed, batches have random sizes and jobs, in random order, as if many workers delivered them. An
    epoch costs 1.
    """

    def __init__(
        self,
        outcome: Callable[[Job], Outcome] = unruly,
        *,
        groups: int = 3,
        batch: int = 4,
        seed: int | None = None,
    ) -> None:
        self._outcome, self._groups, self._batch = outcome, groups, batch
        self._rng = None if seed is None else random.Random(seed)
        self._waiting: list[Job] = []
        self.done: list[JobKey] = []
        """The jobs that were done, in the order of doing."""
        self.submitted: list[tuple[Job, int]] = []
        """Jobs and their virtual ends."""
        self.released: list[JobKey] = []

    def cost(self, job: Job) -> int:
        return job.stop - job.start

    def submit(self, job: Job, due: int) -> None:
        self.submitted.append((job, due))
        self._waiting.append(job)

    def collect(self) -> Sequence[Result]:
        batch = self._next()
        self._waiting = [job for job in self._waiting if job not in batch]
        self.done += [job.key for job in batch]
        return [result_of(job, self._outcome(job)) for job in batch]

    def release(self, keys: Sequence[JobKey]) -> None:
        self.released += keys

    def _next(self) -> list[Job]:
        if not self._waiting:
            return []
        if self._rng:
            most = min(self._batch, len(self._waiting))
            return self._rng.sample(self._waiting, self._rng.randint(1, most))
        shape = min(job.trial.number % self._groups for job in self._waiting)
        alike = [job for job in self._waiting if job.trial.number % self._groups == shape]
        return sorted(alike, key=lambda job: job.trial.number)[: self._batch]

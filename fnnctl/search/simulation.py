"""Simulates a search on any number of workers: how long it takes, and how busy they are.

The scheduler and the loop are those of a real search. Only the jobs are not done: each takes the time that it
would take, with noise, and has an objective that improves with the epochs.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import Job, JobKey, Result, Status
from fnnctl.search.loop import run_search
from fnnctl.search.protocols import Scheduler
from fnnctl.seeds import Purpose, stream

NOISE: Final = 0.1
"""The standard deviation of a job's duration, relative to it; judgement."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulated search comes to."""

    workers: int
    jobs: int
    seconds: float
    """From the first job to the last result."""
    busy: float
    """The share of the workers' time in which they had a job."""
    waiting: float
    """The mean share of finished results that had to wait for others before they were recorded."""


def simulate(
    scheduler: Scheduler,
    cost: Callable[[Job], int],
    seconds: Callable[[Job], float],
    *,
    workers: int,
    concurrency: int,
    seed: int,
    budget: int | None = None,
    noise: float = NOISE,
) -> Simulation:
    """Run a search of simulated jobs.

    Args:
        scheduler: A new one.
        cost: The virtual time of a job.
        seconds: How long a job takes on one worker.
        workers: How many jobs are done at the same time.
        concurrency: How many jobs are under way at once, in virtual time.
        seed: Determines durations and objectives.
        budget: The most that the jobs may cost in virtual time; None for no limit.
        noise: The standard deviation of a job's duration, relative to it.
    """
    runner = _SimulatedRunner(cost, seconds, workers, noise, seed)
    journal = Journal()
    journal.begin(Header("", None, {}, {}))
    run_search(scheduler, runner, journal, concurrency=concurrency, cost=budget, on_result=runner.record)
    span = runner.now * workers
    jobs = len(journal.results)
    return Simulation(
        workers=workers,
        jobs=jobs,
        seconds=runner.now,
        busy=runner.busy / span if span else 0.0,
        waiting=runner.waited / jobs if jobs else 0.0,
    )


class _SimulatedRunner:
    """Workers that take the most urgent job whenever they are free."""

    def __init__(
        self,
        cost: Callable[[Job], int],
        seconds: Callable[[Job], float],
        workers: int,
        noise: float,
        seed: int,
    ) -> None:
        self.cost, self._seconds, self._free = cost, seconds, workers
        self._noise, self._seed = noise, seed
        self.now = self.busy = 0.0
        self.waited = 0
        """How many results were recorded later than they were there."""
        self._queue: list[tuple[int, int, Job]] = []
        """A heap of (since, trial number, job)."""
        self._running: list[tuple[float, int, Result]] = []
        """A heap of (end, trial number, result): a trial has one job at a time."""
        self._ended: dict[JobKey, float] = {}
        self._quality: dict[int, float] = {}
        """By trial: its objective after endlessly many epochs."""

    def submit(self, job: Job, since: int) -> None:
        """Do the job, which starts at the virtual time `since`: see `Runner`."""
        heapq.heappush(self._queue, (since, job.trial.number, job))

    def collect(self) -> Sequence[Result]:
        """See `Runner`: the result of the job that ends next."""
        while self._free and self._queue:
            _, number, job = heapq.heappop(self._queue)
            rng = stream(self._seed, Purpose.SIMULATION, number, job.stop)
            duration = self._seconds(job) * max(0.1, float(rng.normal(1.0, self._noise)))
            self.busy += duration
            self._free -= 1
            heapq.heappush(self._running, (self.now + duration, number, self._result(job, rng)))
        if not self._running:
            return []
        self.now, _, result = heapq.heappop(self._running)
        self._free += 1
        self._ended[result.key] = self.now
        return [result]

    def release(self, keys: Sequence[JobKey]) -> None:
        """See `Runner`; there are no checkpoints."""

    def record(self, result: Result) -> None:
        """Count the results that had to wait."""
        self.waited += self._ended.pop(result.key) < self.now

    def _result(self, job: Job, rng: np.random.Generator) -> Result:
        """The trial's quality, less what is left to learn, with noise that the epochs average out."""
        number = job.trial.number
        if number not in self._quality:
            self._quality[number] = float(rng.normal())
        objective = self._quality[number] - 1 / job.stop + float(rng.normal()) / math.sqrt(job.stop)
        return Result(number, job.rung, job.stop, Status.COMPLETED, objective, job.stop - job.start)

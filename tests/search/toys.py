"""Samplers and objectives that train nothing, and a hand that answers a scheduler."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from fnnctl.executors.protocols import Progress
from fnnctl.records.trials import Direction, Job, Result, Status, Trial
from fnnctl.search.loop import Runner
from fnnctl.search.protocols import Scheduler
from fnnctl.search.samplers.fixed_list import FixedListSampler
from fnnctl.space.assignments import Assignment


def numbered(count: int) -> FixedListSampler:
    """Chooses {"x": 0}, {"x": 1} and so on."""
    return FixedListSampler({"x": x} for x in range(count))


@dataclass
class Climber:
    """Learns: what it chooses has the best objective that it was told so far in it."""

    most: int
    direction: Direction = "maximize"
    learns: bool = True
    told: list[tuple[int, Result]] = field(default_factory=list)
    _asked: int = 0

    def ask(self) -> Assignment | None:
        if self._asked == self.most:
            return None
        self._asked += 1
        sign = 1 if self.direction == "maximize" else -1
        best = max((sign * (result.objective or 0.0) for _, result in self.told), default=0.0)
        return {"x": self._asked, "best": best}

    def tell(self, trial: Trial, result: Result) -> None:
        self.told.append((trial.number, result))


@dataclass
class Recorder:
    """Does not learn, and remembers what it was told."""

    most: int
    learns: bool = False
    told: list[Result] = field(default_factory=list)
    _asked: int = 0

    def ask(self) -> Assignment | None:
        if self._asked == self.most:
            return None
        self._asked += 1
        return {"x": self._asked - 1}

    def tell(self, trial: Trial, result: Result) -> None:
        assert trial.number == result.trial
        self.told.append(result)


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


def climbed(
    scheduler: Scheduler, outcome: Callable[[Job], Outcome], limit: int = 1000
) -> list[list[tuple[int, int, int]]]:
    """Answer a scheduler until it is done: (trial, start, stop) of the jobs, ask by ask."""
    asked: list[list[tuple[int, int, int]]] = []
    for _ in range(limit):
        jobs = scheduler.ask()
        if not jobs:
            return asked
        asked.append([(job.trial.number, job.start, job.stop) for job in jobs])
        scheduler.tell([result_of(job, outcome(job)) for job in jobs])
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


def grouped_runner(outcome: Callable[[Job], Outcome], *, groups: int = 3, batch: int = 4) -> Runner:
    """A runner like the engine's: jobs of one "shape" together, in batches, in an order of their own."""

    def run(jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        order = sorted(jobs, key=lambda job: (job.trial.number % groups, job.trial.number))
        for first in range(0, len(order), batch):
            yield [result_of(job, outcome(job)) for job in order[first : first + batch]]

    return run

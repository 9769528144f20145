"""The search loop: a pure function of the journal, on which every decision depends.

A search that was killed starts again with a new scheduler. Jobs with recorded results are not done again: the
scheduler receives these results. So nothing else has to be saved, and resuming is replaying. An extended
search starts again with a new plan, whose jobs resume from the largest recorded budget. A trial's recorded
learning curve has the objective at each of its epochs, so a smaller budget than the recorded one needs no
training.

The loop runs on virtual time: a job takes its cost. Results are recorded and told in the order in which jobs
end there, which does not depend on the number of workers, their speed or interruptions. A result that a
worker delivers before its turn is held until then, so the journal is the same for any number of workers.

A limit on the cost ends the search in the same way: the cost of a job follows from the job, so the jobs that
begin are the same on any machine, and a larger limit begins the same ones first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from fnnctl.messages import Message
from fnnctl.records.journal import COMPLETE, Journal
from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import (
    CURVE,
    Job,
    JobKey,
    Result,
    Status,
    Stop,
    failed_result,
    non_finite_objective,
)
from fnnctl.search.protocols import UNLIMITED, Runner, Scheduler


class VirtualClock:
    """The jobs under way, and the virtual time."""

    def __init__(self) -> None:
        self.now = 0
        self._under_way: list[tuple[int, int, Job]] = []
        """A heap of (end, trial, job): a trial has one job at a time, so jobs are never compared."""

    def __len__(self) -> int:
        """The number of jobs under way."""
        return len(self._under_way)

    def start(self, job: Job, cost: int) -> int:
        """Start a job now; return the time at which it ends."""
        end = self.now + cost
        heapq.heappush(self._under_way, (end, job.trial.number, job))
        return end

    @property
    def jobs(self) -> list[Job]:
        """The jobs under way, in the order in which they end."""
        return [job for _, _, job in sorted(self._under_way, key=lambda entry: entry[:2])]

    @property
    def first(self) -> Job:
        """The job that ends first; of several, the one with the smallest trial number."""
        return self._under_way[0][2]

    def end_first(self) -> Job:
        """End that job: it is then as late as its end."""
        self.now, _, job = heapq.heappop(self._under_way)
        return job


MAX_UNCOUNTED_TRIALS: Final = 1_000
"""The invalid trials in a row after which a search ends whose only limit is its cost: it would never end."""


class Spending:
    """What the jobs that have begun cost, and how much they may cost."""

    def __init__(self, limit: int | None) -> None:
        """The limit is None if the jobs may cost any amount."""
        self.left = limit
        self._free = 0
        """How many of the last jobs have cost nothing, because their configurations are invalid."""

    @property
    def is_over(self) -> bool:
        """Whether no further job may begin."""
        return self.left is not None and (self.left <= 0 or self._free >= MAX_UNCOUNTED_TRIALS)

    def affordable(self, jobs: Sequence[Job], cost: Callable[[Job], int]) -> list[tuple[Job, int]]:
        """Spend on the jobs in order; return those that begin, each with its cost.

        The last one may cost more than is left.
        """
        begun = []
        for job in jobs:
            if self.is_over:
                break
            job_cost = cost(job)
            begun.append((job, job_cost))
            self._free = 0 if job_cost else self._free + 1
            if self.left is not None:
                self.left -= job_cost
        return begun


@dataclass(frozen=True, slots=True)
class KnownResult:
    """A job's result, before the scheduler is told."""

    result: Result
    job: Job
    is_new: bool
    """Whether it is to be recorded."""
    has_curve: bool
    """Whether its learning curves cover all of the job's epochs."""

    def with_curve(self, journal: Journal) -> Result:
        """The result with the objective's curve over all of the job's epochs, if there is such a curve.

        The recorded curves cover other epochs if an extension has moved the start or the end of the job.
        """
        name = None if self.has_curve else journal.objective_curve
        curve = name and _objective_curve(journal.of_trial(self.result.trial), name)
        if not curve:
            return self.result
        facts = self.result.facts or {}
        curves = {**facts.get(CURVE, {}), name: curve[self.job.start : self.job.stop]}
        return replace(self.result, facts={**facts, CURVE: curves})


def known_result(job: Job, journal: Journal) -> KnownResult | None:
    """The job's result, if it is recorded or follows from what is recorded.

    A recorded result gets the job's rung: an extension may have moved it. A trial that ended at a smaller
    budget has the same result at this budget. A result that is read from a learning curve is new.
    """
    result = journal.results.get(job.key)
    if result is not None:
        return KnownResult(replace(result, rung=job.rung), job, is_new=False, has_curve=False)
    recorded = journal.of_trial(job.trial.number)
    if not recorded:
        return None
    last, name = recorded[-1], journal.objective_curve
    curve = _objective_curve(recorded, name) if name else None
    ended = last.status is not Status.COMPLETED
    if curve is not None and job.stop < len(curve):
        return KnownResult(_from_curve(job, curve[job.stop - 1]), job, is_new=True, has_curve=False)
    if not ended or (last.budget > job.stop and curve is None):
        return None
    result = replace(last, rung=job.rung, budget=job.stop, epochs=0)
    return KnownResult(result, job, is_new=False, has_curve=False)


def shortened(job: Job, journal: Journal) -> Job:
    """The job, starting at the largest recorded budget, which an extended plan may not know about."""
    before = journal.before(job.key)
    return job if before is None or before.budget <= job.start else replace(job, start=before.budget)


def _objective_curve(recorded: Sequence[Result], name: str) -> list[float | None] | None:
    """The objective after each epoch that the trial has trained, from its first; None if it is not recorded.

    Every job records the curve of its own epochs, and each starts where the one before ended.
    """
    curve: list[float | None] = []
    for result in recorded:
        if not result.epochs:
            continue
        values = ((result.facts or {}).get(CURVE) or {}).get(name, ())
        if len(values) != result.epochs:
            return None
        curve += values
    return curve


def _from_curve(job: Job, value: float | None) -> Result:
    if value is None:
        return failed_result(job, non_finite_objective(None), status=Status.DIVERGED)
    return Result(job.trial.number, job.rung, job.stop, Status.COMPLETED, value, 0)


ShouldStop: TypeAlias = Callable[[], Message | None]
"""Returns why the search should end now, for its last record; None if it should continue."""


def run_search(
    scheduler: Scheduler,
    runner: Runner,
    journal: Journal,
    *,
    concurrency: int = UNLIMITED,
    cost: int | None = None,
    stop: ShouldStop = lambda: None,
    on_result: Callable[[Result], None] = lambda result: None,
    on_stops: Callable[[Sequence[Stop]], None] = lambda stops: None,
) -> Message:
    """Search until there is nothing left to do, or until `stop` gives a reason; return why it ended.

    If it is stopped, results that wait for their turn are recorded as early ones, so that nothing trained is
    lost to whoever chooses from the results. A resume records them in their turn.

    Args:
        scheduler: A new one, with a new sampler.
        runner: Does the jobs.
        journal: Contains the header, and the results of earlier runs of this search.
        concurrency: How many jobs are under way at once, in virtual time.
        cost: No job begins once those before it cost as much; None for no limit.
        stop: Called before each wait for results.
        on_result: Called with every result after it is recorded.
        on_stops: Called with the decisions that follow from a result, also those of earlier runs.
    """
    clock, results, spending = VirtualClock(), _Results(runner, journal), Spending(cost)
    while True:
        while not spending.is_over and (free := concurrency - len(clock)) and (asked := scheduler.ask(free)):
            jobs = spending.affordable(asked, runner.cost)
            journal.begin_trials([job.trial for job, _ in jobs if job.start == 0])
            for job, job_cost in jobs:
                results.request(job, since=clock.now)
                clock.start(job, job_cost)
        if not clock:
            return journal.finish(Message(COMPLETE, "complete"))
        if reason := results.wait_for(clock.first, stop):
            for known in results.waiting(clock.jobs):
                journal.add_early(known.result)
                on_result(known.result)
            return journal.finish(reason)
        known = results.take(clock.end_first())
        if known.is_new:
            journal.add_result(known.result)
            on_result(known.result)
        stops = scheduler.tell(known.with_curve(journal))
        journal.add_stops(stops)
        on_stops(stops)
        if released := scheduler.released():
            runner.release(released)


class _Results:
    """Results that have not been told yet: recorded ones, and those that came before their turn."""

    def __init__(self, runner: Runner, journal: Journal) -> None:
        self._runner, self._journal = runner, journal
        self._requested: dict[JobKey, tuple[Job, bool]] = {}
        """The jobs whose results are still to come, and whether they are shorter than the scheduler's."""
        self._results: dict[JobKey, KnownResult] = {}
        self._unsaved: list[Result] = []
        """New results that are not held in the journal's cache yet."""

    def request(self, job: Job, since: int) -> None:
        """Have the job done, unless its result is known."""
        if result := known_result(job, self._journal):
            self._results[job.key] = result
        elif held := self._journal.held.get(job.key):
            self._results[job.key] = KnownResult(held, job, is_new=True, has_curve=False)
        else:
            short = shortened(job, self._journal)
            self._requested[job.key] = job, short is not job
            self._runner.submit(short, since)

    def wait_for(self, job: Job, stop: ShouldStop) -> Message | None:
        """Wait for the job's result; return the reason if the search should stop instead."""
        while job.key not in self._results:
            # those that still wait for their turn; the others are recorded by now
            self._journal.hold([result for result in self._unsaved if result.key in self._results])
            self._journal.sync()
            self._unsaved = []
            if reason := stop():
                return reason
            batch = self._runner.collect()
            if not batch:
                if reason := stop():
                    return reason
                raise RuntimeError(f"the runner did not do {len(self._requested)} jobs")
            for result in map(normalized_result, batch):
                if result.key not in self._requested:
                    raise ValueError(f"a result that belongs to no open job: (trial, budget) {result.key}")
                requested, is_short = self._requested.pop(result.key)
                self._results[result.key] = KnownResult(
                    result, requested, is_new=True, has_curve=not is_short
                )
                self._unsaved.append(result)
        return None

    def waiting(self, jobs: Sequence[Job]) -> list[KnownResult]:
        """The results of these jobs that are there and not recorded, in this order."""
        results = (self._results[job.key] for job in jobs if job.key in self._results)
        return [known for known in results if known.is_new]

    def take(self, job: Job) -> KnownResult:
        """The job's result."""
        return self._results.pop(job.key)


def normalized_result(result: Result) -> Result:
    """The result as it will be read from the journal, with a finite float or None as its objective."""
    objective = finite_objective(result)
    if objective is not None:
        return replace(result, objective=float(objective))
    if result.status.finite:
        if result.reason is None:
            reason = non_finite_objective(result.objective)
            result = replace(result, reason=str(reason), reason_kind=reason.kind)
        return replace(result, status=Status.DIVERGED, objective=None)
    return replace(result, objective=None)

"""The search loop: a pure function of the journal, on which every decision depends.

A search that was killed starts again with a new scheduler. Jobs with recorded results are not done again: the
scheduler receives these results. So nothing else has to be saved, and resuming is replaying. An extended
search starts again with a new plan, whose jobs resume from the largest recorded budget.

Results are recorded and told in the order of virtual time. Workers may deliver them in another order; a
result that comes before its turn is held until then, so the journal is the same for any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from fnnctl.records.journal import COMPLETE, Journal
from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import Job, JobKey, Result, Status, Stop
from fnnctl.search.clock import VirtualClock
from fnnctl.search.protocols import UNLIMITED, Runner, Scheduler
from fnnctl.search.recorded import KnownResult, known_result, shortened

ShouldStop: TypeAlias = Callable[[], str | None]
"""Returns why the search should end now, for its last record; None if it should continue."""


def run_search(
    scheduler: Scheduler,
    runner: Runner,
    journal: Journal,
    *,
    concurrency: int = UNLIMITED,
    stop: ShouldStop = lambda: None,
    on_result: Callable[[Result], None] = lambda result: None,
    on_stops: Callable[[Sequence[Stop]], None] = lambda stops: None,
) -> str:
    """Search until there is nothing left to do, or until `stop` gives a reason; return why it ended.

    Args:
        scheduler: A new one, with a new sampler.
        runner: Does the jobs.
        journal: Contains the header, and the results of earlier runs of this search.
        concurrency: How many jobs are under way at once, in virtual time.
        stop: Called before each wait for results.
        on_result: Called with every result after it is recorded.
        on_stops: Called with the decisions that follow from a result, also those of earlier runs.
    """
    clock, results = VirtualClock(), _Results(runner, journal)
    while True:
        while (free := concurrency - len(clock)) and (jobs := scheduler.ask(free)):
            journal.begin_trials([job.trial for job in jobs if job.start == 0])
            for job in jobs:
                results.request(job, since=clock.now)
                clock.start(job, runner.cost(job))
        if not clock:
            return journal.finish(COMPLETE)
        if reason := results.wait_for(clock.first, stop):
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
        self._there: dict[JobKey, KnownResult] = {}
        self._unsaved: list[Result] = []
        """New results that are not held in the journal's cache yet."""

    def request(self, job: Job, since: int) -> None:
        """Have the job done, unless its result is known."""
        if known := known_result(job, self._journal):
            self._there[job.key] = known
        elif held := self._journal.held.get(job.key):
            self._there[job.key] = KnownResult(held, job, is_new=True, has_curve=False)
        else:
            short = shortened(job, self._journal)
            self._requested[job.key] = job, short is not job
            self._runner.submit(short, since)

    def wait_for(self, job: Job, stop: ShouldStop) -> str | None:
        """Wait for the job's result; return the reason if the search should stop instead."""
        while job.key not in self._there:
            self._journal.hold([result for result in self._unsaved if result.key in self._there])
            self._journal.sync()
            self._unsaved = []
            if reason := stop():
                return reason
            batch = self._runner.collect()
            if not batch:
                if reason := stop():
                    return reason
                raise RuntimeError(f"the runner did not do {len(self._requested)} jobs")
            for result in map(_settled, batch):
                if result.key not in self._requested:
                    raise ValueError(f"a result that belongs to no open job: (trial, budget) {result.key}")
                own, is_short = self._requested.pop(result.key)
                self._there[result.key] = KnownResult(result, own, is_new=True, has_curve=not is_short)
                self._unsaved.append(result)
        return None

    def take(self, job: Job) -> KnownResult:
        """The job's result."""
        return self._there.pop(job.key)


def _settled(result: Result) -> Result:
    """The result as it will be read from the journal, with a finite float or None as its objective."""
    objective = finite_objective(result)
    if objective is not None:
        return replace(result, objective=float(objective))
    if result.status.finite:
        reason = result.reason or f"the objective is {result.objective}"
        return replace(result, status=Status.DIVERGED, objective=None, reason=reason)
    return replace(result, objective=None)

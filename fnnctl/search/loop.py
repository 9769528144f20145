"""The search loop: a pure function of the journal, on which every decision depends.

A search that was killed starts again with a new scheduler. Jobs with recorded results are not done again: the
scheduler receives these results. So nothing else has to be saved, and resuming is replaying. An extended
search starts again with a new plan, whose jobs resume from the largest recorded budget.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias

from fnnctl.records.journal import COMPLETE, Journal
from fnnctl.records.standings import finite_objective
from fnnctl.records.trials import Job, Result, Status
from fnnctl.search.protocols import Scheduler

Runner: TypeAlias = Callable[[Sequence[Job]], Generator[Sequence[Result], None, None]]
"""Does jobs and yields their results in batches; each batch is recorded before the next one is requested.

The order of the results depends on the jobs alone, not on which one ends first, and leaving out jobs does not
change the order of the others. So journals do not depend on workers or interruptions. A runner may end early
if it is asked to stop.
"""

Stop: TypeAlias = Callable[[], str | None]
"""Returns why the search should end now, for its last record; None if it should continue."""


def run_search(
    scheduler: Scheduler,
    runner: Runner,
    journal: Journal,
    *,
    stop: Stop = lambda: None,
    on_results: Callable[[Sequence[Result]], None] = lambda results: None,
) -> str:
    """Search until there is nothing left to do, or until `stop` gives a reason; return why it ended.

    Args:
        scheduler: A new one, with a new sampler.
        runner: Does the jobs.
        journal: Contains the header, and the results of earlier runs of this search.
        stop: Called after every batch of results.
        on_results: Called with every batch of results after it is recorded.
    """
    while jobs := scheduler.ask():
        journal.begin_trials([job.trial for job in jobs if job.start == 0])
        known = {job.key: _known(job, journal) for job in jobs}
        missing = [_shortened(job, journal) for job in jobs if known[job.key] is None]
        if missing and (reason := _run(missing, runner, journal, stop, on_results)):
            return journal.finish(reason)
        scheduler.tell([known[job.key] or journal.results[job.key] for job in jobs])
    return journal.finish(COMPLETE)


def _run(
    missing: Sequence[Job],
    runner: Runner,
    journal: Journal,
    stop: Stop,
    on_results: Callable[[Sequence[Result]], None],
) -> str | None:
    """Do the jobs and record their results; return the reason to stop if not all were done."""
    if reason := stop():
        return reason
    left = {job.key for job in missing}
    with closing(runner(missing)) as batches:
        for batch in batches:
            results = [_settled(result) for result in batch]
            for result in results:
                if result.key not in left:
                    raise ValueError(f"a result that belongs to no open job: (trial, budget) {result.key}")
                left.remove(result.key)
            journal.add_results(results)
            on_results(results)
            if left and (reason := stop()):
                return reason
    if left and not (reason := stop()):
        raise RuntimeError(f"the runner did not do {len(left)} of {len(missing)} jobs")
    return reason


def _settled(result: Result) -> Result:
    """The result as it will be read from the journal, with a finite float or None as its objective."""
    objective = finite_objective(result)
    if objective is not None:
        return replace(result, objective=float(objective))
    if result.status.finite:
        reason = result.reason or f"the objective is {result.objective}"
        return replace(result, status=Status.DIVERGED, objective=None, reason=reason)
    return replace(result, objective=None)


def _known(job: Job, journal: Journal) -> Result | None:
    """The job's recorded result, if any, with its current rung: an extension may have moved it.

    A trial that ended at a smaller budget has the same result at this budget.
    """
    result = journal.results.get(job.key)
    if result is not None:
        return result if result.rung == job.rung else replace(result, rung=job.rung)
    before = journal.before(job.key)
    if before is None or before.status is Status.COMPLETED:
        return None
    return replace(before, rung=job.rung, budget=job.stop, epochs=0)


def _shortened(job: Job, journal: Journal) -> Job:
    """The job, starting at the largest recorded budget, which an extended plan may not know about."""
    before = journal.before(job.key)
    return job if before is None or before.budget <= job.start else replace(job, start=before.budget)

"""The search: a pure function of its journal, from which every decision is made.

A search that was killed starts again with a new scheduler. Jobs whose results are recorded are not done
again: the scheduler is told these results. So there is nothing else to save, and resuming is replaying. A
search that is extended starts again with another plan, whose jobs resume from the largest budget that
is recorded.
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
"""Does jobs, and yields their results in batches, each of which is recorded before the next is asked for.

The order of the results follows from each job alone, not from which ends first, and leaving out jobs does not
change the order of the others: so journals do not depend on workers and interruptions. A runner that is asked
to stop may end early.
"""

Stop: TypeAlias = Callable[[], str | None]
"""Why the search should end now, for its last record; None if it should go on."""


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
        journal: It has its header, and the results of earlier runs of this search.
        stop: Is asked after every batch of results.
        on_results: Is called with every batch of results after it is recorded.
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
                    raise ValueError(f"a result of no job that is to be done: (trial, budget) {result.key}")
                left.remove(result.key)
            journal.add_results(results)
            on_results(results)
            if left and (reason := stop()):
                return reason
    if left and not (reason := stop()):
        raise RuntimeError(f"the runner has left {len(left)} of {len(missing)} jobs undone")
    return reason


def _settled(result: Result) -> Result:
    """The result as it will be read from the journal: its objective is a finite float, or None."""
    objective = finite_objective(result)
    if objective is not None:
        return replace(result, objective=float(objective))
    if result.status.finite:
        reason = result.reason or f"the objective is {result.objective}"
        return replace(result, status=Status.DIVERGED, objective=None, reason=reason)
    return replace(result, objective=None)


def _known(job: Job, journal: Journal) -> Result | None:
    """The job's recorded result, if there is one, in its present rung: an extension may have moved it.

    A trial that ended at a smaller budget has the same result at this one.
    """
    result = journal.results.get(job.key)
    if result is not None:
        return result if result.rung == job.rung else replace(result, rung=job.rung)
    before = journal.before(job.key)
    if before is None or before.status is Status.COMPLETED:
        return None
    return replace(before, rung=job.rung, budget=job.stop, epochs=0)


def _shortened(job: Job, journal: Journal) -> Job:
    """The job from the largest recorded budget, which an extended plan may not know of."""
    before = journal.before(job.key)
    return job if before is None or before.budget <= job.start else replace(job, start=before.budget)

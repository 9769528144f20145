"""What a journal knows about a job: its result, a result that follows from another, or where it can start.

An extended search asks for budgets that the search before it did not have. A trial's recorded learning curve
has the objective at each of its epochs, so a smaller budget than the recorded one needs no training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fnnctl.records.journal import Journal
from fnnctl.records.trials import CURVE, Job, Result, Status


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
        own = {**facts.get(CURVE, {}), name: curve[self.job.start : self.job.stop]}
        return replace(self.result, facts={**facts, CURVE: own})


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
    if curve is not None and (job.stop < len(curve) or (job.stop == len(curve) and not ended)):
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
        own = ((result.facts or {}).get(CURVE) or {}).get(name, ())
        if len(own) != result.epochs:
            return None
        curve += own
    return curve


def _from_curve(job: Job, value: float | None) -> Result:
    if value is None:
        reason = "the objective is not finite"
        return Result(job.trial.number, job.rung, job.stop, Status.DIVERGED, None, 0, reason)
    return Result(job.trial.number, job.rung, job.stop, Status.COMPLETED, value, 0)

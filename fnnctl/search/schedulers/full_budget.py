"""The scheduler of grid and random search: every trial gets the whole budget at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.trials import Direction, Job, JobKey, Result, Stop
from fnnctl.search.budget import Bound, Bracket, Rung, SearchBudget, least
from fnnctl.search.protocols import UNLIMITED, Sampler
from fnnctl.search.schedulers.base import OpenJobs, SchedulerKind, TrialSource


class FullBudget:
    """One rung for all trials."""

    bound: ClassVar[Bound] = "at most"

    def __init__(self, source: TrialSource, *, epochs: int) -> None:
        """Start as many trials as the source provides."""
        self._source, self._epochs = source, epochs
        self._jobs = OpenJobs()

    @staticmethod
    def plan(budget: SearchBudget, size: int | None) -> tuple[Bracket, ...]:
        """See `SchedulerKind`; raises ValueError if nothing bounds the number of trials."""
        trials = least(budget.trials, budget.max_trials, size)
        if trials is None:
            raise ValueError("the space is infinite: the number of trials needs a bound")
        return (Bracket(0, (Rung(trials, budget.max_epochs),)),)

    @classmethod
    def build(
        cls, sampler: Sampler, budget: SearchBudget, direction: Direction, batch: int = DEFAULT_BATCH
    ) -> FullBudget:
        """A scheduler of as many trials as the budget allows."""
        most = least(budget.trials, budget.max_trials)
        return cls(TrialSource(sampler, most, direction=direction, batch=batch), epochs=budget.max_epochs)

    def ask(self, free: int) -> Sequence[Job]:
        """New trials, each with one job that trains it with the largest budget."""
        if self._source.exhausted:
            return []
        trials = self._source.begin(UNLIMITED, free)
        return self._jobs.begin([Job(trial, rung=0, start=0, stop=self._epochs) for trial in trials])

    def tell(self, result: Result) -> Sequence[Stop]:
        """Tell the sampler; nothing is stopped."""
        self._source.tell(self._jobs.end(result).trial, result)
        return ()

    def released(self) -> Sequence[JobKey]:
        """See `Scheduler`; no job resumes from another."""
        return []


SCHEDULER: Final[SchedulerKind] = FullBudget

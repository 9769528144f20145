"""The scheduler of grid and random search: every trial gets the whole budget at once."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.records.trials import Direction, Job, Result
from fnnctl.search.budget import SearchBudget, least
from fnnctl.search.protocols import Sampler
from fnnctl.search.rungs import Bracket, Rung
from fnnctl.search.schedulers.trial_source import TrialSource, check_answers


class FullBudget:
    """One rung for all trials: together, or one after another if the sampler learns from them."""

    def __init__(self, source: TrialSource, *, epochs: int) -> None:
        """Start as many trials as the source provides."""
        self._source, self._epochs = source, epochs
        self._jobs: list[Job] = []

    @staticmethod
    def plan(budget: SearchBudget, size: int | None) -> tuple[Bracket, ...]:
        """See `SchedulerKind`; raises ValueError if nothing bounds the number of trials."""
        trials = least(budget.trials, budget.max_trials, size)
        if trials is None:
            raise ValueError("the space is infinite: the number of trials needs a bound")
        return (Bracket(0, (Rung(trials, budget.max_epochs),)),)

    @classmethod
    def build(cls, sampler: Sampler, budget: SearchBudget, direction: Direction) -> FullBudget:
        """See `SchedulerKind`."""
        source = TrialSource(sampler, least(budget.trials, budget.max_trials))
        return cls(source, epochs=budget.max_epochs)

    def ask(self) -> Sequence[Job]:
        """See `Scheduler`."""
        if not self._jobs:
            trials = self._source.begin(1 if self._source.sampler.learns else None)
            self._jobs = [Job(trial, rung=0, start=0, stop=self._epochs) for trial in trials]
        return self._jobs

    def tell(self, results: Sequence[Result]) -> None:
        """See `Scheduler`."""
        check_answers(self._jobs, results)
        for job, result in zip(self._jobs, results, strict=True):
            self._source.sampler.tell(job.trial, result)
        self._jobs = []

"""Successive halving: many trials get few epochs, and the best of each rung get more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fnnctl.records.standings import is_finite, ranked
from fnnctl.records.trials import Direction, Job, Result, Status, Trial
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import Sampler
from fnnctl.search.rungs import Bracket, halving_bracket, halving_bracket_of_total
from fnnctl.search.schedulers.trial_source import TrialSource, check_answers


class Halving:
    """Climbs one bracket, rung by rung.

    Each rung promotes the best finite results of the rung below; if there are fewer than it has room for, it
    shrinks. A trial that stopped early is promoted like any other, but is not trained further.
    """

    def __init__(self, source: TrialSource, bracket: Bracket, *, direction: Direction) -> None:
        """If the source has fewer trials than the bracket, the bracket shrinks."""
        self._source, self._bracket = source, bracket
        self._direction: Direction = direction
        self._trials: dict[int, Trial] = {}
        self._rung = -1
        self._results: list[Result] = []
        """The results of the current rung."""
        self.jobs: list[Job] = []
        """The requested jobs that have no results yet."""

    @staticmethod
    def plan(budget: SearchBudget, size: int | None = None) -> tuple[Bracket, ...]:
        """See `SchedulerKind`; raises ValueError if the number of trials is missing or too large."""
        trials, eta, total = budget.trials, budget.reduction_factor, budget.total_epochs
        if trials is None:
            raise ValueError("successive halving needs a number of trials")
        if total is not None:
            return (halving_bracket_of_total(trials=trials, total_epochs=total, reduction_factor=eta),)
        low, high = budget.min_epochs, budget.max_epochs
        return (halving_bracket(trials=trials, min_epochs=low, max_epochs=high, reduction_factor=eta),)

    @classmethod
    def build(cls, sampler: Sampler, budget: SearchBudget, direction: Direction) -> Halving:
        """See `SchedulerKind`."""
        (bracket,) = cls.plan(budget)
        return cls(TrialSource(sampler, budget.max_trials), bracket, direction=direction)

    def ask(self) -> Sequence[Job]:
        """See `Scheduler`."""
        while not self.jobs and self._rung + 1 < len(self._bracket.rungs):
            self._rung += 1
            self.jobs = self._promote() if self._rung else self._begin()
        return self.jobs

    def tell(self, results: Sequence[Result]) -> None:
        """See `Scheduler`."""
        check_answers(self.jobs, results)
        self.jobs = []
        for result in results:
            self._enter(result)

    def _begin(self) -> list[Job]:
        rung = self._bracket.rungs[0]
        trials = self._source.begin(rung.trials, bracket=self._bracket.number)
        self._trials = {trial.number: trial for trial in trials}
        return [Job(trial, rung=0, start=0, stop=rung.epochs) for trial in trials]

    def _promote(self) -> list[Job]:
        below, rung = self._bracket.rungs[self._rung - 1], self._bracket.rungs[self._rung]
        best = [
            result for result in ranked(self._results, self._direction)[: rung.trials] if is_finite(result)
        ]
        jobs, self._results = [], []
        for result in sorted(best, key=lambda result: result.trial):
            if result.status is Status.STOPPED_EARLY:
                self._enter(replace(result, rung=self._rung, budget=rung.epochs, epochs=0))
            else:
                jobs.append(Job(self._trials[result.trial], self._rung, start=below.epochs, stop=rung.epochs))
        return jobs

    def _enter(self, result: Result) -> None:
        self._results.append(result)
        self._source.sampler.tell(self._trials[result.trial], result)

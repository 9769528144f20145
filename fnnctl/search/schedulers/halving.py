"""Successive halving: many trials get few epochs, and the best of each rung get more."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.standings import can_go_on, ranked
from fnnctl.records.trials import Direction, Job, JobKey, Result, Status, Stop, Trial
from fnnctl.search.budget import Bound, Bracket, SearchBudget, halving_bracket, halving_bracket_of_total
from fnnctl.search.protocols import Sampler
from fnnctl.search.schedulers.base import OpenJobs, SchedulerKind, TrialSource


class Halving:
    """Climbs one bracket, rung by rung.

    Each rung promotes the best finite results of the rung below; if there are fewer than it has room for, it
    shrinks. A trial that stopped early is promoted like any other, but is not trained further.
    """

    bound: ClassVar[Bound] = "at most"

    def __init__(self, source: TrialSource, bracket: Bracket) -> None:
        """If the source has fewer trials than the bracket, each rung promotes the same share of them."""
        self._source, self._bracket = source, bracket
        self._trials: dict[int, Trial] = {}
        self._rung = 0
        self._waiting: deque[Job] = deque()
        """Jobs of the current rung that have not started."""
        self._jobs = OpenJobs()
        self._results: list[Result] = []
        """The results of the current rung."""
        self._released: list[JobKey] = []

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
    def build(
        cls, sampler: Sampler, budget: SearchBudget, direction: Direction, batch: int = DEFAULT_BATCH
    ) -> Halving:
        """A scheduler of one bracket, whose trials this sampler proposes."""
        (bracket,) = cls.plan(budget)
        return cls(TrialSource(sampler, budget.max_trials, direction=direction, batch=batch), bracket)

    def ask(self, free: int) -> Sequence[Job]:
        """See `Scheduler`: the jobs of the current rung; the next rung waits for all its results."""
        if not self.is_filled:
            self._begin_trials(free)
        self._climb()
        return self._jobs.begin([self._waiting.popleft() for _ in range(min(free, len(self._waiting)))])

    def tell(self, result: Result) -> Sequence[Stop]:
        """Enter the result in the current rung; nothing is stopped."""
        job = self._jobs.end(result)
        if job.start:
            self._released.append((job.trial.number, job.start))
        self._enter(result)
        self._climb()
        return ()

    def released(self) -> Sequence[JobKey]:
        """The checkpoints that jobs have resumed from, and those of trials that were not promoted."""
        released, self._released = self._released, []
        return released

    @property
    def has_started_last_rung(self) -> bool:
        """Whether all jobs of the last rung have started."""
        return self._rung + 1 >= len(self._bracket.rungs) and self.is_filled and not self._waiting

    @property
    def is_filled(self) -> bool:
        """Whether no more trials start in this bracket."""
        return self._rung > 0 or len(self._trials) >= self._bracket.trials or self._source.exhausted

    def _begin_trials(self, free: int) -> None:
        left = self._bracket.trials - len(self._trials)
        trials = self._source.begin(left, free, bracket=self._bracket.number)
        self._trials |= {trial.number: trial for trial in trials}
        epochs = self._bracket.rungs[0].epochs
        self._waiting += [Job(trial, rung=0, start=0, stop=epochs) for trial in trials]

    def _climb(self) -> None:
        """Go to the next rung once all results of this one are there; a rung without jobs is passed."""
        while (
            self._rung + 1 < len(self._bracket.rungs) and self.is_filled and not (self._waiting or self._jobs)
        ):
            self._rung += 1
            self._promote()

    def _promote(self) -> None:
        below, rung = self._bracket.rungs[self._rung - 1], self._bracket.rungs[self._rung]
        most = self._bracket.trials_at(self._rung, begun=len(self._trials))
        order = ranked(self._results, self._source.direction)
        best = [result for result in order[:most] if can_go_on(result)]
        promoted = {result.trial for result in best}
        self._released += [result.key for result in self._results if result.trial not in promoted]
        self._results = []
        for result in sorted(best, key=lambda result: result.trial):
            if result.status is Status.STOPPED_EARLY:
                self._enter(replace(result, rung=self._rung, budget=rung.epochs, epochs=0))
            else:
                trial = self._trials[result.trial]
                self._waiting.append(Job(trial, self._rung, start=below.epochs, stop=rung.epochs))

    def _enter(self, result: Result) -> None:
        self._results.append(result)
        self._source.tell(self._trials[result.trial], result)


SCHEDULER: Final[SchedulerKind] = Halving

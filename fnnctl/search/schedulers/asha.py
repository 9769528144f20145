"""ASHA, asynchronous successive halving: a trial is promoted as soon as it is among the best of its rung.

No rung waits for its last result, so a slow trial delays nobody (Li et al., A system for massively parallel
hyperparameter tuning, MLSys 2020, Algorithm 2). Early promotions can be wrong: with few results in a rung,
trials are promoted that would not be among the best later.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar, Final, TypeAlias

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.standings import can_go_on, order
from fnnctl.records.trials import Direction, Job, JobKey, Result, Status, Stop, Trial
from fnnctl.search.budget import Bound, Bracket, Rung, SearchBudget, exact, halving_bracket, least
from fnnctl.search.protocols import Sampler
from fnnctl.search.schedulers.base import OpenJobs, SchedulerKind, TrialSource

_Place: TypeAlias = tuple[int, float, int]
"""A result's place in the order of its rung; its last part is the trial number."""


class Asha:
    """One ladder, in which every trial climbs at its own time."""

    bound: ClassVar[Bound] = "at least"

    def __init__(self, source: TrialSource, bracket: Bracket, *, reduction_factor: float) -> None:
        """Start as many trials as the bracket's first rung has, or fewer if the source has fewer.

        The other rungs' numbers of trials are not read: promotions depend on results alone.
        """
        self._source, self._max_trials = source, bracket.trials
        eta = exact(reduction_factor)
        self._rungs = [_Rung(rung.epochs, source, eta) for rung in bracket.rungs]
        self._trials: dict[int, Trial] = {}
        self._jobs = OpenJobs()
        self._released: list[JobKey] = []

    @staticmethod
    def plan(budget: SearchBudget, size: int | None = None) -> tuple[Bracket, ...]:
        """See `SchedulerKind`; at least this many trials reach each rung if all have finite objectives."""
        eta, trials = exact(budget.reduction_factor), least(budget.trials, budget.max_trials, size) or 0
        rungs: list[Rung] = []
        for rung in _ladder(budget).rungs:
            if trials:
                rungs.append(Rung(trials, rung.epochs))
            trials = math.floor(trials / eta)
        return (Bracket(0, tuple(rungs), eta),)

    @classmethod
    def build(
        cls, sampler: Sampler, budget: SearchBudget, direction: Direction, batch: int = DEFAULT_BATCH
    ) -> Asha:
        """A scheduler of one ladder, whose trials this sampler proposes."""
        source = TrialSource(sampler, budget.max_trials, direction=direction, batch=batch)
        return cls(source, _ladder(budget), reduction_factor=budget.reduction_factor)

    def ask(self, free: int) -> Sequence[Job]:
        """See `Scheduler`: promotions from the top rung down, and new trials if there are none."""
        jobs: list[Job] = []
        while len(jobs) < free and (job := self._promotion()):
            jobs += self._jobs.begin([job])
        left = self._max_trials - len(self._trials)
        if len(jobs) < free and left and not self._source.exhausted:
            trials = self._source.begin(left, free - len(jobs))
            self._trials |= {trial.number: trial for trial in trials}
            epochs = self._rungs[0].epochs
            jobs += self._jobs.begin([Job(trial, rung=0, start=0, stop=epochs) for trial in trials])
        return sorted(jobs, key=lambda job: job.trial.number)

    def tell(self, result: Result) -> Sequence[Stop]:
        """Enter the result in its rung; nothing is stopped."""
        job = self._jobs.end(result)
        if job.start:
            self._released.append((job.trial.number, job.start))
        self._enter(result)
        return ()

    def released(self) -> Sequence[JobKey]:
        """See `Scheduler`: a trial that is not promoted yet may be promoted later."""
        released, self._released = self._released, []
        return released

    def _promotion(self) -> Job | None:
        """The next promotion; a trial that stopped early enters the next rung at once and needs no job."""
        for rung in range(len(self._rungs) - 2, -1, -1):
            here, above = self._rungs[rung], self._rungs[rung + 1]
            promoted = here.promote()
            if promoted is None:
                continue
            if promoted.status is not Status.STOPPED_EARLY:
                return Job(self._trials[promoted.trial], rung + 1, start=here.epochs, stop=above.epochs)
            self._enter(replace(promoted, rung=rung + 1, budget=above.epochs, epochs=0))
            return self._promotion()  # from the top again, because the rung above has changed
        return None

    def _enter(self, result: Result) -> None:
        self._rungs[result.rung].add(result)
        self._source.tell(self._trials[result.trial], result)


def _ladder(budget: SearchBudget) -> Bracket:
    """The rungs, counted down from the largest budget as far as the number of trials allows."""
    if budget.trials is None:
        raise ValueError("ASHA needs a number of trials")
    return halving_bracket(
        trials=budget.trials,
        min_epochs=budget.min_epochs,
        max_epochs=budget.max_epochs,
        reduction_factor=budget.reduction_factor,
    )


class _Rung:
    """The results at one budget, divided into the ⌊n/η⌋ best and the others."""

    def __init__(self, epochs: int, source: TrialSource, eta: Fraction) -> None:
        self.epochs = epochs
        self._direction: Direction = source.direction
        self._eta = eta
        self._count = 0
        self._best: list[_Place] = []
        """A heap of the negated places of the best: its first entry is the worst of them."""
        self._others: list[_Place] = []
        """A heap of the other places."""
        self._waiting: list[tuple[_Place, Result]] = []
        """A heap of the results that can go on and are not promoted; no two places are equal."""

    def add(self, result: Result) -> None:
        """Add a result: one enters the best from the others, and then perhaps one more place is there."""
        key = order(result, self._direction)
        worst = heapq.heappushpop(self._best, _negated(key)) if self._best else _negated(key)
        heapq.heappush(self._others, _negated(worst))
        self._count += 1
        if len(self._best) < self._count * self._eta.denominator // self._eta.numerator:
            heapq.heappush(self._best, _negated(heapq.heappop(self._others)))
        if can_go_on(result):
            heapq.heappush(self._waiting, (key, result))

    def promote(self) -> Result | None:
        """Promote the first of the ⌊n/η⌋ best that is not promoted yet, and return it; None if all are."""
        if not self._waiting or not self._best or self._waiting[0][0] > _negated(self._best[0]):
            return None
        return heapq.heappop(self._waiting)[1]


def _negated(key: _Place) -> _Place:
    group, value, trial = key
    return -group, -value, -trial


SCHEDULER: Final[SchedulerKind] = Asha

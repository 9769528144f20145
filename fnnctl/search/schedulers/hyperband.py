"""HyperBand: successive halving in several brackets, because the best smallest budget is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.trials import Direction, Job, JobKey, Result, Stop
from fnnctl.search.budget import Bound, Bracket, SearchBudget, hyperband_brackets
from fnnctl.search.protocols import Sampler
from fnnctl.search.schedulers.base import SchedulerKind, TrialSource, not_under_way
from fnnctl.search.schedulers.halving import Halving


class HyperBand:
    """Climbs all brackets at once; none waits for another.

    If the sampler learns, a bracket starts when the one before has started its last rung, so that it uses the
    results of the earlier ones.
    """

    bound: ClassVar[Bound] = "at most"

    def __init__(self, source: TrialSource, brackets: Sequence[Bracket]) -> None:
        """Number trials bracket by bracket; if the source has too few, the last brackets shrink."""
        self._ladders = [Halving(source, bracket) for bracket in brackets]
        self._one_by_one = source.learns
        self._ladder_of: dict[int, Halving] = {}
        """By trial number."""

    @staticmethod
    def plan(budget: SearchBudget, size: int | None = None) -> tuple[Bracket, ...]:
        """HyperBand's brackets, from the one with the most rungs."""
        return hyperband_brackets(
            min_epochs=budget.min_epochs,
            max_epochs=budget.max_epochs,
            reduction_factor=budget.reduction_factor,
            table=budget.brackets,
        )

    @classmethod
    def build(
        cls, sampler: Sampler, budget: SearchBudget, direction: Direction, batch: int = DEFAULT_BATCH
    ) -> HyperBand:
        """A scheduler of all brackets, whose trials this sampler proposes."""
        return cls(
            TrialSource(sampler, budget.max_trials, direction=direction, batch=batch), cls.plan(budget)
        )

    def ask(self, free: int) -> Sequence[Job]:
        """The jobs of the brackets that may have begun, earlier ones first."""
        jobs: list[Job] = []
        for ladder in self._ladders:
            ladder_jobs = ladder.ask(free - len(jobs))
            self._ladder_of |= {job.trial.number: ladder for job in ladder_jobs}
            jobs += ladder_jobs
            if not ladder.is_filled or (self._one_by_one and not ladder.has_started_last_rung):
                break
        return jobs

    def tell(self, result: Result) -> Sequence[Stop]:
        """Tell the trial's bracket."""
        ladder = self._ladder_of.get(result.trial)
        if ladder is None:
            raise not_under_way(result)
        return ladder.tell(result)

    def released(self) -> Sequence[JobKey]:
        """What the brackets release."""
        return [key for ladder in self._ladders for key in ladder.released()]


SCHEDULER: Final[SchedulerKind] = HyperBand

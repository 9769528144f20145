"""HyperBand: successive halving in several brackets, because the best smallest budget is unknown."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from fnnctl.records.trials import Direction, Job, Result
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import Sampler
from fnnctl.search.rungs import Bracket, hyperband_brackets
from fnnctl.search.schedulers.halving import Halving
from fnnctl.search.schedulers.trial_source import TrialSource, check_answers


class HyperBand:
    """Climbs all brackets at once, so that many jobs train together.

    If the sampler learns, it climbs one after another, so that each uses the results of the earlier ones.
    """

    def __init__(self, source: TrialSource, brackets: Sequence[Bracket], *, direction: Direction) -> None:
        """Number trials bracket by bracket; if the source has too few, the last brackets shrink."""
        ladders = [Halving(source, bracket, direction=direction) for bracket in brackets]
        self._groups = deque([ladder] for ladder in ladders) if source.sampler.learns else deque([ladders])
        """Groups of ladders: those of one group are climbed together, the groups one after another."""

    @staticmethod
    def plan(budget: SearchBudget, size: int | None = None) -> tuple[Bracket, ...]:
        """See `SchedulerKind`."""
        return hyperband_brackets(
            min_epochs=budget.min_epochs,
            max_epochs=budget.max_epochs,
            reduction_factor=budget.reduction_factor,
            table=budget.brackets,
        )

    @classmethod
    def build(cls, sampler: Sampler, budget: SearchBudget, direction: Direction) -> HyperBand:
        """See `SchedulerKind`."""
        return cls(TrialSource(sampler, budget.max_trials), cls.plan(budget), direction=direction)

    def ask(self) -> Sequence[Job]:
        """See `Scheduler`: the current rung of every bracket that is open."""
        while self._groups:
            if jobs := [job for ladder in self._groups[0] for job in ladder.ask()]:
                return jobs
            self._groups.popleft()
        return []

    def tell(self, results: Sequence[Result]) -> None:
        """See `Scheduler`."""
        ladders = self._groups[0] if self._groups else []
        check_answers([job for ladder in ladders for job in ladder.jobs], results)
        rest = iter(results)
        for ladder in ladders:
            ladder.tell(list(islice(rest, len(ladder.jobs))))

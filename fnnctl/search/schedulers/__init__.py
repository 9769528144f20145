"""Schedulers spend epochs on trials, at once or rung by rung. To add one, add a file and a line below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.trials import Direction
from fnnctl.search.budget import Bound, Bracket, SearchBudget
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.schedulers.asha import Asha
from fnnctl.search.schedulers.full_budget import FullBudget
from fnnctl.search.schedulers.halving import Halving
from fnnctl.search.schedulers.hyperband import HyperBand


class SchedulerKind(Protocol):
    """A scheduler class. It plans and builds from the same brackets, so that plan and search agree."""

    bound: Bound

    def plan(self, budget: SearchBudget, size: int | None) -> tuple[Bracket, ...]:
        """The brackets, before any of them shrinks, on a space of this size; None is infinite."""

    def build(
        self, sampler: Sampler, budget: SearchBudget, direction: Direction, batch: int = DEFAULT_BATCH
    ) -> Scheduler:
        """A new scheduler; a sampler that learns proposes `batch` configurations at once."""


SCHEDULERS: Final[Mapping[str, SchedulerKind]] = {
    "full_budget": FullBudget,
    "halving": Halving,
    "hyperband": HyperBand,
    "asha": Asha,
}


def build_scheduler(
    name: str, sampler: Sampler, budget: SearchBudget, *, direction: Direction, batch: int = DEFAULT_BATCH
) -> Scheduler:
    """A new scheduler from the registry; raises ValueError if the budget gives it no brackets.

    `batch` is the number of configurations that a sampler that learns proposes at once.
    """
    return SCHEDULERS[name].build(sampler, budget, direction, batch)

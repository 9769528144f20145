"""Schedulers spend epochs on trials, at once or rung by rung.

To add one, write its record in `config.schema.methods`, and a module of its name here that defines
`SCHEDULER`. A search imports only the scheduler that it uses.
"""

from __future__ import annotations

from importlib import import_module

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.trials import Direction
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.schedulers.base import SchedulerKind


def scheduler_kind(name: str) -> SchedulerKind:
    """The class of a scheduler with a record in `SCHEDULERS`."""
    kind: SchedulerKind = import_module(f"{__name__}.{name}").SCHEDULER
    return kind


def build_scheduler(
    name: str, sampler: Sampler, budget: SearchBudget, *, direction: Direction, batch: int = DEFAULT_BATCH
) -> Scheduler:
    """A new scheduler; raises ValueError if the budget gives it no brackets.

    `batch` is the number of configurations that a sampler that learns proposes at once.
    """
    return scheduler_kind(name).build(sampler, budget, direction, batch)

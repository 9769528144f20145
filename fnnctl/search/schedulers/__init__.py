"""Schedulers spend epochs on trials, all at once or rung by rung. A new one is a file here and a line below.

A scheduler is entered with the brackets it plans and with how it is built from them, so that the plan that is
printed and the plan that is executed are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fnnctl.records.trials import Direction
from fnnctl.search.budget import SearchBudget, least
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.rungs import (
    Bracket,
    full_budget_bracket,
    halving_bracket,
    halving_bracket_of_total,
    hyperband_brackets,
)
from fnnctl.search.schedulers.full_budget import FullBudget
from fnnctl.search.schedulers.halving import Halving
from fnnctl.search.schedulers.hyperband import HyperBand
from fnnctl.search.schedulers.trial_source import TrialSource


@dataclass(frozen=True, slots=True)
class SchedulerKind:
    """A scheduler in the registry."""

    plan: Callable[[SearchBudget, int | None], tuple[Bracket, ...]]
    """What it spends, before brackets shrink, on a space with so many configurations; None: without end."""
    build: Callable[[Sampler, SearchBudget, Direction], Scheduler]


def _full_budget_plan(budget: SearchBudget, size: int | None) -> tuple[Bracket, ...]:
    trials = least(budget.trials, budget.max_trials, size)
    if trials is None:
        raise ValueError("the full budget for every configuration of an endless space has no end")
    return (full_budget_bracket(trials=trials, epochs=budget.max_epochs),)


def _full_budget(sampler: Sampler, budget: SearchBudget, _: Direction) -> Scheduler:
    most = least(budget.trials, budget.max_trials)
    return FullBudget(TrialSource(sampler, most), epochs=budget.max_epochs)


def _halving_plan(budget: SearchBudget, _: int | None = None) -> tuple[Bracket, ...]:
    if budget.trials is None:
        raise ValueError("successive halving must be told with how many trials it begins")
    trials, eta = budget.trials, budget.reduction_factor
    if budget.total_epochs is not None:
        total = budget.total_epochs
        return (halving_bracket_of_total(trials=trials, total_epochs=total, reduction_factor=eta),)
    low, high = budget.min_epochs, budget.max_epochs
    return (halving_bracket(trials=trials, min_epochs=low, max_epochs=high, reduction_factor=eta),)


def _halving(sampler: Sampler, budget: SearchBudget, direction: Direction) -> Scheduler:
    (bracket,) = _halving_plan(budget)
    return Halving(TrialSource(sampler, budget.max_trials), bracket, direction=direction)


def _hyperband_plan(budget: SearchBudget, _: int | None = None) -> tuple[Bracket, ...]:
    return hyperband_brackets(
        min_epochs=budget.min_epochs,
        max_epochs=budget.max_epochs,
        reduction_factor=budget.reduction_factor,
        table=budget.brackets,
    )


def _hyperband(sampler: Sampler, budget: SearchBudget, direction: Direction) -> Scheduler:
    source = TrialSource(sampler, budget.max_trials)
    return HyperBand(source, _hyperband_plan(budget), direction=direction)


SCHEDULERS: Final[Mapping[str, SchedulerKind]] = {
    "full_budget": SchedulerKind(_full_budget_plan, _full_budget),
    "halving": SchedulerKind(_halving_plan, _halving),
    "hyperband": SchedulerKind(_hyperband_plan, _hyperband),
}


def build_scheduler(name: str, sampler: Sampler, budget: SearchBudget, *, direction: Direction) -> Scheduler:
    """A new scheduler of the registry; ValueError where its table cannot be made of what it may spend."""
    return SCHEDULERS[name].build(sampler, budget, direction)

"""The schedulers of a search by name, and what they may spend.

A scheduler is entered here with the brackets it plans and with how it is built from them, so that what is
printed as the plan and what is executed come from one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fnnctl.records.trials import Direction
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.rungs import (
    Bracket,
    BracketTable,
    full_budget_bracket,
    halving_bracket,
    halving_bracket_of_total,
    hyperband_brackets,
)
from fnnctl.search.schedulers.full_budget import FullBudget
from fnnctl.search.schedulers.halving import Halving
from fnnctl.search.schedulers.hyperband import HyperBand
from fnnctl.search.schedulers.intake import Intake


@dataclass(frozen=True, slots=True)
class Spending:
    """What a scheduler may spend; each reads what concerns it."""

    max_epochs: int
    """The largest budget of a trial."""
    min_epochs: int = 1
    """The smallest budget of a first rung."""
    reduction_factor: float = 3
    trials: int | None = None
    """How many the full budget and successive halving begin with; None: all there are, for the former."""
    max_trials: int | None = None
    """No trial begins after so many: brackets shrink."""
    total_epochs: int | None = None
    """Of successive halving in its form with a total budget; it then has the place of both bounds."""
    brackets: BracketTable = "algorithm"
    """How many trials HyperBand's brackets have."""

    def __post_init__(self) -> None:
        if not 1 <= self.min_epochs <= self.max_epochs:
            raise ValueError(
                f"budgets from {self.min_epochs} to {self.max_epochs} epochs do not make a ladder"
            )


@dataclass(frozen=True, slots=True)
class SchedulerKind:
    """A scheduler in the registry."""

    plan: Callable[[Spending, int | None], tuple[Bracket, ...]]
    """What it spends, before brackets shrink, on a space with so many configurations; None: without end."""
    build: Callable[[Sampler, Spending, Direction], Scheduler]


def least(*bounds: int | None) -> int | None:
    """The smallest of the bounds that there are."""
    return min((bound for bound in bounds if bound is not None), default=None)


def _full_budget_plan(spending: Spending, size: int | None) -> tuple[Bracket, ...]:
    trials = least(spending.trials, spending.max_trials, size)
    if trials is None:
        raise ValueError("the full budget for every configuration of an endless space has no end")
    return (full_budget_bracket(trials=trials, epochs=spending.max_epochs),)


def _full_budget(sampler: Sampler, spending: Spending, _: Direction) -> Scheduler:
    most = least(spending.trials, spending.max_trials)
    return FullBudget(Intake(sampler, most), epochs=spending.max_epochs)


def _halving_plan(spending: Spending, _: int | None = None) -> tuple[Bracket, ...]:
    if spending.trials is None:
        raise ValueError("successive halving must be told with how many trials it begins")
    trials, eta = spending.trials, spending.reduction_factor
    if spending.total_epochs is not None:
        total = spending.total_epochs
        return (halving_bracket_of_total(trials=trials, total_epochs=total, reduction_factor=eta),)
    low, high = spending.min_epochs, spending.max_epochs
    return (halving_bracket(trials=trials, min_epochs=low, max_epochs=high, reduction_factor=eta),)


def _halving(sampler: Sampler, spending: Spending, direction: Direction) -> Scheduler:
    (bracket,) = _halving_plan(spending)
    return Halving(Intake(sampler, spending.max_trials), bracket, direction=direction)


def _hyperband_plan(spending: Spending, _: int | None = None) -> tuple[Bracket, ...]:
    return hyperband_brackets(
        min_epochs=spending.min_epochs,
        max_epochs=spending.max_epochs,
        reduction_factor=spending.reduction_factor,
        table=spending.brackets,
    )


def _hyperband(sampler: Sampler, spending: Spending, direction: Direction) -> Scheduler:
    intake = Intake(sampler, spending.max_trials)
    return HyperBand(intake, _hyperband_plan(spending), direction=direction)


SCHEDULERS: Final[Mapping[str, SchedulerKind]] = {
    "full_budget": SchedulerKind(_full_budget_plan, _full_budget),
    "halving": SchedulerKind(_halving_plan, _halving),
    "hyperband": SchedulerKind(_hyperband_plan, _hyperband),
}


def build_scheduler(name: str, sampler: Sampler, spending: Spending, *, direction: Direction) -> Scheduler:
    """A new scheduler of the registry; ValueError where its table cannot be made of what it may spend."""
    return SCHEDULERS[name].build(sampler, spending, direction)

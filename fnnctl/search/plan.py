"""The plan of a search: its brackets, trials and epochs, computed in advance."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fnnctl.search.budget import Bound, Bracket, SearchBudget, least
from fnnctl.search.schedulers import scheduler_kind


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The brackets in which trials start, as they run if no trial diverges or stops early."""

    brackets: tuple[Bracket, ...]
    bound: Bound = "at most"
    """What the epochs are: ASHA promotes early, and trains others that are better later."""
    own_epochs: tuple[int, ...] = ()
    """The epochs of some trials, if trials have epochs of their own; else none."""

    @property
    def trials(self) -> int:
        """How many trials start."""
        return sum(bracket.trials for bracket in self.brackets)

    @property
    def epochs_from_scratch(self) -> int:
        """Epochs if every rung trains its trials from scratch."""
        if not self.own_epochs:
            return sum(bracket.epochs_from_scratch for bracket in self.brackets)
        rungs = (rung for bracket in self.brackets for rung in bracket.rungs)
        return round(sum(rung.trials * self.trained(rung.epochs) for rung in rungs))

    @property
    def epochs_with_reuse(self) -> int:
        """Epochs if every trial resumes from its last rung, as in fnnctl: the budget of the whole search."""
        if not self.own_epochs:
            return sum(bracket.epochs_with_reuse for bracket in self.brackets)
        return round(
            sum(
                rung.trials * (self.trained(rung.epochs) - self.trained(before))
                for bracket in self.brackets
                for rung, before in bracket.steps
            )
        )

    def trained(self, budget: int) -> float:
        """The mean number of epochs that a trial trains with this budget."""
        if not self.own_epochs:
            return budget
        return sum(min(budget, epochs) for epochs in self.own_epochs) / len(self.own_epochs)

    def confirmation(self, *, top: int, seeds: int) -> dict[str, int]:
        """The fits and the epochs of a confirmation of the `top` best trials, if none stops early."""
        leaders = min(top, self.trials) if self.trials > 1 else 0
        most = max((bracket.rungs[-1].epochs for bracket in self.brackets), default=0)
        return {"fits": leaders * seeds, "epochs": leaders * seeds * most}

    def table(self, *, fits_per_trial: int = 1) -> dict[str, Any]:
        """The plan as `plan --json` prints it, without the method, the confirmation and the time.

        Its epochs are those of all fits: if trials are cross-validated, fold-epochs.
        """
        return {
            "trials": self.trials,
            "fits": self.trials * fits_per_trial,
            "epochs_from_scratch": self.epochs_from_scratch * fits_per_trial,
            "epochs_with_reuse": self.epochs_with_reuse * fits_per_trial,
            "epochs_bound": self.bound,
            "brackets": [
                {
                    "bracket": bracket.number,
                    "rungs": [{"trials": rung.trials, "epochs": rung.epochs} for rung in bracket.rungs],
                }
                for bracket in self.brackets
            ],
        }


def plan_within_cost(
    scheduler: str,
    budget: SearchBudget,
    planned: SearchPlan,
    *,
    epoch_cost: Callable[[int], float],
    size: int | None = None,
) -> SearchPlan:
    """The part of a plan that the budget's cost is expected to pay for.

    `epoch_cost` returns the mean cost of an epoch of the first trials, given their number.
    """
    limit = budget.cost
    if limit is None or planned.epochs_with_reuse * epoch_cost(planned.trials) <= limit:
        return planned

    def plan_of(trials: int) -> SearchPlan:
        plan = plan_search(scheduler, replace(budget, max_trials=least(trials, budget.max_trials)), size=size)
        return replace(plan, own_epochs=planned.own_epochs)

    def is_enough(trials: int) -> bool:
        return plan_of(trials).epochs_with_reuse * epoch_cost(trials) >= limit

    trials = 1 + bisect_left(range(1, planned.trials), True, key=is_enough)
    return replace(plan_of(trials), bound="about")


def plan_search(scheduler: str, budget: SearchBudget, *, size: int | None = None) -> SearchPlan:
    """The plan of a registered scheduler on a space of this size; None is infinite.

    Raises ValueError if the number of trials has no bound, or if the budget gives the scheduler no brackets.
    """
    kind, left = scheduler_kind(scheduler), least(budget.max_trials, size)
    brackets = []
    for bracket in kind.plan(budget, size):
        shrunk = bracket if left is None else bracket.shrunk(left)
        left = None if left is None else left - shrunk.trials
        if shrunk.trials:
            brackets.append(shrunk)
    return SearchPlan(tuple(brackets), kind.bound)

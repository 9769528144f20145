"""About how long a search takes, from a short calibration with its first configurations."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.grouping import best_size
from fnnctl.stacks.planning import plan_search_workers
from fnnctl.stacks.trial_fits import FailedTrialError, TrialFits
from fnnctl.training.members import StackSettings
from fnnctl.training.stack import Stack

SAMPLED_TRIALS = 12
"""Configurations that are tried for the time; a search's own first ones."""
SECONDS_OF_CALIBRATION = 2.0
MOST_MEMBERS = 16
WORKERS_GAIN = 0.8
"""How much of another worker's time is won: some of it goes into starting and waiting."""


@dataclass(frozen=True, slots=True)
class EpochCost:
    """Seconds of an epoch of one shape's networks."""

    of_stack: float
    """What a stack takes however many its members are."""
    of_member: float
    """What each member adds."""
    most: int
    """How many members a stack may have."""

    def seconds(self, members: float) -> float:
        """A member's share in a stack of `members`."""
        return self.of_member + self.of_stack / min(max(1.0, members), self.most)


@dataclass(frozen=True, slots=True)
class RungSize:
    """How many trials a rung trains, and for how many epochs each."""

    trials: int
    epochs: int


def estimated_seconds(
    fits: TrialFits,
    assignments: Iterable[Assignment],
    rungs: Sequence[RungSize],
    *,
    max_epochs: int,
    workers: int,
) -> float | None:
    """Seconds of all rungs and of the refit for `max_epochs`; None if no assignment can train.

    A rung's networks are divided among their shapes and the workers, which gives the size of a stack.
    """
    set_blas_threads(1)
    deadline = time.monotonic() + SECONDS_OF_CALIBRATION
    costs: list[EpochCost] = []
    shapes: dict[StackSettings, int] = {}
    for _, assignment in zip(range(SAMPLED_TRIALS), assignments, strict=False):
        if costs and time.monotonic() >= deadline:
            break
        try:
            fit = fits.fits(assignment)[0]
        except FailedTrialError:
            continue
        pool, member = fit.examples(fits.data), fit.member(fits.data, fit.split(fits.data))
        most = min(best_size(fit.settings), MOST_MEMBERS)
        alone, together = (_seconds_an_epoch(Stack(fit.settings, [member] * k, pool)) for k in (1, most))
        of_member = together if most == 1 else max(0.0, together - alone) / (most - 1)
        costs.append(EpochCost(max(0.0, alone - of_member), of_member, best_size(fit.settings)))
        shapes[fit.settings] = fit.sizes[0]
    if not costs:
        return None
    per_trial = len(fits.rows)
    latest, train_rows = list(shapes.items())[-1]
    plan = plan_search_workers(
        latest,
        rows=len(fits.data),
        train_rows=train_rows,
        epochs=sum(rung.trials * rung.epochs for rung in rungs) * per_trial,
        workers=workers,
        executor=None,
    )
    total = 0.0
    for rung in rungs:
        members = rung.trials * per_trial / len(shapes) / plan.workers
        total += _mean_seconds(costs, members) * rung.trials * per_trial * rung.epochs
    return total / (1.0 + WORKERS_GAIN * (plan.workers - 1)) + _mean_seconds(costs, 1) * max_epochs


def _mean_seconds(costs: Sequence[EpochCost], members: float) -> float:
    return math.fsum(cost.seconds(members) for cost in costs) / len(costs)


def _seconds_an_epoch(stack: Stack) -> float:
    """The second epoch's time, of all members."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
        begun = time.perf_counter()
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
    return time.perf_counter() - begun

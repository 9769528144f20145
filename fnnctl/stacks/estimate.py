"""Estimates how long a search takes, from a short calibration with its first configurations."""

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
"""The number of configurations that are timed: the first ones of the search."""
SECONDS_OF_CALIBRATION = 2.0
MOST_MEMBERS = 16
WORKERS_GAIN = 0.8
"""The speed-up per additional worker; the rest is spent on starting and waiting."""


@dataclass(frozen=True, slots=True)
class EpochCost:
    """Seconds per epoch for networks of one shape."""

    of_stack: float
    """The time of a stack that does not depend on the number of members."""
    of_member: float
    """The time that each member adds."""
    most: int
    """The largest number of members of a stack."""

    def seconds(self, members: float) -> float:
        """The time per member in a stack of `members`."""
        return self.of_member + self.of_stack / min(max(1.0, members), self.most)


@dataclass(frozen=True, slots=True)
class RungSize:
    """The number of trials that a rung trains, and the epochs of each."""

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
    """The seconds that all rungs and a refit of `max_epochs` take; None if no assignment can be trained.

    The stack size follows from dividing a rung's networks among the shapes and the workers.
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
    """The time of the second epoch, for all members together."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
        begun = time.perf_counter()
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
    return time.perf_counter() - begun

"""`fnnctl plan`: what a search would do, and about how long it would take."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.commands.search_setup import PreparedSearch, prepare_search
from fnnctl.commands.trial_networks import FailedTrialError, NetworkMaker, TrialNetwork
from fnnctl.commands.trial_plan import choose_crew
from fnnctl.console.output import Output
from fnnctl.records.trials import Trial
from fnnctl.report.plan_table import plan_report
from fnnctl.store.provenance import usable_processors
from fnnctl.training.members import StackSettings
from fnnctl.training.pool import make_pool
from fnnctl.training.stack import Stack
from fnnctl.training.stacking import best_size

SAMPLED_TRIALS = 12
"""Configurations that are tried for the time; a search's own first ones."""
SECONDS_OF_CALIBRATION = 2.0
MOST_MEMBERS = 16
WORKERS_GAIN = 0.8
"""How much of another worker's time is won: some of it goes into starting and waiting."""


def plan(
    config: Path,
    overrides: Sequence[str],
    *,
    workers: int | None,
    max_trials: int | None,
    name: str | None,
    seed: int | None,
    output: Output,
) -> None:
    """Tell brackets and rungs, trials, epochs, and a time from a short calibration; nothing is written."""
    search = prepare_search(config, overrides, name=name, seed=seed, max_trials=max_trials)
    seconds = _estimated_seconds(search, workers or usable_processors())
    table = {
        "method": search.settings.method.name,
        **search.plan.table(),
        "seconds_estimated": None if seconds is None else round(seconds, 3),
    }
    if output.json:
        output.json_object(table)
    else:
        output.render(plan_report(table))


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
        """A member's share in a stack of so many."""
        return self.of_member + self.of_stack / min(max(1.0, members), self.most)


def _estimated_seconds(search: PreparedSearch, workers: int) -> float | None:
    """Seconds of all rungs and of the refit, from the first configurations; None if none can train.

    A rung's networks are divided among their shapes and the workers: so many are in a stack.
    """
    set_blas_threads(1)
    maker, sampler = NetworkMaker(search), search.sampler()
    deadline = time.monotonic() + SECONDS_OF_CALIBRATION
    costs: list[EpochCost] = []
    shapes: set[StackSettings] = set()
    largest: StackSettings | None = None
    for number in range(SAMPLED_TRIALS):
        assignment = sampler.ask()
        if assignment is None or (costs and time.monotonic() >= deadline):
            break
        try:
            networks = maker.networks(Trial(number, assignment)).networks
        except FailedTrialError:
            continue
        costs.append(_epoch_cost(search, networks[0]))
        largest = networks[0].settings
        shapes.add(largest)
    if not costs or largest is None:
        return None
    crew = choose_crew(search, largest, workers=workers, executor=None)
    gain = 1.0 + WORKERS_GAIN * (crew.workers - 1)
    units, total = len(search.units), 0.0
    for bracket in search.plan.brackets:
        begun = 0
        for rung in bracket.rungs:
            members = rung.trials * units / len(shapes) / crew.workers
            mean = math.fsum(cost.seconds(members) for cost in costs) / len(costs)
            total += mean * rung.trials * units * (rung.epochs - begun)
            begun = rung.epochs
    refit = math.fsum(cost.seconds(1) for cost in costs) / len(costs) * search.budget.max_epochs
    return total / gain + refit


def _epoch_cost(search: PreparedSearch, network: TrialNetwork) -> EpochCost:
    """From a network alone and a stack of the usual size."""
    dataset, settings = search.source.dataset, network.settings
    features = network.preprocessor.of(dataset)
    pool = make_pool(features, dataset.labels, len(network.preprocessor.features), settings.dtype)
    most = min(best_size(settings), MOST_MEMBERS)
    alone, together = (_seconds_an_epoch(Stack(settings, [network.member] * k, pool)) for k in (1, most))
    of_member = together if most == 1 else max(0.0, together - alone) / (most - 1)
    return EpochCost(max(0.0, alone - of_member), of_member, best_size(settings))


def _seconds_an_epoch(stack: Stack) -> float:
    """The second epoch's time, of all members."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        stack.run_epoch(diagnose=False, should_stop=_never)
        begun = time.perf_counter()
        stack.run_epoch(diagnose=False, should_stop=_never)
    return time.perf_counter() - begun


def _never() -> bool:
    return False

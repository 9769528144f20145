"""`fnnctl plan`: what a search would do, and about how long it would take."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.commands.output import Output
from fnnctl.commands.search_setup import PreparedSearch, prepare_search
from fnnctl.commands.trial_networks import FailedTrialError, NetworkMaker, TrialNetwork
from fnnctl.commands.trial_plan import choose_crew
from fnnctl.report.plan import plan_report
from fnnctl.search.trial import Trial
from fnnctl.store.provenance import usable_processors
from fnnctl.training.members import StackSettings
from fnnctl.training.pool import pool_of
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


def _estimated_seconds(search: PreparedSearch, workers: int) -> float | None:
    """The mean time of an epoch over the first configurations, times all epochs; None if none can train."""
    set_blas_threads(1)
    maker, sampler = NetworkMaker(search), search.sampler()
    deadline = time.monotonic() + SECONDS_OF_CALIBRATION
    each: list[float] = []
    largest: StackSettings | None = None
    for number in range(SAMPLED_TRIALS):
        assignment = sampler.ask()
        if assignment is None or (each and time.monotonic() >= deadline):
            break
        try:
            networks = maker.networks(Trial(number, assignment)).networks
        except FailedTrialError:
            continue
        each.append(_seconds_an_epoch(search, networks[0]))
        largest = networks[0].settings
    if not each or largest is None:
        return None
    crew = choose_crew(search, largest, workers=workers, executor=None)
    gain = 1.0 + WORKERS_GAIN * (crew.workers - 1)
    epochs = search.plan.epochs_with_reuse * len(search.units)
    return math.fsum(each) / len(each) * epochs / gain


def _seconds_an_epoch(search: PreparedSearch, network: TrialNetwork) -> float:
    """The second epoch's time of a stack of the usual size, a member."""
    dataset, settings = search.source.dataset, network.settings
    features = network.preprocessor.of(dataset)
    pool = pool_of(features, dataset.labels, len(network.preprocessor.features), settings.dtype)
    members = [network.member] * min(best_size(settings), MOST_MEMBERS, search.plan.trials)
    stack = Stack(settings, members, pool)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        stack.run_epoch(watch=False, should_stop=_never)
        begun = time.perf_counter()
        stack.run_epoch(watch=False, should_stop=_never)
    return (time.perf_counter() - begun) / len(members)


def _never() -> bool:
    return False

"""`fnnctl plan`: shows what a search would do, estimates how long it would take, and simulates it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from fnnctl.commands.loading import read_experiment
from fnnctl.commands.preparation import PreparedSearch, prepare_search
from fnnctl.config.reading.overrides import Override
from fnnctl.console.output import Output
from fnnctl.processors import usable_processors
from fnnctl.records.trials import Job
from fnnctl.report.plan_table import plan_report
from fnnctl.search.extension import other_limit
from fnnctl.search.simulation import Disturbances, simulate
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.estimate import RungSize, SearchCosts, seconds_by_assignment

T = TypeVar("T")


def plan(
    config: Path,
    overrides: Sequence[Override],
    *,
    workers: int | None,
    max_trials: int | None,
    simulated_workers: int | None,
    stragglers: float,
    deaths: float,
    name: str | None,
    seed: int | None,
    runs_dir: Path,
    output: Output,
) -> None:
    """Print brackets, rungs, trials, epochs and a time estimated by a short calibration; write nothing."""
    loaded = read_experiment(config, overrides, name=name, seed=seed, output=output)
    search = prepare_search(loaded, max_trials=max_trials, runs_dir=runs_dir)
    costs = SearchCosts(search.fits, _assignments(search))
    table = {
        "method": search.setup.settings.method.name,
        "sampler": search.setup.auto_sampler,
        **search.setup.plan.table(fits_per_trial=len(search.fits.rows)),
        "only_configurations": search.setup.too_few,
        "for_more_trials": _raised_trials(search),
        "confirm": _confirmation(search),
        "seconds_estimated": _estimate(search, costs, workers or usable_processors()),
    }
    if simulated_workers is not None and costs.known:
        disturbances = Disturbances(stragglers=stragglers, deaths=deaths)
        table["simulation"] = _simulation(search, costs, simulated_workers, disturbances)
    if output.json:
        output.json_object(table)
    else:
        output.render(plan_report(table))


def _assignments(search: PreparedSearch) -> Iterator[Assignment]:
    """The first assignments of the search itself."""
    sampler = search.setup.sampler()
    while found := sampler.ask(1, ()):
        yield from found


def _raised_trials(search: PreparedSearch) -> str | None:
    """The option that raises search.trials; None unless it hides a larger --max-trials."""
    most, trials = search.setup.budget.max_trials, search.setup.plan.trials
    return other_limit(search.setup) if most is not None and trials < most else None


def _confirmation(search: PreparedSearch) -> dict[str, int] | None:
    """The fits and epochs with which the winner is confirmed; None if it is not."""
    confirm = search.setup.settings.confirm
    if confirm is None:
        return None
    return search.setup.plan.confirmation(top=confirm.top, seeds=confirm.seeds)


def _estimate(search: PreparedSearch, costs: SearchCosts, workers: int) -> float | None:
    """The seconds of the whole command; None if no sampled configuration can be trained."""
    if not costs.known:
        return None
    rungs = [
        RungSize(rung.trials * len(search.fits.rows), rung.epochs - before)
        for bracket in search.setup.plan.brackets
        for rung, before in zip(bracket.rungs, (0, *(rung.epochs for rung in bracket.rungs)), strict=False)
    ]
    if confirm := _confirmation(search):
        rungs.append(RungSize(confirm["fits"], confirm["epochs"] // max(1, confirm["fits"])))
    epochs, members = search.setup.budget.max_epochs, search.setup.experiment.model.ensemble.members
    return round(costs.seconds(rungs, max_epochs=epochs, workers=workers, members=members), 3)


def _simulation(
    search: PreparedSearch, costs: SearchCosts, workers: int, disturbances: Disturbances
) -> dict[str, Any]:
    setup, cost_of = search.setup, _remembered(search.fits.cost)
    seconds_of = _remembered(seconds_by_assignment(search.fits, costs))
    found = simulate(
        setup.scheduler(setup.sampler()),
        lambda job: (job.stop - job.start) * cost_of(job),
        lambda job: (job.stop - job.start) * seconds_of(job),
        workers=workers,
        concurrency=setup.concurrency,
        disturbances=disturbances,
        seed=setup.experiment.seed,
    )
    return {
        name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(found).items()
    }


def _remembered(value_of: Callable[[Assignment], T]) -> Callable[[Job], T]:
    """The value of each trial, computed once."""
    known: dict[int, T] = {}

    def value(job: Job) -> T:
        if job.trial.number not in known:
            known[job.trial.number] = value_of(job.trial.assignment)
        return known[job.trial.number]

    return value

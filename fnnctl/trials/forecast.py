"""What a search will do: its brackets, how long it will take, and a simulation of it on several workers.

The same estimate of the time says how many of the first jobs run together under a time limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, islice
from typing import Any, Final, TypeVar

from fnnctl.processors import usable_processors
from fnnctl.records.trials import Job, Trial
from fnnctl.search.extension import other_limit
from fnnctl.search.simulation import simulate
from fnnctl.space.assignments import Assignment
from fnnctl.trials.estimate import WORKERS_GAIN, RungSize, SearchCosts, seconds_by_assignment
from fnnctl.trials.preparation import PreparedSearch, asked_first

T = TypeVar("T")

SHARE_OF_LIMIT: Final = 0.25
"""The jobs under way take at most this share of a time limit, because they are lost when it is reached."""


def forecast(
    search: PreparedSearch, *, workers: int | None = None, simulate_workers: int | None = None
) -> dict[str, Any]:
    """The plan of a search with the time that it will take, as `fnnctl plan --json` prints it.

    By default there are as many workers as processors. The time is estimated by a short calibration.
    """
    costs = SearchCosts(search.fits, asked_first(search.setup))
    table = {
        "method": search.setup.settings.method.name,
        "sampler": search.setup.auto_sampler,
        **search.plan.table(fits_per_trial=len(search.fits.rows)),
        "cost": search.setup.budget.cost,
        "only_configurations": search.setup.too_few,
        "for_more_trials": _raised_trials(search),
        "confirm": _confirmation(search),
        "compare_with_default": default_training(search),
        "notes": list(search.setup.notes),
        "seconds_estimated": _estimate(search, costs, workers),
    }
    if simulate_workers is not None and costs.known:
        table["simulation"] = _simulation(search, costs, simulate_workers)
    return table


def estimated_seconds(search: PreparedSearch, workers: int | None = None) -> float | None:
    """The seconds of the whole command, as `forecast` estimates them."""
    return _estimate(search, SearchCosts(search.fits, asked_first(search.setup)), workers)


@dataclass(frozen=True, slots=True)
class FirstJobs:
    """The first jobs of a search whose time is limited."""

    seconds: Sequence[float]
    """How long they are expected to take: one alone, two together, and so on."""
    affordable: int
    """How many of them run together."""

    @property
    def are_too_many(self) -> bool:
        """Whether the limit is too short for all of them to run together."""
        return self.affordable < len(self.seconds)


def first_jobs(search: PreparedSearch, *, time_limit: float, workers: int) -> FirstJobs | None:
    """How many of the first jobs may run together, by the calibration of `fnnctl plan`.

    As many as there are workers may, however long they take. None if the method does not limit how many run
    together, or if no sampled configuration can be trained.
    """
    setup, rungs = search.setup, search.setup.plan.brackets[0].rungs
    if not setup.settings.depends_on_order:
        return None
    assignments = list(islice(asked_first(setup), min(setup.concurrency, rungs[0].trials)))
    costs = SearchCosts(search.fits, assignments)
    if not costs.known:
        return None
    seconds_of = seconds_by_assignment(search.fits, costs)
    keys = ((assignment, search.fits.valid_stack_keys(assignment)) for assignment in assignments)
    job_seconds = [
        min(rungs[0].epochs, stack_keys.epochs) * seconds_of(assignment) if stack_keys else 0.0
        for assignment, stack_keys in keys
    ]
    speed_up = 1.0 + WORKERS_GAIN * (min(workers, len(assignments)) - 1)
    seconds = [total / speed_up for total in accumulate(job_seconds)]
    affordable = sum(total <= SHARE_OF_LIMIT * time_limit for total in seconds)
    return FirstJobs(seconds, min(len(assignments), max(workers, affordable)))


def _raised_trials(search: PreparedSearch) -> str | None:
    """The option that raises search.trials; None unless it hides a larger --max-trials."""
    most, trials = search.setup.budget.max_trials, search.setup.plan.trials
    return other_limit(search.setup) if most is not None and trials < most else None


def _confirmation(search: PreparedSearch) -> dict[str, int] | None:
    """The fits and epochs with which the winner is confirmed; None if it is not."""
    confirm = search.setup.settings.confirm
    if confirm is None:
        return None
    return search.plan.confirmation(top=confirm.top, seeds=confirm.seeds)


def default_training(search: PreparedSearch) -> dict[str, int] | None:
    """The fit and its epochs with which the result is compared; None if there is none, or if it is a trial.

    A default trial on bags is what `fnnctl train` trains, if no rung can leave it before its end, and no
    largest budget gives it fewer epochs.
    """
    setup = search.setup
    if search.default is None:
        return None
    has_rungs = any(len(bracket.rungs) > 1 for bracket in search.plan.brackets)
    epochs = search.default.experiment.training.epochs
    if (
        setup.settings.objective.scheme.trains_ensembles
        and not has_rungs
        and epochs <= setup.budget.max_epochs
    ):
        first = {number: Trial(number, assignment) for number, assignment in enumerate(setup.first)}
        if setup.default_trial(first) is not None:
            return None
    return {"fits": 1, "epochs": epochs}


def _estimate(search: PreparedSearch, costs: SearchCosts, workers: int | None) -> float | None:
    """The seconds of the whole command; None if no sampled configuration can be trained."""
    if not costs.known:
        return None
    plan = search.plan
    rungs = [
        RungSize(rung.trials * len(search.fits.rows), round(plan.trained(rung.epochs) - plan.trained(before)))
        for bracket in plan.brackets
        for rung, before in bracket.steps
    ]
    if confirm := _confirmation(search):
        rungs.append(RungSize(confirm["fits"], confirm["epochs"] // max(1, confirm["fits"])))
    # The best of the trials that are ensembles is not trained again.
    trains_ensembles = search.setup.settings.objective.scheme.trains_ensembles
    networks = 0 if trains_ensembles else search.setup.experiment.model.ensemble.networks
    seconds = costs.seconds(
        rungs,
        max_epochs=search.setup.budget.max_epochs,
        workers=workers or usable_processors(),
        members=networks,
    )
    if default_training(search) and (default := search.default_fit()):
        seconds += costs.training_seconds(default)
    return round(seconds, 3)


def _simulation(search: PreparedSearch, costs: SearchCosts, workers: int) -> dict[str, Any]:
    setup, keys_of = search.setup, _per_trial(search.fits.valid_stack_keys)
    seconds_of = _per_trial(seconds_by_assignment(search.fits, costs))

    def cost(job: Job) -> int:
        keys = keys_of(job)
        return keys.cost_of(job) if keys else 0

    def seconds(job: Job) -> float:
        keys = keys_of(job)
        return keys.epochs_of(job) * seconds_of(job) if keys else 0.0

    simulation = simulate(
        setup.scheduler(setup.sampler()),
        cost,
        seconds,
        workers=workers,
        concurrency=setup.concurrency,
        budget=setup.budget.cost,
        seed=setup.experiment.seed,
    )
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(simulation).items()
    }


def _per_trial(value_of: Callable[[Assignment], T]) -> Callable[[Job], T]:
    """The value of each trial, computed once."""
    values: dict[int, T] = {}

    def value(job: Job) -> T:
        if job.trial.number not in values:
            values[job.trial.number] = value_of(job.trial.assignment)
        return values[job.trial.number]

    return value

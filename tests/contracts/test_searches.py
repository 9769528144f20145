"""The contract of all searches, for every scheduler, sampler and executor.

Add new ones to one of the three lists.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.executors.protocols import Executor
from fnnctl.executors.registry import ExecutorKind, make_executor
from fnnctl.executors.work import run_work
from fnnctl.records.journal import Header, Journal, encode
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Direction, Job, Result, Status
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import function_runner
from fnnctl.search.loop import Runner, run_search
from fnnctl.search.plan import plan_search
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.samplers import SAMPLERS as REGISTRY
from fnnctl.search.schedulers import SCHEDULERS, build_scheduler
from fnnctl.space.space import Space
from fnnctl.space.values import identity
from tests.search.toys import Climber, Outcome, do_job, grouped_runner, numbered, result_of, unruly


@dataclass(frozen=True)
class SamplerCase:
    """Makes samplers that all give the same proposals."""

    make: Callable[[Direction], Sampler]
    size: int | None
    """The number of configurations; None if infinite."""


SPACE = space_of(
    SearchConfig.model_validate(
        {
            "space": {
                "training.optimizer.name": {"choice": ["adam", "momentum"]},
                "training.optimizer.momentum": {
                    "uniform": [0.5, 0.99],
                    "when": {"training.optimizer.name": "momentum"},
                },
                "training.l2": {"log_uniform": [1e-6, 1e-1]},
                "model.hidden": {"depth": [1, 2], "width": [8, 64], "log": True},
            }
        }
    ).space
)
FEW = space_of(SearchConfig.model_validate({"space": {"training.epochs": {"integer": [1, 20]}}}).space)


def of_space(name: str, space: Space, **settings: Any) -> SamplerCase:
    """A sampler from the registry, made from the settings of a search."""
    search = SearchConfig.model_validate(settings)

    def make(direction: Direction) -> Sampler:
        return REGISTRY[name](space, search, seed=3, key=identity)

    return SamplerCase(make, space.grid(search.grid_resolution).size if name == "grid" else space.size)


SAMPLERS = {
    "a list without end": SamplerCase(lambda direction: numbered(10**9), None),
    "a list of 30": SamplerCase(lambda direction: numbered(30), 30),
    "a list of 1": SamplerCase(lambda direction: numbered(1), 1),
    "an empty list": SamplerCase(lambda direction: numbered(0), 0),
    "one that learns": SamplerCase(lambda direction: Climber(10**9, direction), None),
    "one that learns from 20": SamplerCase(lambda direction: Climber(20, direction), 20),
    "a grid": of_space("grid", SPACE, grid_resolution=2),
    "random": of_space("random", SPACE),
    "random from 20": of_space("random", FEW),
    "low discrepancy": of_space("random", SPACE, sequence="low_discrepancy"),
}
RUNNERS: dict[str, Callable[[], Runner]] = {
    "one by one": lambda: grouped_runner(unruly, groups=1, batch=1),
    "in stacks": lambda: grouped_runner(unruly, groups=3, batch=4),
    "all at once": lambda: grouped_runner(unruly, groups=1, batch=10**6),
}
BUDGETS = {
    "by three": SearchBudget(max_epochs=27, trials=27, reduction_factor=3),
    "few": SearchBudget(max_epochs=200, min_epochs=5, trials=40, max_trials=33, reduction_factor=4),
}
pytestmark = [
    pytest.mark.parametrize("scheduler", SCHEDULERS),
    pytest.mark.parametrize("sampler", SAMPLERS),
    pytest.mark.parametrize("budget", BUDGETS),
]


def new_scheduler(scheduler: str, sampler: str, budget: str, direction: Direction = "maximize") -> Scheduler:
    new = SAMPLERS[sampler].make(direction)
    return build_scheduler(scheduler, new, BUDGETS[budget], direction=direction)


def journal_of(
    scheduler: str, sampler: str, budget: str, runner: Runner, direction: Direction = "maximize"
) -> Journal:
    journal = Journal()
    journal.begin(Header("", None, {}, {}))
    new = new_scheduler(scheduler, sampler, budget, direction)
    assert run_search(new, runner, journal) == "complete"
    return journal


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_same_results_with_any_runner(scheduler: str, sampler: str, budget: str, runner: str) -> None:
    journal = journal_of(scheduler, sampler, budget, RUNNERS[runner]())
    other = journal_of(scheduler, sampler, budget, grouped_runner(unruly, groups=5, batch=3))
    assert journal.trials == other.trials
    assert journal.results == other.results


@pytest.fixture(scope="module")
def executors() -> Iterator[Mapping[ExecutorKind, Executor]]:
    """One of each kind for all searches, because processes start slowly."""
    with ExitStack() as started:
        yield {
            kind: started.enter_context(make_executor(kind, workers=2, poll=lambda done: False))
            for kind in get_args(ExecutorKind)
        }


@pytest.mark.parametrize("kind", get_args(ExecutorKind))
def test_the_same_results_with_any_executor(
    executors: Mapping[ExecutorKind, Executor],
    kind: ExecutorKind,
    scheduler: str,
    sampler: str,
    budget: str,
) -> None:
    def run(jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        done = dict(run_work(executors[kind], do_job, ((job,) for job in jobs)))
        yield [done[index] for index in range(len(jobs))]

    journal = journal_of(scheduler, sampler, budget, run)
    other = journal_of(scheduler, sampler, budget, grouped_runner(unruly))
    assert journal.trials == other.trials
    assert journal.results == other.results


def test_nothing_is_decided_from_what_is_not_recorded(scheduler: str, sampler: str, budget: str) -> None:
    """A journal that is cut after any result leads to the same trials and results."""
    whole = journal_of(scheduler, sampler, budget, grouped_runner(unruly))
    results = list(whole.results.values())
    for count in range(0, len(results) + 1, max(1, len(results) // 12)):
        journal = Journal()
        journal.begin(Header("", None, {}, {}))
        known = {result.trial for result in results[:count]}
        journal.begin_trials([trial for number, trial in whole.trials.items() if number in known])
        journal.add_results(results[:count])
        run_search(new_scheduler(scheduler, sampler, budget), grouped_runner(unruly), journal)
        assert journal.trials == whole.trials
        assert list(map(encode, journal.results.values())) == list(map(encode, results))


def test_jobs_are_whole_and_in_order(scheduler: str, sampler: str, budget: str) -> None:
    """Trials are numbered in order of start; each resumes where it was, for more epochs, until it ends."""
    new = new_scheduler(scheduler, sampler, budget)
    reached: dict[int, int] = {}
    ended: set[int] = set()
    while jobs := new.ask():
        numbers = [job.trial.number for job in jobs]
        assert numbers == sorted(set(numbers))
        assert [number for number in numbers if number not in reached] == list(
            range(len(reached), len(reached) + sum(number not in reached for number in numbers))
        )
        for job in jobs:
            assert job.start == reached.get(job.trial.number, 0) < job.stop
            assert job.trial.number not in ended
            reached[job.trial.number] = job.stop
        results = [result_of(job, unruly(job)) for job in jobs]
        ended |= {result.trial for result in results if result.status is not Status.COMPLETED}
        new.tell(results)
    assert list(new.ask()) == []


def test_the_executed_jobs_are_the_planned_ones(scheduler: str, sampler: str, budget: str) -> None:
    plan = plan_search(scheduler, BUDGETS[budget], size=SAMPLERS[sampler].size)
    journal = journal_of(scheduler, sampler, budget, function_runner(lambda job: 1 / (1 + job.trial.number)))
    counts: dict[tuple[int, int], int] = {}
    for result in journal.results.values():
        key = journal.trials[result.trial].bracket, result.budget
        counts[key] = counts.get(key, 0) + 1
    assert counts == {
        (bracket.number, rung.epochs): rung.trials for bracket in plan.brackets for rung in bracket.rungs
    }
    assert sum(result.epochs for result in journal.results.values()) == plan.epochs_with_reuse
    assert len(journal.trials) == plan.trials


def test_no_more_is_spent_than_was_planned(scheduler: str, sampler: str, budget: str) -> None:
    plan = plan_search(scheduler, BUDGETS[budget], size=SAMPLERS[sampler].size)
    journal = journal_of(scheduler, sampler, budget, grouped_runner(unruly))
    assert sum(result.epochs for result in journal.results.values()) <= plan.epochs_with_reuse
    assert len(journal.trials) == plan.trials


def test_to_minimize_is_to_maximize_the_opposite(scheduler: str, sampler: str, budget: str) -> None:
    def opposite(job: Job) -> Outcome:
        match unruly(job):
            case Status() as status:
                return status
            case (status, value):
                return status, -value
            case value:
                return -value

    up = journal_of(scheduler, sampler, budget, grouped_runner(unruly))
    down = journal_of(scheduler, sampler, budget, grouped_runner(opposite), "minimize")
    assert up.results.keys() == down.results.keys()
    best = Standings("maximize", up.results.values()).incumbent
    worst = Standings("minimize", down.results.values()).incumbent
    assert (best and best.key) == (worst and worst.key)

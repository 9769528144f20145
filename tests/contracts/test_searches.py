"""The contract of all searches, for every scheduler and sampler; it finds them in their records."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.methods import SAMPLERS, SCHEDULERS
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.journal import COMPLETE, Header, Journal, encode
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Direction, Job, JobKey, Status
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import FunctionRunner
from fnnctl.search.loop import run_search
from fnnctl.search.plan import SearchPlan, plan_search
from fnnctl.search.protocols import UNLIMITED, Runner, Sampler, Scheduler
from fnnctl.search.samplers import make_sampler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.space.identity import identity
from fnnctl.space.space import Space
from tests.search.toys import Climber, Outcome, ToyRunner, numbered, result_of, unruly


@dataclass(frozen=True)
class SamplerCase:
    """Makes samplers that all give the same proposals."""

    make: Callable[[], Sampler]
    size: int | None
    """The number of configurations; None if infinite."""


MOMENTUM = {"uniform": [0.5, 0.99], "when": {"training.optimizer.name": "momentum"}}
SPACE = space_of(
    SearchConfig.model_validate({
        "space": {
            "training.optimizer.name": {"choice": ["adam", "momentum"]},
            "training.optimizer.momentum": MOMENTUM,
            "training.l2": {"log_uniform": [1e-6, 1e-1]},
            "model.hidden": {"depth": [1, 2], "width": [8, 64], "log": True},
        }
    }).domains
)  # fmt: skip
FEW = space_of(SearchConfig.model_validate({"space": {"training.epochs": {"integer": [1, 20]}}}).domains)


def of_space(name: str, space: Space, **settings: Any) -> SamplerCase:
    """A sampler from the registry, made from the settings of a search."""
    method = {"scheduler": "full_budget", "sampler": name}
    search = SearchConfig.model_validate({"method": method, **settings})

    def make() -> Sampler:
        return make_sampler(name, space, search, seed=3, key=identity)

    return SamplerCase(make, space.grid(search.grid_resolution).size if name == "grid" else space.size)


CASES = {
    "a list without end": SamplerCase(lambda: numbered(10**9), None),
    "a list of 1": SamplerCase(lambda: numbered(1), 1),
    "an empty list": SamplerCase(lambda: numbered(0), 0),
    "one that learns": SamplerCase(lambda: Climber(10**9), None),
    "one that learns from 20": SamplerCase(lambda: Climber(20), 20),
    **{
        f"{name} of 20": of_space(name, FEW)
        for name, record in SAMPLERS.items()
        if not (record.tries_samples or record.lists_grid)
    },
    "a grid": of_space("grid", SPACE, grid_resolution=2),
    "evolution": of_space("evolution", SPACE),
}
LEARNERS = [f"{name} of 20" for name in ("auto", "controller", "gp", "tpe")]
"""The slow ones, whose models are fitted again and again: they have one budget."""
RUNNERS: dict[str, Callable[[], Runner]] = {
    "one by one": lambda: ToyRunner(groups=1, batch=1),
    "all at once": lambda: ToyRunner(groups=1, batch=10**6),
    "by many workers in large batches": lambda: ToyRunner(seed=1, batch=30),
}
BUDGETS = {
    "by three": SearchBudget(max_epochs=27, trials=27, reduction_factor=3),
    "few": SearchBudget(max_epochs=200, min_epochs=5, trials=40, max_trials=33, reduction_factor=4),
}
pytestmark = [
    pytest.mark.parametrize("scheduler", SCHEDULERS),
    pytest.mark.parametrize(
        ("sampler", "budget"),
        [(case, budget) for case in CASES for budget in BUDGETS if case not in LEARNERS or budget == "few"],
    ),
]


def new_scheduler(scheduler: str, sampler: str, budget: str, direction: Direction = "maximize") -> Scheduler:
    return build_scheduler(scheduler, CASES[sampler].make(), BUDGETS[budget], direction=direction)


def slots(sampler: str) -> int:
    """What a sampler learns depends on which results come first: with few slots, some come at all."""
    return 16 if CASES[sampler].make().learns else UNLIMITED


def plan_of(scheduler: str, sampler: str, budget: str) -> SearchPlan:
    return plan_search(scheduler, BUDGETS[budget], size=CASES[sampler].size)


def journal_of(
    scheduler: str, sampler: str, budget: str, runner: Runner, direction: Direction = "maximize"
) -> Journal:
    journal = Journal()
    journal.begin(Header("", None, {}, {}))
    new = new_scheduler(scheduler, sampler, budget, direction)
    assert run_search(new, runner, journal, concurrency=slots(sampler)).kind == COMPLETE
    return journal


@cache
def reference(scheduler: str, sampler: str, budget: str) -> Journal:
    """The journal that all tests compare with, and leave as it is."""
    return journal_of(scheduler, sampler, budget, ToyRunner())


def assert_same(journal: Journal, other: Journal) -> None:
    """The same records in the same order."""
    assert list(journal.trials.values()) == list(other.trials.values())
    assert list(journal.results.values()) == list(other.results.values())


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_same_results_with_any_runner(scheduler: str, sampler: str, budget: str, runner: str) -> None:
    journal = journal_of(scheduler, sampler, budget, RUNNERS[runner]())
    assert_same(journal, reference(scheduler, sampler, budget))


def test_nothing_is_decided_from_what_is_not_recorded(scheduler: str, sampler: str, budget: str) -> None:
    """A journal that breaks off after any of its results leads on to the same trials and results."""
    whole = reference(scheduler, sampler, budget)
    results = list(whole.results.values())
    for count in range(0, len(results) + 1, max(1, len(results) // 3)):
        journal = Journal()
        journal.begin(Header("", None, {}, {}))
        begun = {result.trial for result in results[:count]}
        journal.begin_trials([trial for number, trial in whole.trials.items() if number in begun])
        for result in results[:count]:
            journal.add_result(result)
        new = new_scheduler(scheduler, sampler, budget)
        run_search(new, ToyRunner(seed=count), journal, concurrency=slots(sampler))
        assert journal.trials == whole.trials
        assert list(map(encode, journal.results.values())) == list(map(encode, results))


@pytest.mark.parametrize("free", [3, 16, UNLIMITED])
def test_jobs_are_whole_and_in_order(scheduler: str, sampler: str, budget: str, free: int) -> None:
    """Trials are numbered as they come; each goes on from where it was, to more, and never after its end.

    A trial has one job at a time, and no more jobs start than there is room for.
    """
    new = new_scheduler(scheduler, sampler, budget)
    rng = random.Random(0)
    reached: dict[int, int] = {}
    ended: set[int] = set()
    under_way: list[Job] = []
    while True:
        while jobs := new.ask(free - len(under_way)):
            numbers = [job.trial.number for job in jobs]
            assert len(set(numbers)) == len(numbers)
            begun = [number for number in numbers if number not in reached]
            assert begun == list(range(len(reached), len(reached) + len(begun)))
            for job in jobs:
                assert job.start == reached.get(job.trial.number, 0) < job.stop
                assert job.trial.number not in ended
                reached[job.trial.number] = job.stop
            under_way += jobs
            assert len({job.trial.number for job in under_way}) == len(under_way) <= free
        if not under_way:
            break
        job = under_way.pop(rng.randrange(len(under_way)))
        result = result_of(job, unruly(job))
        if result.status is not Status.COMPLETED:
            ended.add(result.trial)
        new.tell(result)
    assert list(new.ask(free)) == []


def test_a_checkpoint_is_released_when_no_job_resumes_from_it_any_more(
    scheduler: str, sampler: str, budget: str
) -> None:
    """Once each, all but those of the last rung, which are not kept; ASHA may promote any trial later."""
    last = {
        rung.epochs for bracket in plan_of(scheduler, sampler, budget).brackets for rung in bracket.rungs[-1:]
    }
    for seed in range(2):
        runner = Releasing(seed=seed)
        journal = journal_of(scheduler, sampler, budget, runner)
        kept = {
            result.key
            for result in journal.results.values()
            if result.status is Status.COMPLETED and result.budget not in last
        }
        assert len(set(runner.released)) == len(runner.released)
        if scheduler == "asha":
            kept &= {(job.trial.number, job.start) for job, _ in runner.submitted}
        assert {key for key in runner.released if key in kept} == kept
        assert not {key for key in runner.released if key[1] in last and key in journal.results}


class Releasing(ToyRunner):
    """Refuses to go on from a checkpoint that was released, and to release one that is in use."""

    def submit(self, job: Job, due: int) -> None:
        assert (job.trial.number, job.start) not in self.released
        super().submit(job, due)

    def release(self, keys: Sequence[JobKey]) -> None:
        assert not {(job.trial.number, job.start) for job in self._waiting}.intersection(keys)
        super().release(keys)


def test_what_is_executed_is_what_was_planned(scheduler: str, sampler: str, budget: str) -> None:
    plan = plan_of(scheduler, sampler, budget)
    journal = journal_of(scheduler, sampler, budget, FunctionRunner(lambda job: 1 / (1 + job.trial.number)))
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
    """But ASHA also promotes trials that would not be among the best later."""
    plan, journal = plan_of(scheduler, sampler, budget), reference(scheduler, sampler, budget)
    assert len(journal.trials) == plan.trials
    epochs = sum(result.epochs for result in journal.results.values())
    assert scheduler == "asha" or epochs <= plan.epochs_with_reuse


def test_to_minimize_is_to_maximize_the_opposite(scheduler: str, sampler: str, budget: str) -> None:
    def opposite(job: Job) -> Outcome:
        match unruly(job):
            case Status() as status:
                return status
            case (status, value):
                return status, -value
            case value:
                return -value

    up = reference(scheduler, sampler, budget)
    down = journal_of(scheduler, sampler, budget, ToyRunner(opposite), "minimize")
    assert up.results.keys() == down.results.keys()
    best = Standings("maximize", up.results.values()).incumbent
    worst = Standings("minimize", down.results.values()).incumbent
    assert (best and best.key) == (worst and worst.key)

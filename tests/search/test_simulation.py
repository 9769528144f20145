from __future__ import annotations

import pytest

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.records.trials import Job
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import UNLIMITED, Scheduler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.simulation import Simulation, simulate
from tests.search.toys import numbered


def scheduler_of(name: str, trials: int = 30) -> Scheduler:
    budget = SearchBudget(max_epochs=27, trials=trials, reduction_factor=3)
    return build_scheduler(name, numbered(trials), budget, direction="maximize")


def simulated(
    name: str,
    workers: int,
    noise: float = 0.0,
    *,
    concurrency: int = UNLIMITED,
    seed: int = 0,
    trials: int = 30,
) -> Simulation:
    return simulate(
        scheduler_of(name, trials),
        lambda job: job.stop - job.start,
        lambda job: 2.0 * (job.stop - job.start),
        workers=workers,
        concurrency=concurrency,
        noise=noise,
        seed=seed,
    )


def test_thirty_full_trials_by_hand() -> None:
    """Of 54 seconds each: ten at a time are done in three rounds, four in eight; the last is half."""
    assert simulated("full_budget", 1) == Simulation(1, 30, 1620.0, 1.0, 0.0)
    assert simulated("full_budget", 10).seconds == 3 * 54
    uneven = simulated("full_budget", 4)
    assert uneven.seconds == 8 * 54
    assert uneven.busy == pytest.approx(30 / 32)


def test_more_workers_than_jobs_are_idle() -> None:
    found = simulated("full_budget", 60)
    assert (found.seconds, found.busy) == (54.0, 0.5)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_work_does_not_depend_on_the_workers(name: str) -> None:
    """Decisions are made in virtual time: the same jobs, and without noise as many seconds of work."""
    found = [simulated(name, workers, concurrency=16) for workers in (1, 3, 16)]
    assert len({each.jobs for each in found}) == 1
    work = [each.seconds * each.busy * each.workers for each in found]
    assert work == [pytest.approx(work[0])] * 3
    assert found[0].seconds >= found[1].seconds >= found[2].seconds


def test_the_same_seed_gives_the_same_simulation() -> None:
    assert simulated("asha", 4, 0.1) == simulated("asha", 4, 0.1)
    assert simulated("asha", 4, 0.1) != simulated("asha", 4, 0.1, seed=1)


def test_results_wait_for_those_before_them() -> None:
    """Two workers: without noise nothing waits; a late job keeps others waiting."""
    assert simulated("full_budget", 2).waiting == 0.0
    assert simulated("full_budget", 2, 0.3).waiting > 0.0


def test_asha_keeps_a_hundred_workers_busy() -> None:
    found = simulated("asha", 100, 0.1, concurrency=1600, trials=5000)
    assert found.busy > 0.9


def test_nothing_to_do() -> None:
    def no_job(job: Job) -> int:
        raise AssertionError

    budget = SearchBudget(max_epochs=3, trials=3)
    empty = build_scheduler("full_budget", numbered(0), budget, direction="maximize")
    found = simulate(empty, no_job, no_job, workers=2, concurrency=16, seed=0)
    assert found == Simulation(2, 0, 0.0, 0.0, 0.0)

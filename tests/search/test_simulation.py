from __future__ import annotations

import pytest

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import UNLIMITED
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.simulation import Simulation, simulate
from tests.search.toys import numbered


def simulated(
    name: str,
    workers: int,
    noise: float = 0.0,
    *,
    seed: int = 0,
    trials: int = 30,
    concurrency: int = UNLIMITED,
) -> Simulation:
    budget = SearchBudget(max_epochs=27, trials=trials, reduction_factor=3)
    return simulate(
        build_scheduler(name, numbered(trials), budget, direction="maximize"),
        lambda job: job.stop - job.start,
        lambda job: 2.0 * (job.stop - job.start),
        workers=workers,
        concurrency=concurrency,
        noise=noise,
        seed=seed,
    )


@pytest.mark.parametrize(
    ("workers", "rounds", "busy"), [(1, 30, 1.0), (10, 3, 1.0), (4, 8, 30 / 32), (60, 1, 0.5)]
)
def test_thirty_full_trials_by_hand(workers: int, rounds: int, busy: float) -> None:
    """Of 54 seconds each; results wait for nobody."""
    assert simulated("full_budget", workers) == Simulation(workers, 30, 54.0 * rounds, busy, 0.0)


def test_without_trials_no_time_passes() -> None:
    assert simulated("full_budget", 2, trials=0) == Simulation(2, 0, 0.0, 0.0, 0.0)


def test_a_job_that_takes_longer_keeps_the_results_of_others_waiting() -> None:
    noisy = simulated("full_budget", 2, 0.3)
    assert 0.0 < noisy.waiting < 1.0
    assert noisy == simulated("full_budget", 2, 0.3)
    assert noisy != simulated("full_budget", 2, 0.3, seed=1)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_work_does_not_depend_on_the_workers(name: str) -> None:
    """Decisions are made in virtual time: the same jobs, and without noise as many seconds of work."""
    simulations = [simulated(name, workers, concurrency=16) for workers in (1, 3, 16)]
    assert len({simulation.jobs for simulation in simulations}) == 1
    work = [simulation.seconds * simulation.busy * simulation.workers for simulation in simulations]
    assert work == [pytest.approx(work[0])] * 3
    seconds = [simulation.seconds for simulation in simulations]
    assert seconds == sorted(seconds, reverse=True)


def test_asha_keeps_a_hundred_workers_busy() -> None:
    assert simulated("asha", 100, 0.1, concurrency=1600, trials=5000).busy > 0.9

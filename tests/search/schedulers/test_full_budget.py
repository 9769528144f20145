from __future__ import annotations

import math

import pytest

from fnnctl.records.trials import Job, Status
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.full_budget import FullBudget
from tests.search.toys import Climber, Recorder, asked_jobs, by_trial, climbed, numbered, result_of


def test_everyone_gets_everything_at_once() -> None:
    sampler = Recorder(4)
    outcomes = by_trial({0: 0.5, 1: Status.DIVERGED, 2: (Status.STOPPED_EARLY, 0.4), 3: Status.FAILED})
    asked = climbed(FullBudget(TrialSource(sampler, direction="maximize"), epochs=9), outcomes)
    assert asked == [[(0, 0, 9), (1, 0, 9), (2, 0, 9), (3, 0, 9)]]
    assert sampler.told == [(0, -0.5, 9), (1, math.inf, 9), (2, -0.4, 9), (3, math.inf, 9)]


def test_as_many_as_there_is_room_for() -> None:
    scheduler = FullBudget(TrialSource(numbered(5), direction="maximize"), epochs=9)
    assert [[job.trial.number for job in scheduler.ask(free)] for free in (2, 1, 0, 9, 9)] == [
        [0, 1], [2], [], [3, 4], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("batch", "rounds", "best"),
    [
        (1, [[0], [1], [2]], [0.0, 0.25, 0.5]),
        (2, [[0, 1], [2]], [0.0, 0.0, 0.5]),
    ],
)
def test_a_sampler_that_learns_sees_every_result_before_the_next_batch(
    batch: int, rounds: list[list[int]], best: list[float]
) -> None:
    source = TrialSource(Climber(3), 5, direction="maximize", batch=batch)
    scheduler = FullBudget(source, epochs=2)
    trials: list[Job] = []

    def outcome(job: Job) -> float:
        trials.append(job)
        return len(trials) / 4

    asked = climbed(scheduler, outcome, free=batch)
    assert asked == [[(number, 0, 2) for number in numbers] for numbers in rounds]
    assert [job.trial.assignment["best"] for job in trials] == best


def test_a_space_without_configurations_is_over_at_once() -> None:
    source = TrialSource(Recorder(0), direction="maximize")
    assert climbed(FullBudget(source, epochs=9), by_trial({})) == []


def test_results_of_other_jobs_are_refused() -> None:
    scheduler = FullBudget(TrialSource(numbered(2), direction="maximize"), epochs=2)
    first, second = asked_jobs(scheduler)
    scheduler.tell(result_of(second, 0.5))
    with pytest.raises(ValueError, match=r"not under way: \(trial, budget\) \(1, 2\)"):
        scheduler.tell(result_of(second, 0.5))
    scheduler.tell(result_of(first, 0.5))


def test_no_checkpoint_is_ever_resumed_from() -> None:
    scheduler = FullBudget(TrialSource(numbered(2), direction="maximize"), epochs=2)
    for job in asked_jobs(scheduler):
        scheduler.tell(result_of(job, 0.5))
        assert list(scheduler.released()) == []

from __future__ import annotations

from fnnctl.records.trials import Job, Status
from fnnctl.search.schedulers.full_budget import FullBudget
from fnnctl.search.schedulers.trial_source import TrialSource
from tests.search.toys import Climber, Recorder, by_trial, climbed


def test_everyone_gets_everything_at_once() -> None:
    sampler = Recorder(4)
    outcomes = by_trial({0: 0.5, 1: Status.DIVERGED, 2: (Status.STOPPED_EARLY, 0.4), 3: Status.FAILED})
    asked = climbed(FullBudget(TrialSource(sampler), epochs=9), outcomes)
    assert asked == [[(0, 0, 9), (1, 0, 9), (2, 0, 9), (3, 0, 9)]]
    assert [result.status for result in sampler.told] == [
        Status.COMPLETED,
        Status.DIVERGED,
        Status.STOPPED_EARLY,
        Status.FAILED,
    ]


def test_a_sampler_that_learns_sees_every_result_before_the_next_trial() -> None:
    sampler = Climber(3)
    scheduler = FullBudget(TrialSource(sampler, 5), epochs=2)
    trials: list[Job] = []

    def outcome(job: Job) -> float:
        trials.append(job)
        return len(trials) / 4

    assert climbed(scheduler, outcome) == [[(0, 0, 2)], [(1, 0, 2)], [(2, 0, 2)]]
    assert [job.trial.assignment["best"] for job in trials] == [0.0, 0.25, 0.5]


def test_a_space_without_configurations_is_over_at_once() -> None:
    assert climbed(FullBudget(TrialSource(Recorder(0)), epochs=9), by_trial({})) == []

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.trials import Direction, Job, Status, Trial
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import UNLIMITED
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.schedulers.base import OpenJobs, TrialSource
from tests.search.toys import Climber, Outcome, Recorder, asked_jobs, numbered, result_of

JOBS = [Job(Trial(number, {}), rung=0, start=0, stop=4) for number in range(3)]


def test_jobs_are_under_way_until_their_results_come() -> None:
    jobs = OpenJobs()
    assert not jobs
    assert jobs.begin(JOBS) == JOBS
    assert [jobs.end(result_of(job, 0.5)) for job in JOBS[::-1]] == JOBS[::-1]
    assert not jobs


@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler_refuses_results_of_other_jobs(name: str) -> None:
    budget = SearchBudget(max_epochs=9, trials=9, reduction_factor=3)
    scheduler = build_scheduler(name, numbered(9), budget, direction="maximize")
    jobs = asked_jobs(scheduler, 9)
    scheduler.tell(result_of(jobs[0], 0.5))
    ended, later = jobs[0], replace(jobs[1], stop=jobs[1].stop + 1)
    for wrong in (ended, later, replace(jobs[1], trial=Trial(99, {}))):
        with pytest.raises(ValueError, match=rf"not under way: \(trial, budget\) \({wrong.trial.number}, "):
            scheduler.tell(result_of(wrong, 0.5))


def source_of(sampler: Climber, *, most: int | None = None, batch: int = DEFAULT_BATCH) -> TrialSource:
    return TrialSource(sampler, most, direction="maximize", batch=batch)


def test_trials_are_numbered_in_the_order_in_which_they_begin() -> None:
    """As many as there is room for, until the sampler has no more."""
    source = TrialSource(numbered(5), direction="maximize")
    assert source.begin(2, 9, bracket=3) == [Trial(0, {"x": 0}, 3), Trial(1, {"x": 1}, 3)]
    assert source.begin(0, 9) == source.begin(9, 0) == []
    assert source.begin(9, 2, bracket=2) == [Trial(2, {"x": 2}, 2), Trial(3, {"x": 3}, 2)]
    before = source.exhausted
    assert [trial.number for trial in source.begin(2, 9)] == [4]
    assert (before, source.exhausted) == (False, True)
    assert source.begin(2, 9) == []


@pytest.mark.parametrize(("most", "begun"), [(None, 5), (3, 3), (0, 0), (9, 5)])
def test_no_more_begin_than_may(most: int | None, begun: int) -> None:
    source = TrialSource(numbered(5), most, direction="maximize")
    assert len(source.begin(UNLIMITED, UNLIMITED)) == begun
    assert source.exhausted


@pytest.mark.parametrize(
    ("most", "wanted", "free", "begun"),
    [
        (12, UNLIMITED, [9, 4, 0, 5, 4, 5], [5, 0, 0, 5, 0, 2]),
        (None, UNLIMITED, [0, 3, 2, 3], [0, 3, 0, 3]),
        (None, 3, [4], [3]),
        (2, 4, [9], [2]),
    ],
    ids=[
        "the last two wait like a whole batch", "as much as there is room at most",
        "a bracket that has no room for more", "a sampler is not asked for what may not begin",
    ],
)  # fmt: skip
def test_a_sampler_that_learns_proposes_whole_batches_or_nothing(
    most: int | None, wanted: int, free: list[int], begun: list[int]
) -> None:
    sampler = Climber(100)
    source = source_of(sampler, most=most, batch=5)
    assert [len(source.begin(wanted, room)) for room in free] == begun
    assert [n for n, _ in sampler.asked if n] == [count for count in begun if count]
    assert source.exhausted == (most is not None)


def test_a_sampler_is_told_which_trials_have_no_result_yet() -> None:
    sampler = Climber(100)
    source = source_of(sampler, batch=2)
    first, second = source.begin(2, 9)
    source.begin(2, 9)
    source.tell(first, result_of(Job(first, 0, 0, 4), 0.5))
    third, *_ = source.begin(2, 9)
    assert [[each["x"] for each in pending] for _, pending in sampler.asked] == [[], [1, 2], [2, 3, 4]]
    source.tell(first, result_of(Job(first, 1, 4, 8), 0.5))
    source.tell(second, result_of(Job(second, 0, 0, 4), Status.FAILED))
    source.begin(1, 9)
    assert [each["x"] for each in sampler.asked[-1][1]] == [3, 4, 5, 6]
    assert third.assignment["best"] == 0.5


@pytest.mark.parametrize(
    ("direction", "outcome", "loss"),
    [
        ("maximize", 0.25, -0.25),
        ("minimize", 0.25, 0.25),
        ("maximize", (Status.STOPPED_EARLY, -2.0), 2.0),
        ("maximize", Status.DIVERGED, math.inf),
        ("minimize", Status.FAILED, math.inf),
        ("minimize", math.nan, math.inf),
        ("maximize", math.inf, math.inf),
    ],
)
def test_a_sampler_sees_a_loss(direction: Direction, outcome: Outcome, loss: float) -> None:
    sampler = Recorder(9)
    source = TrialSource(sampler, direction=direction)
    (trial,) = source.begin(1, 1)
    source.tell(trial, result_of(Job(trial, 0, 0, 4), outcome))
    assert sampler.told == [(0, loss, 4)]

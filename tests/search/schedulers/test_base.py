from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.records.trials import Direction, Job, Status, Trial
from fnnctl.search.protocols import UNLIMITED
from fnnctl.search.schedulers.base import OpenJobs, TrialSource
from tests.search.toys import Climber, Outcome, Recorder, numbered, result_of

JOBS = [Job(Trial(number, {}), rung=0, start=0, stop=4) for number in range(3)]


def test_jobs_are_under_way_until_their_results_come() -> None:
    jobs = OpenJobs()
    assert not jobs
    assert jobs.begin(JOBS) == JOBS
    assert [jobs.end(result_of(job, 0.5)) for job in JOBS[::-1]] == JOBS[::-1]
    assert not jobs


def test_results_of_other_jobs_are_refused() -> None:
    jobs = OpenJobs()
    jobs.begin(JOBS[:2])
    jobs.end(result_of(JOBS[0], 0.5))
    for wrong in (JOBS[0], JOBS[2], replace(JOBS[1], stop=5)):
        with pytest.raises(ValueError, match=rf"not under way: \(trial, budget\) \({wrong.trial.number}, "):
            jobs.end(result_of(wrong, 0.5))
    assert jobs


def source_of(sampler: Climber, *, most: int | None = None, batch: int = DEFAULT_BATCH) -> TrialSource:
    return TrialSource(sampler, most, direction="maximize", batch=batch)


def test_trials_are_numbered_in_the_order_in_which_they_begin() -> None:
    source = TrialSource(numbered(5), direction="maximize")
    assert source.begin(2, 9, bracket=3) == [Trial(0, {"x": 0}, 3), Trial(1, {"x": 1}, 3)]
    assert source.begin(0, 9) == []
    assert source.begin(2, 9, bracket=2) == [Trial(2, {"x": 2}, 2), Trial(3, {"x": 3}, 2)]
    before = source.exhausted
    assert [trial.number for trial in source.begin(2, 9)] == [4]
    assert (before, source.exhausted) == (False, True)
    assert source.begin(2, 9) == []


@pytest.mark.parametrize(("most", "begun"), [(None, 5), (3, 3), (0, 0), (9, 5)])
def test_no_more_begin_than_may(most: int | None, begun: int) -> None:
    source = TrialSource(numbered(5), most, direction="maximize")
    assert len(source.begin(UNLIMITED, UNLIMITED)) == begun
    assert source.exhausted


def test_no_more_begin_than_have_room() -> None:
    source = TrialSource(numbered(5), direction="maximize")
    assert [len(source.begin(9, free)) for free in (2, 0, 1)] == [2, 0, 1]
    assert not source.exhausted


def test_a_sampler_is_not_asked_for_what_may_not_begin() -> None:
    sampler = Climber(5)
    source_of(sampler, most=2).begin(4, 9)
    assert [n for n, _ in sampler.asked] == [2]


def test_a_sampler_that_learns_proposes_whole_batches_or_nothing() -> None:
    sampler = Climber(100)
    source = source_of(sampler, most=12, batch=5)
    begun = [source.begin(UNLIMITED, free) for free in (9, 4, 0, 5)]
    assert [[trial.number for trial in trials] for trials in begun] == [
        [0, 1, 2, 3, 4], [], [], [5, 6, 7, 8, 9],
    ]  # fmt: skip
    before = source.exhausted
    assert source.begin(UNLIMITED, 4) == [], "the two that are left wait like a whole batch"
    assert [trial.number for trial in source.begin(UNLIMITED, 5)] == [10, 11]
    assert (before, source.exhausted) == (False, True)
    assert [n for n, _ in sampler.asked] == [5, 5, 2]


def test_fewer_are_a_batch_where_a_bracket_has_no_room_for_more() -> None:
    assert len(source_of(Climber(100), batch=5).begin(3, 4)) == 3


def test_a_batch_is_no_larger_than_all_the_room_that_there_is() -> None:
    """Otherwise a search with few slots would wait for room that never comes."""
    source = source_of(Climber(100), batch=5)
    assert [len(source.begin(UNLIMITED, free)) for free in (0, 3, 2, 3)] == [0, 3, 0, 3]


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

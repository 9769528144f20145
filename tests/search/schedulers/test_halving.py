"""Ladders that were computed by hand, over objectives that train nothing."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from fnnctl.records.trials import Direction, Job, Status
from fnnctl.search.budget import Bracket, Rung
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.halving import Halving
from tests.search.toys import Climber, Outcome, Recorder, asked_jobs, by_trial, climbed, result_of

NINE = Bracket(2, (Rung(9, 1), Rung(3, 3), Rung(1, 9)), Fraction(3))
FOUR = Bracket(0, (Rung(4, 2), Rung(2, 4)), Fraction(2))


def ladder(bracket: Bracket, direction: Direction = "maximize", most: int = 100) -> Halving:
    return Halving(TrialSource(Recorder(most), direction=direction), bracket)


def numbers(asked: list[list[tuple[int, int, int]]]) -> list[list[int]]:
    return [[number for number, _, _ in jobs] for jobs in asked]


def test_the_best_third_of_each_rung_goes_on_from_where_it_was() -> None:
    values: dict[int, Outcome] = dict(enumerate([0.1, 0.9, 0.3, 0.2, 0.8, 0.0, 0.7, 0.5, 0.4]))
    assert climbed(ladder(NINE), by_trial(values)) == [
        [(number, 0, 1) for number in range(9)],
        [(1, 1, 3), (4, 1, 3), (6, 1, 3)],
        [(1, 3, 9)],
    ]


def test_minimization_keeps_the_smallest() -> None:
    values: dict[int, Outcome] = dict(enumerate([0.1, 0.9, 0.3, 0.2, 0.8, 0.0, 0.7, 0.5, 0.4]))
    assert numbers(climbed(ladder(NINE, "minimize"), by_trial(values)))[1:] == [[0, 3, 5], [5]]


def test_a_rung_is_decided_by_its_own_values() -> None:
    later = {(1, 3): 0.1, (4, 3): 0.6, (6, 3): 0.2}

    def outcome(job: Job) -> float:
        number, stop = job.trial.number, job.stop
        return later.get((number, stop), number in {1, 4, 6})

    assert numbers(climbed(ladder(NINE), outcome))[1:] == [[1, 4, 6], [4]]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_ties_go_to_the_trials_that_began_first(direction: Direction) -> None:
    equal: dict[int, Outcome] = dict.fromkeys(range(9), 0.5)
    assert numbers(climbed(ladder(NINE, direction), by_trial(equal)))[1:] == [[0, 1, 2], [0]]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("nothing", [math.nan, math.inf, -math.inf, Status.DIVERGED, Status.FAILED])
def test_what_is_not_finite_comes_after_the_worst(direction: Direction, nothing: Outcome) -> None:
    values: dict[int, Outcome] = {0: nothing, 1: nothing, 2: -1e300, 3: 1e300}
    assert numbers(climbed(ladder(FOUR, direction), by_trial(values))) == [[0, 1, 2, 3], [2, 3]]


def test_fewer_finite_than_could_go_on() -> None:
    values: dict[int, Outcome] = dict.fromkeys(range(9), Status.DIVERGED)
    values |= {5: 0.5, 7: 0.7}
    assert numbers(climbed(ladder(NINE), by_trial(values)))[1:] == [[5, 7], [7]]


def test_nobody_finite_ends_the_ladder() -> None:
    values: dict[int, Outcome] = dict.fromkeys(range(9), Status.FAILED)
    assert numbers(climbed(ladder(NINE), by_trial(values))) == [list(range(9))]


def test_an_early_stop_keeps_its_value_and_its_place_and_does_nothing() -> None:
    """Trial 1 is second in rung 0 and, with the same value, first in rung 1, where 4 and 6 get worse."""

    def outcome(job: Job) -> Outcome:
        number, stop = job.trial.number, job.stop
        if number == 1:
            return Status.STOPPED_EARLY, 0.8
        return {4: 0.9, 6: 0.7}.get(number, 0.1) if stop == 1 else 0.3

    sampler = Recorder(9)
    asked = climbed(Halving(TrialSource(sampler, direction="maximize"), NINE), outcome)
    assert asked == [[(number, 0, 1) for number in range(9)], [(4, 1, 3), (6, 1, 3)]]
    assert [told for told in sampler.told if told[0] == 1] == [(1, -0.8, 1), (1, -0.8, 3), (1, -0.8, 9)]


def test_an_early_stop_can_be_overtaken() -> None:
    def outcome(job: Job) -> Outcome:
        number, stop = job.trial.number, job.stop
        if number == 1:
            return Status.STOPPED_EARLY, 0.8
        return {4: 0.7, 6: 0.6}.get(number, 0.1) if stop == 1 else 0.9

    assert climbed(ladder(NINE), outcome)[1:] == [[(4, 1, 3), (6, 1, 3)], [(4, 3, 9)]]


def test_early_stops_all_the_way_need_no_more_jobs() -> None:
    everyone: dict[int, Outcome] = {number: (Status.STOPPED_EARLY, number / 10) for number in range(9)}
    assert numbers(climbed(ladder(NINE), by_trial(everyone))) == [list(range(9))]


def test_an_exhausted_sampler_shrinks_the_ladder() -> None:
    """Of the trials that there are, each rung promotes a third, and at least one."""
    values: dict[int, Outcome] = dict(enumerate([0.1, 0.3, 0.2, 0.4]))
    many: dict[int, Outcome] = {number: number / 10 for number in range(7)}
    assert numbers(climbed(ladder(NINE, most=4), by_trial(values))) == [[0, 1, 2, 3], [3], [3]]
    assert numbers(climbed(ladder(NINE, most=7), by_trial(many))) == [[0, 1, 2, 3, 4, 5, 6], [5, 6], [6]]
    assert numbers(climbed(ladder(NINE, most=2), by_trial(values))) == [[0, 1], [1], [1]]
    assert climbed(ladder(NINE, most=0), by_trial(values)) == []


def test_trials_bear_the_number_of_their_bracket() -> None:
    assert {job.trial.bracket for job in ladder(NINE).ask(9)} == {2}


def test_the_sampler_is_told_every_result_when_it_comes() -> None:
    sampler = Recorder(4)
    scheduler = Halving(TrialSource(sampler, direction="minimize"), FOUR)
    climbed(scheduler, by_trial({0: 0.4, 1: 0.3, 2: 0.2, 3: 0.1}))
    assert sampler.told == [(0, 0.4, 2), (1, 0.3, 2), (2, 0.2, 2), (3, 0.1, 2), (2, 0.2, 4), (3, 0.1, 4)]


def test_promotions_do_not_depend_on_the_order_of_results() -> None:
    values = [0.1, 0.9, 0.3, 0.2, 0.8, 0.0, 0.7, 0.5, 0.4]
    scheduler = ladder(NINE)
    jobs = asked_jobs(scheduler)
    for job in jobs[::-1]:
        scheduler.tell(result_of(job, values[job.trial.number]))
    assert [(job.trial.number, job.start, job.stop) for job in asked_jobs(scheduler)] == [
        (1, 1, 3), (4, 1, 3), (6, 1, 3),
    ]  # fmt: skip


def test_a_rung_waits_for_all_results_of_the_rung_below() -> None:
    scheduler = ladder(FOUR)
    jobs = asked_jobs(scheduler)
    for job in jobs[1:]:
        scheduler.tell(result_of(job, 0.5))
        assert list(scheduler.ask(9)) == []
    scheduler.tell(result_of(jobs[0], 0.5))
    assert [job.key for job in scheduler.ask(9)] == [(0, 4), (1, 4)]


def test_as_many_as_there_is_room_for() -> None:
    """In each rung; nothing but room is waited for."""
    scheduler = ladder(FOUR)
    found = [scheduler.ask(free) for free in (3, 0, 3, 3)]
    assert [[job.trial.number for job in jobs] for jobs in found] == [[0, 1, 2], [], [3], []]
    for jobs in found:
        for job in jobs:
            scheduler.tell(result_of(job, 0.5))
    assert [[job.key for job in scheduler.ask(1)] for _ in range(3)] == [[(0, 4)], [(1, 4)], []]


def test_a_sampler_that_learns_fills_the_rung_batch_by_batch() -> None:
    sampler = Climber(100)
    scheduler = Halving(TrialSource(sampler, direction="maximize", batch=4), NINE)
    first = scheduler.ask(5)
    assert [job.trial.number for job in first] == [0, 1, 2, 3]
    assert list(scheduler.ask(1)) == []
    for job in first:
        scheduler.tell(result_of(job, 0.5))
    assert [job.trial.assignment["best"] for job in scheduler.ask(5)] == [0.5] * 4
    assert [job.trial.number for job in scheduler.ask(1)] == [8], "the last is a batch"
    assert [(n, len(pending)) for n, pending in sampler.asked] == [(4, 0), (4, 0), (1, 4)]


def test_the_last_rung_has_started_when_all_its_jobs_have() -> None:
    scheduler = ladder(FOUR)
    assert not scheduler.has_started_last_rung
    for job in asked_jobs(scheduler):
        assert not scheduler.has_started_last_rung
        scheduler.tell(result_of(job, 0.5))
    assert not scheduler.has_started_last_rung
    scheduler.ask(1)
    assert not scheduler.has_started_last_rung
    scheduler.ask(1)
    assert scheduler.has_started_last_rung


def test_checkpoints_are_released_when_nobody_resumes_from_them() -> None:
    """Of a trial that is not promoted, with its rung; of one that is, when its next job has ended."""
    values = [0.1, 0.9, 0.3, 0.2, 0.8, 0.0, 0.7, 0.5, 0.4]
    scheduler = ladder(NINE)
    released: list[list[tuple[int, int]]] = []
    while jobs := asked_jobs(scheduler):
        for job in jobs:
            scheduler.tell(result_of(job, values[job.trial.number]))
            released.append(list(scheduler.released()))
    assert released == [
        *[[]] * 8, [(0, 1), (2, 1), (3, 1), (5, 1), (7, 1), (8, 1)],
        [(1, 1)], [(4, 1)], [(6, 1), (4, 3), (6, 3)],
        [(1, 3)],
    ]  # fmt: skip


def test_results_of_other_jobs_are_refused() -> None:
    scheduler = ladder(FOUR)
    jobs = scheduler.ask(9)
    assert list(scheduler.ask(9)) == [], "nothing happens before the results are there"
    results = [result_of(job, 0.5) for job in jobs]
    scheduler.tell(results[2])
    with pytest.raises(ValueError, match=r"not under way: \(trial, budget\) \(2, 2\)"):
        scheduler.tell(results[2])
    for each in (0, 1, 3):
        scheduler.tell(results[each])
    with pytest.raises(ValueError, match="not under way"):
        scheduler.tell(results[0])

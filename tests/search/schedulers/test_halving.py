"""Ladders that were computed by hand, over objectives that train nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import pytest

from fnnctl.records.trials import Direction, Job, Status
from fnnctl.search.budget import Bracket, Rung
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.halving import Halving
from tests.search.toys import Outcome, Recorder, asked_jobs, climbed, result_of

NINE = Bracket(2, (Rung(9, 1), Rung(3, 3), Rung(1, 9)), Fraction(3))
FOUR = Bracket(0, (Rung(4, 2), Rung(2, 4)), Fraction(2))
VALUES = [0.1, 0.9, 0.3, 0.2, 0.8, 0.0, 0.7, 0.5, 0.4]


def ladder(bracket: Bracket, direction: Direction = "maximize", most: int = 100) -> Halving:
    return Halving(TrialSource(Recorder(most), direction=direction), bracket)


def of_value(job: Job) -> float:
    return VALUES[job.trial.number]


def test_the_best_third_of_each_rung_goes_on_from_where_it_was() -> None:
    assert climbed(ladder(NINE), of_value) == [
        [(number, 0, 1) for number in range(9)],
        [(1, 1, 3), (4, 1, 3), (6, 1, 3)],
        [(1, 3, 9)],
    ]


FAILED = Status.FAILED


@pytest.mark.parametrize(
    ("direction", "outcomes", "later"),
    [
        ("minimize", VALUES, [[0, 3, 5], [5]]),
        ("maximize", [0.5] * 9, [[0, 1, 2], [0]]),
        ("minimize", [0.5] * 9, [[0, 1, 2], [0]]),
        ("maximize", [*[Status.DIVERGED] * 5, 0.5, FAILED, 0.7, FAILED], [[5, 7], [7]]),
        ("maximize", [FAILED] * 9, []),
        ("maximize", [(Status.STOPPED_EARLY, number / 10) for number in range(9)], []),
        # of fewer trials each rung promotes a third, and at least one
        ("maximize", [number / 10 for number in range(7)], [[5, 6], [6]]),
        ("maximize", [0.1, 0.3, 0.2, 0.4], [[3], [3]]),
        ("maximize", [0.1, 0.3], [[1], [1]]),
    ],
    ids=[
        "the smallest", "ties", "ties of the smallest", "fewer finite than could go on", "nobody finite",
        "early stops need no jobs", "7 trials", "4 trials", "2 trials",
    ],
)  # fmt: skip
def test_who_goes_on(direction: Direction, outcomes: Sequence[Outcome], later: list[list[int]]) -> None:
    count = len(outcomes)
    asked = climbed(ladder(NINE, direction, count), lambda job: outcomes[job.trial.number])
    assert [[number for number, _, _ in jobs] for jobs in asked] == [list(range(count)), *later]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("nothing", [math.nan, math.inf, -math.inf, Status.DIVERGED, Status.FAILED])
def test_what_is_not_finite_comes_after_the_worst(direction: Direction, nothing: Outcome) -> None:
    values = [nothing, nothing, -1e300, 1e300]
    asked = climbed(ladder(FOUR, direction), lambda job: values[job.trial.number])
    assert asked[1:] == [[(2, 2, 4), (3, 2, 4)]]


@pytest.mark.parametrize(
    ("first", "second", "rungs", "later"),
    [
        ({4: 0.9, 6: 0.7}, 0.3, 3, [[(4, 1, 3), (6, 1, 3)]]),  # trial 1 is the best of the second rung
        ({4: 0.7, 6: 0.6}, 0.9, 2, [[(4, 1, 3), (6, 1, 3)], [(4, 3, 9)]]),  # it is overtaken there
    ],
)
def test_an_early_stop_keeps_its_value_and_does_nothing(
    first: dict[int, float], second: float, rungs: int, later: list[list[tuple[int, int, int]]]
) -> None:
    def outcome(job: Job) -> Outcome:
        if job.trial.number == 1:
            return Status.STOPPED_EARLY, 0.8
        return first.get(job.trial.number, 0.1) if job.stop == 1 else second

    sampler = Recorder(9)
    asked = climbed(Halving(TrialSource(sampler, direction="maximize"), NINE), outcome)
    assert asked[1:] == later
    of_the_stopped = [(1, -0.8, budget) for budget in (1, 3, 9)[:rungs]]
    assert [told for told in sampler.told if told[0] == 1] == of_the_stopped


def test_a_rung_waits_for_all_results_of_the_rung_below_in_any_order() -> None:
    scheduler = ladder(NINE)
    jobs = asked_jobs(scheduler)
    assert {job.trial.bracket for job in jobs} == {2}
    for job in jobs[::-1]:
        assert list(scheduler.ask(9)) == []
        scheduler.tell(result_of(job, of_value(job)))
    assert [job.key for job in scheduler.ask(9)] == [(1, 3), (4, 3), (6, 3)]


def test_as_many_as_there_is_room_for() -> None:
    """In each rung; nothing but room is waited for. The last rung has started when all its jobs have."""
    scheduler = ladder(FOUR)
    asked = [scheduler.ask(free) for free in (3, 0, 3, 3)]
    assert [[job.trial.number for job in jobs] for jobs in asked] == [[0, 1, 2], [], [3], []]
    for jobs in asked:
        for job in jobs:
            assert not scheduler.has_started_last_rung
            scheduler.tell(result_of(job, 0.5))
    second = []
    for _ in range(3):
        second.append([job.key for job in scheduler.ask(1)])
        assert scheduler.has_started_last_rung == (len(second) > 1)
    assert second == [[(0, 4)], [(1, 4)], []]


def test_checkpoints_are_released_when_nobody_resumes_from_them() -> None:
    """Of a trial that is not promoted, with its rung; of one that is, when its next job has ended."""
    scheduler = ladder(NINE)
    released: list[list[tuple[int, int]]] = []
    while jobs := asked_jobs(scheduler):
        for job in jobs:
            scheduler.tell(result_of(job, of_value(job)))
            released.append(list(scheduler.released()))
    assert released == [
        *[[]] * 8, [(0, 1), (2, 1), (3, 1), (5, 1), (7, 1), (8, 1)],
        [(1, 1)], [(4, 1)], [(6, 1), (4, 3), (6, 3)],
        [(1, 3)],
    ]  # fmt: skip

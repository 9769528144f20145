from __future__ import annotations

import pytest

from fnnctl.records.trials import Job
from fnnctl.search.budget import hyperband_brackets
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.hyperband import HyperBand
from tests.search.toys import Climber, Recorder, asked_jobs, climbed, numbered, result_of

NINE = hyperband_brackets(min_epochs=1, max_epochs=9, reduction_factor=3)
"""9 trials at 1, 3 at 3, 1 at 9; 5 at 3, 1 at 9; 3 at 9."""


def by_number(job: Job) -> float:
    return float(job.trial.number)


def test_all_brackets_climb_at_once_where_nothing_is_learned() -> None:
    scheduler = HyperBand(TrialSource(Recorder(100), direction="maximize"), NINE)
    assert climbed(scheduler, by_number) == [
        [
            *((k, 0, 1) for k in range(9)),
            *((k, 0, 3) for k in range(9, 14)),
            *((k, 0, 9) for k in (14, 15, 16)),
        ],
        [(6, 1, 3), (7, 1, 3), (8, 1, 3), (13, 3, 9)],
        [(8, 3, 9)],
    ]


def test_no_bracket_waits_for_another() -> None:
    """The bracket of 5 is done with its first rung before any of the 9 has a result."""
    scheduler = HyperBand(TrialSource(numbered(100), direction="maximize"), NINE)
    jobs = asked_jobs(scheduler)
    for job in jobs[9:14]:
        scheduler.tell(result_of(job, by_number(job)))
    assert [(job.trial.number, job.start, job.stop) for job in asked_jobs(scheduler)] == [(13, 3, 9)]


def test_a_bracket_is_filled_before_the_next_begins() -> None:
    """Trials are numbered bracket by bracket, whatever room there is."""
    scheduler = HyperBand(TrialSource(numbered(100), direction="maximize"), NINE)
    found = [scheduler.ask(free) for free in (7, 4, 0, 3)]
    assert [[job.trial.number for job in jobs] for jobs in found] == [
        [*range(7)], [7, 8, 9, 10], [], [11, 12, 13],
    ]  # fmt: skip
    assert [job.trial.bracket for jobs in found for job in jobs] == [2] * 9 + [1] * 5


def test_where_something_is_learned_a_bracket_begins_with_the_last_rung_of_the_one_before() -> None:
    sampler = Climber(100)
    scheduler = HyperBand(TrialSource(sampler, direction="maximize"), NINE)
    seen: dict[int, float] = {}

    def outcome(job: Job) -> float:
        seen.setdefault(job.trial.number, job.trial.assignment["best"])
        return job.trial.number / 100

    assert climbed(scheduler, outcome) == [
        [(k, 0, 1) for k in range(9)],
        [(6, 1, 3), (7, 1, 3), (8, 1, 3)],
        [(8, 3, 9), *((k, 0, 3) for k in range(9, 14))],
        [(13, 3, 9), *((k, 0, 9) for k in (14, 15, 16))],
    ]
    assert [seen[number] for number in (0, 8, 9, 13, 14, 16)] == [0.0, 0.0, 0.08, 0.08, 0.13, 0.13]
    assert [(n, len(pending)) for n, pending in sampler.asked] == [(8, 0), (1, 8), (5, 0), (3, 0)]


@pytest.mark.parametrize("learns", [False, True])
def test_where_there_are_fewer_trials_the_last_brackets_shrink(learns: bool) -> None:
    sampler = Climber(11) if learns else numbered(11)
    asked = climbed(HyperBand(TrialSource(sampler, direction="maximize"), NINE), by_number)
    jobs = sorted(job for batch in asked for job in batch)
    first = [(k, 0, 1) for k in range(9)] + [(6, 1, 3), (7, 1, 3), (8, 1, 3), (8, 3, 9)]
    assert jobs == sorted([*first, (9, 0, 3), (10, 0, 3), (10, 3, 9)])

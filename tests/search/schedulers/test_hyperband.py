from __future__ import annotations

import pytest

from fnnctl.records.trials import Job
from fnnctl.search.rungs import hyperband_brackets
from fnnctl.search.schedulers.hyperband import HyperBand
from fnnctl.search.schedulers.trial_source import TrialSource
from tests.search.toys import Climber, Recorder, climbed, numbered, result_of

NINE = hyperband_brackets(min_epochs=1, max_epochs=9, reduction_factor=3)
"""9 trials at 1, 3 at 3, 1 at 9; 5 at 3, 1 at 9; 3 at 9."""


def by_number(job: Job) -> float:
    return float(job.trial.number)


def test_all_brackets_climb_at_once_where_nothing_is_learned() -> None:
    scheduler = HyperBand(TrialSource(Recorder(100)), NINE, direction="maximize")
    assert climbed(scheduler, by_number) == [
        [
            *((k, 0, 1) for k in range(9)),
            *((k, 0, 3) for k in range(9, 14)),
            *((k, 0, 9) for k in (14, 15, 16)),
        ],
        [(6, 1, 3), (7, 1, 3), (8, 1, 3), (13, 3, 9)],
        [(8, 3, 9)],
    ]


def test_one_bracket_after_the_other_where_something_is_learned() -> None:
    sampler = Climber(100)
    scheduler = HyperBand(TrialSource(sampler), NINE, direction="maximize")
    seen: dict[int, float] = {}

    def outcome(job: Job) -> float:
        seen.setdefault(job.trial.number, job.trial.assignment["best"])
        return job.trial.number / 100

    assert climbed(scheduler, outcome) == [
        [(k, 0, 1) for k in range(9)],
        [(6, 1, 3), (7, 1, 3), (8, 1, 3)],
        [(8, 3, 9)],
        [(k, 0, 3) for k in range(9, 14)],
        [(13, 3, 9)],
        [(k, 0, 9) for k in (14, 15, 16)],
    ]
    assert [seen[number] for number in (0, 8, 9, 13, 14, 16)] == [0.0, 0.0, 0.08, 0.08, 0.13, 0.13]


def test_brackets_have_the_numbers_of_the_algorithm() -> None:
    jobs = HyperBand(TrialSource(numbered(100)), NINE, direction="maximize").ask()
    assert [job.trial.bracket for job in jobs] == [2] * 9 + [1] * 5 + [0] * 3


@pytest.mark.parametrize("learns", [False, True])
def test_where_there_are_fewer_trials_the_last_brackets_shrink(learns: bool) -> None:
    sampler = Climber(11) if learns else numbered(11)
    asked = climbed(HyperBand(TrialSource(sampler), NINE, direction="maximize"), by_number)
    jobs = sorted(job for batch in asked for job in batch)
    first = [(k, 0, 1) for k in range(9)] + [(6, 1, 3), (7, 1, 3), (8, 1, 3), (8, 3, 9)]
    assert jobs == sorted([*first, (9, 0, 3), (10, 0, 3), (10, 3, 9)])


def test_results_must_be_those_of_all_brackets() -> None:
    scheduler = HyperBand(TrialSource(numbered(100)), NINE, direction="maximize")
    results = [result_of(job, 0.5) for job in scheduler.ask()]
    for wrong in (results[:-1], [*results, results[0]], results[::-1]):
        with pytest.raises(ValueError, match="result"):
            scheduler.tell(wrong)
    scheduler.tell(results)
    assert len(scheduler.ask()) == 4

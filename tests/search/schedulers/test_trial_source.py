from __future__ import annotations

import pytest

from fnnctl.records.trials import Job, Trial
from fnnctl.search.schedulers.trial_source import TrialSource, check_answers
from tests.search.toys import Climber, numbered, result_of


def test_trials_are_numbered_in_the_order_in_which_they_begin() -> None:
    source = TrialSource(numbered(5))
    assert source.begin(2, bracket=3) == [Trial(0, {"x": 0}, 3), Trial(1, {"x": 1}, 3)]
    assert source.begin(0) == []
    assert source.begin(2, bracket=2) == [Trial(2, {"x": 2}, 2), Trial(3, {"x": 3}, 2)]
    assert [trial.number for trial in source.begin(2)] == [4]
    assert source.begin(2) == source.begin() == []


@pytest.mark.parametrize(("most", "begun"), [(None, 5), (3, 3), (0, 0), (9, 5)])
def test_no_more_begin_than_may(most: int | None, begun: int) -> None:
    assert len(TrialSource(numbered(5), most).begin()) == begun


def test_a_sampler_is_not_asked_for_what_may_not_begin() -> None:
    sampler = Climber(5)
    TrialSource(sampler, 2).begin(4)
    assert sampler.ask() == {"x": 3, "best": 0.0}


def test_answers_are_those_of_the_jobs_in_their_order() -> None:
    jobs = [Job(Trial(number, {}), rung=0, start=0, stop=4) for number in range(3)]
    results = [result_of(job, 0.5) for job in jobs]
    check_answers(jobs, results)
    with pytest.raises(ValueError, match="there are 2 results for 3 jobs"):
        check_answers(jobs, results[:2])
    with pytest.raises(ValueError, match=r"result 1 has \(trial, budget\) \(2, 4\), its job has \(1, 4\)"):
        check_answers(jobs, [results[0], results[2], results[1]])
    with pytest.raises(ValueError, match="there are 3 results for 0 jobs"):
        check_answers([], results)

from __future__ import annotations

from dataclasses import replace

import pytest

from fnnctl.records.trials import Job, Trial
from fnnctl.search.schedulers.jobs import OpenJobs
from tests.search.toys import result_of

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

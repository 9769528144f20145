from __future__ import annotations

from fnnctl.records.trials import Job, Result, Status, Trial


def test_a_result_has_the_key_of_its_job() -> None:
    job = Job(Trial(4, {"x": 1}), rung=2, start=3, stop=9)
    assert job.key == (4, 9) == Result(4, 2, 9, Status.COMPLETED, 0.5, 6).key


def test_the_only_bracket_is_the_first_one() -> None:
    assert Trial(4, {"x": 1}).bracket == 0


def test_what_has_an_objective() -> None:
    ended = {Status.DIVERGED, Status.FAILED}
    assert {status for status in Status if not status.finite} == ended

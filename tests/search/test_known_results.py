"""What the journal knows of a job: its result, that of a smaller budget on a curve, or where it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import CURVE, Job, Result, Status, Trial, failed_result, non_finite_objective
from fnnctl.search.loop import known_result, shortened

TRIAL = Trial(5, {"x": 1}, 2)
CURVE_NAME = "validation_accuracy"


def journal_of(*results: Result, on: str = "validation") -> Journal:
    journal = Journal()
    settings = {"objective": {"metric": "accuracy", "on": on, "direction": "maximize"}}
    journal.begin(Header("3fa9", None, {}, settings))
    journal.begin_trials([TRIAL, Trial(6, {"x": 2})])
    for result in results:
        journal.add_result(result)
    return journal


def job_to(stop: int, *, start: int = 0, rung: int = 0) -> Job:
    return Job(TRIAL, rung, start, stop)


def result_at(
    budget: int,
    curve: Sequence[float | None],
    status: Status = Status.COMPLETED,
    objective: float | None = 0.5,
    *,
    rung: int = 1,
    name: str = CURVE_NAME,
) -> Result:
    """A result of trial 5 whose job trained an epoch for each value of the curve."""
    facts: dict[str, Any] = {CURVE: {name: list(curve)}, "checkpoint": "ab"}
    reason = None if status.finite else "told to"
    return Result(5, rung, budget, status, objective if status.finite else None, len(curve), reason, facts)


def known_of(job: Job, journal: Journal) -> tuple[Result, bool] | None:
    """What is known of a job, and whether it is to be recorded."""
    result = known_result(job, journal)
    return None if result is None else (result.result, result.is_new)


def from_curve(budget: int, objective: float) -> tuple[Result, bool]:
    """A result that was read from a curve: it trained nothing, and is to be recorded."""
    return (Result(5, 0, budget, Status.COMPLETED, objective, 0), True)


NINE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


AT_NINE = result_at(9, NINE)
LATER = result_at(9, NINE[3:5], Status.DIVERGED)
"""Trial 5 ended in its fifth epoch, in the second of its jobs."""
FAILED = Result(5, 1, 9, Status.FAILED, None, 0, "its worker process was killed twice")


@pytest.mark.parametrize(
    ("results", "job", "known"),
    [
        ([], job_to(9), None),
        ([replace(AT_NINE, trial=6)], job_to(3), None),
        ([AT_NINE], job_to(10, start=9), None),
        ([AT_NINE], job_to(9, rung=0), (replace(AT_NINE, rung=0), False)),
        ([AT_NINE], job_to(9, rung=2), (replace(AT_NINE, rung=2), False)),
        ([result_at(3, NINE[:3]), LATER], job_to(4, start=3), from_curve(4, 0.4)),
        ([result_at(3, NINE[:3]), LATER], job_to(7), (replace(LATER, budget=7, epochs=0, rung=0), False)),
        ([FAILED], job_to(4), (replace(FAILED, budget=4, rung=0), False)),
        ([result_at(3, NINE[:3]), FAILED], job_to(12), (replace(FAILED, budget=12, rung=0), False)),
        ([result_at(3, NINE[:3]), FAILED], job_to(2), from_curve(2, 0.2)),
        ([result_at(9, NINE, name="validation_loss")], job_to(3), None),
        ([replace(AT_NINE, facts=None)], job_to(3), None),
        ([replace(AT_NINE, facts={"checkpoint": "ab"})], job_to(3), None),
        ([replace(AT_NINE, epochs=10)], job_to(3), None),
    ],
    ids=[
        "no result", "of another trial", "more than was trained",
        "an extension moved it down", "an extension moved it up",
        "before a later job's end", "after a later job's end",
        "it failed", "it failed later", "before it failed",
        "a curve of another metric", "no facts", "no curve", "a curve that is too short",
    ],
)  # fmt: skip
def test_what_is_known_of_a_job(
    results: Sequence[Result], job: Job, known: tuple[Result, bool] | None
) -> None:
    assert known_of(job, journal_of(*results)) == known


@pytest.mark.parametrize(
    "results",
    [[AT_NINE], [result_at(9, NINE[3:]), replace(result_at(2, []), facts=None), result_at(3, NINE[:3])]],
    ids=["of one result", "of several results in any order"],
)
def test_a_smaller_budget_than_the_recorded_one_is_read_from_the_curve(results: Sequence[Result]) -> None:
    journal = journal_of(*results)
    for stop in range(4, 9):
        assert known_of(job_to(stop), journal) == from_curve(stop, stop / 10)


@pytest.mark.parametrize("status", [Status.STOPPED_EARLY, Status.DIVERGED])
def test_a_trial_that_ended_inside_the_budget(status: Status) -> None:
    """It ended in its fifth epoch: before that it had not, and after it there is nothing new to record."""
    recorded = result_at(9, NINE[:5], status)
    journal = journal_of(recorded)
    for stop in (1, 4):
        assert known_of(job_to(stop), journal) == from_curve(stop, stop / 10)
    for stop in (5, 6, 10, 100):
        result = known_of(job_to(stop, rung=3), journal)
        assert result == (replace(recorded, budget=stop, epochs=0, rung=3), False)


def test_an_epoch_without_a_value_is_a_divergence() -> None:
    result = known_of(job_to(2), journal_of(result_at(4, [0.1, None, 0.3, 0.4])))
    reason = non_finite_objective(None)
    assert str(reason) == "the objective is not finite"
    assert result == (failed_result(job_to(2), reason, status=Status.DIVERGED), True)


@pytest.mark.parametrize("status", list(Status))
def test_without_a_curve_nobody_knows_when_a_trial_ended(status: Status) -> None:
    """At a larger budget it has: at a smaller one it may not have."""
    recorded = Result(5, 1, 9, status, 0.5 if status.finite else None, 4)
    journal = journal_of(recorded)
    assert known_of(job_to(5), journal) is None
    ended = (replace(recorded, budget=20, epochs=0, rung=0), False)
    assert known_of(job_to(20), journal) == (None if status is Status.COMPLETED else ended)


def test_an_objective_on_folds_is_in_no_curve() -> None:
    journal = journal_of(AT_NINE, on="cross_validation")
    assert journal.objective_curve is None
    assert known_of(job_to(3), journal) is None


@pytest.mark.parametrize(
    ("budgets", "start"), [((), 3), ((3,), 3), ((1,), 3), ((3, 5), 5), ((3, 5, 9, 20), 5), ((9,), 3)]
)
def test_a_job_starts_at_the_largest_recorded_smaller_budget(budgets: Sequence[int], start: int) -> None:
    journal = journal_of(*(result_at(budget, []) for budget in budgets))
    job = job_to(9, start=3, rung=1)
    assert shortened(job, journal) == replace(job, start=start)


def test_the_scheduler_is_told_the_curve_of_all_epochs_of_its_job() -> None:
    """The recorded curves are those of jobs that an extension has cut in another way."""
    journal = journal_of(result_at(3, NINE[:3]), result_at(9, NINE[3:]))
    for job in (job_to(9), job_to(5, start=2), job_to(3), job_to(9, start=3)):
        recorded = known_result(job, journal)
        assert recorded is not None
        result = recorded.with_curve(journal)
        assert (result.facts or {})[CURVE] == {CURVE_NAME: NINE[job.start : job.stop]}
        assert replace(result, facts=None) == replace(recorded.result, facts=None)


def test_without_a_recorded_curve_a_result_is_told_as_it_is() -> None:
    recorded = Result(5, 0, 9, Status.COMPLETED, 0.5, 9)
    journal = journal_of(recorded)
    at_nine = known_result(job_to(9), journal)
    assert at_nine is not None
    assert at_nine.with_curve(journal) == recorded

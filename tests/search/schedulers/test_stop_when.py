from __future__ import annotations

import pytest

from fnnctl.records.trials import Direction, Job, Status, Stop
from fnnctl.search.budget import SearchBudget
from fnnctl.search.protocols import Scheduler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.schedulers.stop_when import StopWhen
from tests.search.toys import Outcome, numbered, result_of


def stopping(scheduler: str = "full_budget", *, most: int, direction: Direction = "maximize") -> StopWhen:
    budget = SearchBudget(max_epochs=9, trials=20, reduction_factor=3)
    return StopWhen(
        build_scheduler(scheduler, numbered(20), budget, direction=direction),
        direction,
        no_improvement=most,
        max_epochs=9,
    )


def tried(
    scheduler: Scheduler, values: dict[int, Outcome], *, slots: int = 1
) -> tuple[list[int], list[Stop]]:
    """The trials that start, a slot at a time, and what is stopped."""
    running: list[Job] = []
    started: list[int] = []
    stops: list[Stop] = []
    while jobs := [*scheduler.ask(slots - len(running)), *running]:
        started += [job.trial.number for job in jobs if job not in running and job.start == 0]
        running = list(jobs)
        job = running.pop(0)
        stops += scheduler.tell(result_of(job, values.get(job.trial.number, 0.1)))
    return started, stops


@pytest.mark.parametrize(
    ("direction", "most", "values", "last"),
    [
        ("maximize", 3, {0: 0.5, 2: 0.7, 4: 0.6}, 5),
        ("maximize", 2, {0: 0.5, 1: 0.5, 2: 0.5}, 2),
        ("minimize", 2, {0: 0.5, 1: 0.4, 2: 0.6, 3: 0.7}, 3),
        ("maximize", 2, {0: 0.5, 1: Status.FAILED, 2: Status.DIVERGED}, 2),
    ],
    ids=["worse", "equal", "larger", "failed"],
)
def test_the_search_ends_after_so_many_trials_that_are_not_better(
    direction: Direction, most: int, values: dict[int, Outcome], last: int
) -> None:
    started, stops = tried(stopping(most=most, direction=direction), values)
    assert started == list(range(last + 1))
    sentence = f"no improvement in {most} trials after trial {last - most}"
    assert stops == [Stop(sentence, reason_kind="no_improvement")]


def test_nothing_is_counted_before_a_trial_has_had_the_largest_budget() -> None:
    """In the first rung of a ladder of 9 trials nobody has, though the first is better than all others."""
    started, stops = tried(stopping("halving", most=2), {0: 0.9})
    assert len(started) > 3
    assert stops == []


def test_jobs_that_are_under_way_are_completed() -> None:
    started, stops = tried(stopping(most=3), {0: 0.5}, slots=4)
    assert started == [0, 1, 2, 3, 4, 5, 6]
    assert len(stops) == 1


def test_improvements_all_the_way_end_nothing() -> None:
    started, stops = tried(stopping(most=1), {number: number / 20 for number in range(20)})
    assert (len(started), stops) == (20, [])

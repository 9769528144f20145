from __future__ import annotations

from fnnctl.records.trials import Job, Trial
from fnnctl.search.clock import VirtualClock


def job_of(number: int, stop: int = 4) -> Job:
    return Job(Trial(number, {"x": [number]}), rung=0, start=0, stop=stop)


def ended(clock: VirtualClock) -> list[tuple[int, int]]:
    """The trials of all jobs in the order in which they end, each with the time."""
    order = []
    while clock:
        first = clock.first
        assert clock.end_first() is first
        order.append((first.trial.number, clock.now))
    return order


def test_jobs_end_in_the_order_of_virtual_time() -> None:
    clock = VirtualClock()
    assert [clock.start(job_of(number), cost) for number, cost in enumerate((5, 1, 3))] == [5, 1, 3]
    assert (len(clock), clock.now) == (3, 0)
    assert ended(clock) == [(1, 1), (2, 3), (0, 5)]
    assert len(clock) == 0


def test_of_those_that_end_at_once_the_smallest_trial_comes_first() -> None:
    clock = VirtualClock()
    for number in (3, 1, 2):
        clock.start(job_of(number), 4)
    assert [number for number, _ in ended(clock)] == [1, 2, 3]


def test_a_job_starts_when_the_last_one_has_ended() -> None:
    """It is ahead of an earlier one that takes longer."""
    clock = VirtualClock()
    clock.start(job_of(0), 2)
    clock.start(job_of(1), 9)
    clock.end_first()
    assert clock.start(job_of(2), 3) == 5
    assert clock.start(job_of(3), 0) == 2
    assert ended(clock) == [(3, 2), (2, 5), (1, 9)]

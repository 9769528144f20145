from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.records.timeline import started_event, timeline

Event = Mapping[str, Any]
approx = pytest.approx


def stack(
    start: float, stop: float, by: str | None = None, *, to: int | None = 1, networks: int = 1
) -> Event:
    """The event of a trained stack."""
    event = {"networks": networks, "seconds": stop - start, "ended": 1_000.0 + stop}
    return {**event, **({} if by is None else {"trained_by": by}), **({} if to is None else {"to": to})}


def test_two_workers_by_hand() -> None:
    """One worker is busy for 4 of 5 seconds, the other for 2."""
    events = [
        started_event("processes", 2),
        stack(0, 3, "vm:11", networks=2),
        stack(1, 3, "vm:12", to=3),
        stack(4, 5, "vm:11", to=9),
    ]
    found = timeline(events)
    assert found is not None
    first, second = found.workers
    assert [(each.start, each.stop, each.budget) for each in first.stacks] == [(0, 3, 1), (4, 5, 9)]
    assert (first.name, first.networks, second.name, second.networks) == ("worker 1", 3, "worker 2", 1)
    assert [first.busy, first.share, second.busy, second.share] == approx([4, 0.8, 2, 0.4])
    assert found.ends == approx((5,))
    assert found.busy == approx(0.6)


def test_workers_that_got_nothing_to_do_were_idle() -> None:
    found = timeline([started_event("processes", 4), stack(0, 1, "vm:11")])
    assert found is not None
    (only,) = found.workers
    assert [only.share, found.busy] == approx([1, 0.25])


def test_pauses_are_cut_out_and_lanes_go_on() -> None:
    """The second session's only worker is the first one's first worker; its networks are a confirmation."""
    events = [
        started_event("processes", 2),
        stack(0, 2, "vm:11"),
        stack(0, 1, "vm:12"),
        started_event("serial", 1),  # ended before anything was trained
        started_event("serial", 1),
        stack(100, 103, "vm:99", to=None),
    ]
    found = timeline(events)
    assert found is not None
    assert found.ends == approx((2, 5))
    assert [len(worker.stacks) for worker in found.workers] == [2, 1]
    last = found.workers[0].stacks[-1]
    assert [last.start, last.stop] == approx([2, 5])
    assert last.budget is None
    assert [worker.share for worker in found.workers] == [approx(1), approx(0.5)]
    assert found.busy == approx(6 / 7)


def test_hosts_are_named_if_there_are_several() -> None:
    found = timeline([stack(0, 1, "b:2"), stack(0, 1, "a:5"), stack(1, 2, "b:1")])
    assert found is not None
    assert [worker.name for worker in found.workers] == ["a, worker 1", "b, worker 1", "b, worker 2"]


def test_an_old_timeline_names_no_workers() -> None:
    """Each stack goes to the first worker that was free."""
    found = timeline([stack(0, 2), stack(0.5, 1), stack(1, 3), stack(2, 3)])
    assert found is not None
    spans = [[(each.start, each.stop) for each in worker.stacks] for worker in found.workers]
    assert spans == [[(0, 2), (2, 3)], [(0.5, 1), (1, 3)]]
    assert [worker.name for worker in found.workers] == ["worker 1", "worker 2"]
    assert found.busy == approx(5.5 / 6)


@pytest.mark.parametrize(
    "event",
    [
        {"worker": "tcp://10.0.0.1:1", "numpy": "2.4.6"},
        {"seconds": 1.0, "ended": "yesterday", "networks": 1},
        {"seconds": float("nan"), "ended": 5.0, "networks": 1},
        {"seconds": -1.0, "ended": 5.0, "networks": 1},
        {"seconds": 1.0, "ended": 5.0},
        {"executor": None, "workers": "two"},
    ],
)
def test_other_events_are_left_out(event: Event) -> None:
    assert timeline([event]) is None
    alone, beside = timeline([stack(0, 1)]), timeline([event, stack(0, 1)])
    assert alone == beside


times = st.floats(0, 1e4, allow_nan=False)
names = st.sampled_from(["", "a:1", "a:2", "b:1"])


@given(st.lists(st.tuples(times, times, names, st.booleans()), min_size=1, max_size=20))
def test_everything_stays_and_lies_within_its_session(done: list[tuple[float, float, str, bool]]) -> None:
    events: list[Event] = []
    for start, length, name, starts_anew in done:
        events += [started_event("processes", 1)] if starts_anew else []
        events.append(stack(start, start + length, name))
    found = timeline(events)
    assert found is not None
    stacks = [each for worker in found.workers for each in worker.stacks]
    assert len(stacks) == len(done)
    assert sum(each.stop - each.start for each in stacks) == approx(sum(each[1] for each in done), abs=1e-6)
    assert min(each.start for each in stacks) == approx(0, abs=1e-6)
    assert max(each.stop for each in stacks) <= found.ends[-1] + 1e-6
    assert list(found.ends) == sorted(found.ends)
    assert all(0 <= share <= 1 for share in [found.busy, *(worker.share for worker in found.workers)])

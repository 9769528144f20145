"""What a worker of a cluster does, in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from fnnctl.executors import remote
from fnnctl.executors.protocols import Progress, Shared
from fnnctl.executors.remote import RemoteItem, exchange_progress, join_session, leave_session, run_item
from tests.executors import tasks


@pytest.fixture(autouse=True)
def _sessions() -> Iterator[None]:
    """All sessions of a test end with it."""
    yield
    for session in ("a", "b"):
        leave_session(session)


def told(progress: Progress) -> list[object]:
    """What the coordinator sees and says while the item runs."""
    progress.advance(2)
    before = [exchange_progress("a", stop=False), exchange_progress("b", stop=True), progress.should_stop()]
    progress.advance(1)
    return [*before, exchange_progress("a", stop=True), progress.should_stop()]


def test_an_item_tells_its_coordinator_of_its_progress_and_is_stopped_by_it() -> None:
    result = run_item(RemoteItem("a", 5, told, ()))
    assert result.value == [{5: 2}, {}, False, {5: 3}, True]
    assert (result.done, result.abandoned) == (3, False)
    assert exchange_progress("a", stop=False) == {}
    stopped = run_item(RemoteItem("a", 6, told, ()))  # it may begin after the call
    assert stopped.value is not None
    assert stopped.value[2] is True


def drops(progress: Progress, number: int) -> bool:
    exchange_progress("a", stop=False, dropped=[number])
    return progress.should_stop()


def leaves(progress: Progress) -> bool:
    leave_session("a")
    return progress.should_stop()


@pytest.mark.parametrize(
    ("item", "ends"),
    [
        (RemoteItem("a", 5, drops, (5,)), True),
        (RemoteItem("a", 6, drops, (5,)), False),
        (RemoteItem("a", 5, leaves, ()), True),
    ],
    ids=["another worker does it", "another worker does another one", "its coordinator has left"],
)
def test_an_item_that_nobody_needs_ends_early(item: RemoteItem[bool], ends: bool) -> None:
    result = run_item(item)
    assert (result.value, result.abandoned) == (ends, False)


def test_handles_become_values() -> None:
    handles: tuple[Shared[int], Shared[int]] = Shared(1), Shared(0)
    assert run_item(RemoteItem("a", 1, tasks.times, handles), 3, 4).value == 12


def test_an_item_stops_when_its_coordinator_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LEASE", 0.05)
    silent = run_item(RemoteItem("a", 1, tasks.until_stopped, (7,)))
    assert (silent.value, silent.done, silent.abandoned) == (None, 1, True)
    exchange_progress("a", stop=True)
    asked = run_item(RemoteItem("a", 2, tasks.until_stopped, (7,)))
    assert (asked.value, asked.abandoned) == (7, False)


def test_calls_do_not_fill_the_workers_log(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("distributed.worker")
    join_session("a")
    with caplog.at_level(logging.INFO, "distributed.worker"):
        log.info("Run out-of-band function %r", exchange_progress.__name__)
        log.info("Run out-of-band function %r", "other")
    assert caplog.messages == ["Run out-of-band function 'other'"]

"""Power cuts and errors of the disk during whole commands; more of them by `python -m tests.power_cuts`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from fnnctl.store.atomic import _replace
from fnnctl.store.volumes import sync_folder
from tests.power_cuts.checking import Cut, check_cut, cuts
from tests.power_cuts.commands import COMMANDS, recorded
from tests.power_cuts.conftest import Recorded
from tests.power_cuts.disk import Rename, Request, Sync
from tests.power_cuts.dropping import dropped_syncs
from tests.power_cuts.failing import Failure, check_failure, errors_of, failures

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the model is that of POSIX")

CUTS = {
    "train": 26,
    "resumed-train": 9,
    "cross-validation": 22,
    "halving": 9,
    "asha": 9,
    "resumed-asha": 8,
    "extension": 9,
    "bags": 8,
}
"""The number of power cuts during each command, beside `CUTS_OF_SHORT_COMMANDS`."""
CUTS_OF_SHORT_COMMANDS = 20
FAILURES = {
    "train": 7,
    "resumed-train": 2,
    "cross-validation": 4,
    "halving": 2,
    "asha": 2,
    "resumed-asha": 1,
    "extension": 2,
    "bags": 1,
}
"""The number of operations of each command that fail, beside `FAILURES_OF_SHORT_COMMANDS`."""
FAILURES_OF_SHORT_COMMANDS = 4

NAMES = [
    pytest.param(name, marks=[pytest.mark.extra] if command.is_extra else [])
    for name, command in COMMANDS.items()
]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_by_a_power_cut(name: str, recorded_command: Callable[[str], Recorded]) -> None:
    if COMMANDS[name].is_extra:
        pytest.importorskip("onnx")
    case = recorded_command(name)
    for cut, state in cuts(case.trace, CUTS.get(name, CUTS_OF_SHORT_COMMANDS), seed=0):
        assert check_cut(case.folder, case.command, case.trace, cut, state) == [], cut


def test_a_winner_is_not_lost_while_it_is_replaced(recorded_command: Callable[[str], Recorded]) -> None:
    """Between the two renames `best` has a hidden name, by which commands find it."""
    case = recorded_command("extension")
    (between,) = (
        number
        for number, operation in enumerate(case.trace.operations, start=1)
        if isinstance(operation, Rename) and operation.new_name == ".former-best"
    )
    cut = Cut(between, "nothing", 0)
    state = cut.state(case.trace)
    assert any(path.endswith("/.former-best") for path in state)
    assert check_cut(case.folder, case.command, case.trace, cut, state) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_by_an_error(name: str, recorded_command: Callable[[str], Recorded]) -> None:
    if COMMANDS[name].is_extra:
        pytest.importorskip("onnx")
    case = recorded_command(name)
    for failure in failures(case.trace.requests, FAILURES.get(name, FAILURES_OF_SHORT_COMMANDS), seed=0):
        assert check_failure(case.folder, case.command, case.trace, failure) == [], failure


def test_only_errors_that_may_come_are_tried(recorded_command: Callable[[str], Recorded]) -> None:
    """Python repeats what a signal has interrupted, except changes of names; one byte is written or not."""
    every = ("EIO", "ENOSPC", "EDQUOT")
    assert errors_of(Request("sync", 0)) == errors_of(Request("write", 1)) == every
    assert errors_of(Request("write", 2)) == (*every, "short")
    assert errors_of(Request("rename", 0)) == (*every, "EINTR")
    case = recorded_command("predict")
    (fault,) = check_failure(case.folder, case.command, case.trace, Failure("EIO", 1000))
    assert fault.kind == "nothing has failed"


def replace_unsynced(
    path: Path, pieces: Iterable[bytes], *, before: Callable[[], None] = lambda: None, sync: object = None
) -> None:
    """Replaces a file before its content is synced; its name is."""
    _replace(path, pieces, before=before, sync="nothing")
    sync_folder(path.parent)


FAULTS = {
    "no folder is synced": ("promote", "atomic.sync_folder", lambda path: None),
    "a run appears unsynced": ("train", "run.sync_folder", lambda path: None),
    "a file is replaced before its content is synced": ("promote", "atomic._replace", replace_unsynced),
    "a search ends before its results are synced": ("asha", "atomic.GrowingFile.sync", lambda file: None),
}
"""Faults put back into the program: a command that has it, and what stands for what in `store`."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_put_back_is_found(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, place, value = FAULTS[fault]
    command = COMMANDS[name]
    monkeypatch.setattr(f"fnnctl.store.{place}", value)
    trace = recorded(command, tmp_path)
    assert any(check_cut(tmp_path, command, trace, cut, state) for cut, state in cuts(trace, 200, seed=0))


def test_a_sync_that_nobody_would_miss_is_listed(recorded_command: Callable[[str], Recorded]) -> None:
    """One that is done twice; each of the others is missed."""
    case = recorded_command("promote")
    twice = replace(
        case.trace,
        operations=tuple(
            operation
            for each in case.trace.operations
            for operation in ([each, each] if isinstance(each, Sync) else [each])
        ),
    )
    syncs, doubled = (
        list(dropped_syncs(case.folder, case.command, trace, disks=3, seed=0))
        for trace in (case.trace, twice)
    )
    assert [sync.is_noticed for sync in syncs] == [True, True]
    assert [sync.disks for sync in doubled] == [0, 0, 0, 0]


def test_an_error_that_is_passed_over_is_found(
    recorded_command: Callable[[str], Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync of a folder fails, and the command says that all is well."""

    def sync_or_not(path: Path) -> None:
        with suppress(OSError):
            sync_folder(path)

    case = recorded_command("promote")
    monkeypatch.setattr("fnnctl.store.atomic.sync_folder", sync_or_not)
    kinds = {
        fault.kind
        for number in range(1, len(case.trace.requests) + 1)
        for fault in check_failure(case.folder, case.command, case.trace, Failure("EIO", number))
    }
    assert kinds == {"reported, and not safe"}

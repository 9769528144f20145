"""Errors of the disk: some operation of a command fails, or writes less than it was asked to."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.power_cuts.checking import UNCLEAR, Fault, check, differences, put
from tests.power_cuts.commands import Command, runs_in, words_of
from tests.power_cuts.disk import Disk, Files, Trace, files_below
from tests.power_cuts.recording import Kind, Recorder, record, replayed, run_in

ERRORS: Final = ("EIO", "ENOSPC", "EDQUOT", "EINTR", "short")
"""The names of the errors; `short` writes half of the bytes and is none."""
_MACHINE: Final = 3
"""The exit code if the machine refuses something."""
_GROWING: Final = frozenset(("create", "write", "sync", "mkdir", "link"))
"""What a full disk refuses."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What fails: the `number`-th operation, and those after it if it `lasts`."""

    error: str
    number: int
    lasts: bool = False


class FailingDisk:
    """The hook of a disk on which something fails."""

    def __init__(self, failure: Failure) -> None:
        self._failure, self.count = failure, 0
        self.failed: list[str] = []
        """What has failed: kinds and paths."""

    def __call__(self, kind: Kind, path: str, size: int = 0) -> int:
        failure, self.count = self._failure, self.count + 1
        is_late = failure.lasts and self.count > failure.number and kind in _GROWING
        if self.count != failure.number and not is_late:
            return size
        self.failed.append(f"{kind} {path}")
        if failure.error == "short":
            return (size + 1) // 2
        number = getattr(errno, failure.error)
        raise OSError(number, os.strerror(number), path)


def count_operations(folder: Path, command: Command, before: Files) -> int:
    """How many operations the command asks of the disk."""
    put(folder, before)
    counter = FailingDisk(Failure("EIO", 0))
    record(folder, words_of(command, before), counter)
    return counter.count


def failures(operations: int, count: int, seed: int) -> Iterator[Failure]:
    """Different failures, of each kind as many; all of them if `count` is large enough."""
    rng = random.Random(seed)
    numbers = range(1, operations + 1)
    every = [Failure(error, number) for error in ERRORS for number in numbers]
    every += [
        Failure(error, number, lasts=True) for error in ("EIO", "ENOSPC", "EDQUOT") for number in numbers
    ]
    rng.shuffle(every)
    yield from every[:count]


def check_failure(folder: Path, command: Command, trace: Trace, failure: Failure) -> list[Fault]:
    """What is wrong with a command during which something fails, and with what goes on after it."""
    put(folder, trace.before)
    disk = FailingDisk(failure)
    recorder = Recorder(folder, disk)
    code, out, error = run_in(folder, words_of(command, trace.before), recorder)
    failed = f"{', '.join(disk.failed[:2])}: {code} {error.strip() or out[-300:]}"
    faults = [Fault("no clear sentence", failed) for words in UNCLEAR if words in error + out]
    if code not in (0, _MACHINE):
        faults.append(Fault("another exit code", failed))
    if code and not error.strip():
        faults.append(Fault("no sentence", failed))
    end = replayed(trace)
    state = files_below(folder)
    expected = _renamed(end, trace, state)
    has_all = not code and "cannot be written" not in error  # what can be made again may be missing
    if has_all:
        survived = Disk(trace.before)
        for operation in recorder.operations:
            survived.do(operation)
        after_cut = survived.after_cut("all", random.Random(0))
        faults += [
            Fault("reported, and not safe", f"{failed}: {text}") for text in differences(after_cut, expected)
        ]
    return [
        *faults,
        *(
            Fault(each.kind, f"{failed}: {each.detail}")
            for each in check(folder, command, trace.before, state, expected, has_reported=has_all)
            if each.kind != "a file is left"  # what cannot be deleted stays
        ),
    ]


def _renamed(end: Files, trace: Trace, state: Files) -> Files:
    """What an undisturbed command makes, with the name of the run that this one has made."""
    expected_runs, actual_runs = (sorted(runs_in(files) - runs_in(trace.before)) for files in (end, state))
    if not expected_runs or not actual_runs:
        return end
    return {path.replace(expected_runs[0], actual_runs[0]): content for path, content in end.items()}

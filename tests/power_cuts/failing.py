"""Errors of the disk: some operation of a command fails, or writes less than it was asked to.

Every operation may fail with EIO, ENOSPC or EDQUOT, once or from then on. EINTR is tried where names change
(by rename, link, unlink, mkdir, rmdir): Python itself repeats an open, write, sync, `ftruncate` or `flock`
that a signal has interrupted (PEP 475), so no program sees that. A write of two bytes or more may be short:
then the rest is written by another one or, if the disk is full from then on, cannot be.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.power_cuts.checking import UNCLEAR, Fault, check, differences, with_run_of
from tests.power_cuts.commands import Command, words_of
from tests.power_cuts.disk import Disk, Files, Kind, Operation, Request, Trace, files_below, write_state
from tests.power_cuts.recording import Recorder, run_in

_REFUSALS: Final = ("EIO", "ENOSPC", "EDQUOT")
"""The errors by which a disk may refuse any operation."""
_REPEATED: Final = frozenset(("create", "write", "truncate", "sync"))
"""What Python repeats after an EINTR."""
_MACHINE: Final = 3
"""The exit code if the machine refuses something."""
_GROWING: Final = frozenset(("create", "write", "sync", "mkdir", "link"))
"""What a full disk refuses."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What fails: the `number`-th request, counted from 1, and those after it if it `lasts`.

    A short write that lasts is followed by a full disk.
    """

    error: str
    number: int
    lasts: bool = False


class FailingDisk:
    """The hook of a disk on which something may fail."""

    def __init__(self, failure: Failure) -> None:
        self._failure, self._count = failure, 0
        self.failed: list[str] = []
        """What has failed: kinds and paths."""

    def __call__(self, kind: Kind, path: str, size: int = 0) -> int:
        self._count += 1
        failure, is_first = self._failure, self._count == self._failure.number
        is_late = failure.lasts and self._count > failure.number and kind in _GROWING
        if not is_first and not is_late:
            return size
        if failure.error == "short" and is_first:
            written = (size + 1) // 2
            if written < size:
                self.failed.append(f"{kind} {path}")
            return written
        self.failed.append(f"{kind} {path}")
        code = getattr(errno, "ENOSPC" if failure.error == "short" else failure.error)
        raise OSError(code, os.strerror(code), path)


def errors_of(request: Request) -> tuple[str, ...]:
    """The names of the errors that may come; `short` writes half of the bytes and is none."""
    interruptions = () if request.kind in _REPEATED else ("EINTR",)
    return (*_REFUSALS, *interruptions, *(("short",) if request.size > 1 else ()))


def failures(requests: Sequence[Request], count: int, seed: int) -> Iterator[Failure]:
    """Different failures of the requests; all that may come if `count` is large enough."""
    every = [
        Failure(error, number, lasts)
        for number, request in enumerate(requests, start=1)
        for error in errors_of(request)
        for lasts in ((False,) if error == "EINTR" else (False, True))
    ]
    random.Random(seed).shuffle(every)
    yield from every[:count]


def check_failure(folder: Path, command: Command, trace: Trace, failure: Failure) -> list[Fault]:
    """What is wrong with a command during which something fails, and with what goes on after it."""
    write_state(folder, trace.before)
    disk = FailingDisk(failure)
    recorder = Recorder(folder, disk)
    code, out, error = run_in(folder, words_of(command, trace.before), recorder)
    if not disk.failed:
        return [Fault("nothing has failed", f"of {len(recorder.requests)} operations")]
    failed = f"{', '.join(disk.failed[:2])}: {code} {error.strip() or out[-300:]}"
    faults = [Fault("no clear sentence", failed) for words in UNCLEAR if words in error + out]
    if code not in (0, _MACHINE):
        faults.append(Fault("another exit code", failed))
    if code and not error.strip():
        faults.append(Fault("no sentence", failed))
    state = files_below(folder)
    end = with_run_of(state, trace.before, trace.end())
    missing = [path for path in end if Path(path).name in command.optional and path not in state]
    faults += [Fault("a missing file is not named", path) for path in missing if path not in error]
    has_all = not code and not missing
    if has_all:
        faults += [
            Fault("reported, and not safe", f"{failed}: {text}")
            for text in differences(_synced(trace.before, recorder.operations), end)
        ]
    return [
        *faults,
        *(
            Fault(each.kind, f"{failed}: {each.detail}")
            for each in check(folder, command, trace.before, state, end, has_reported=has_all)
            if each.kind != "a file is left"  # what cannot be deleted stays
        ),
    ]


def _synced(before: Files, operations: Iterable[Operation]) -> Files:
    """What survives of operations even if all that is not synced is lost."""
    disk = Disk(before)
    for operation in operations:
        disk.do(operation)
    return disk.after_cut("all", random.Random(0))

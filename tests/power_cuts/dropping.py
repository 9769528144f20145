"""Which syncs of a command nobody would miss: each is left out once, and then the power is cut."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.power_cuts.checking import Cut, check_cut, lasting
from tests.power_cuts.commands import Command
from tests.power_cuts.disk import Disk, Files, Link, Rename, Sync, Trace, Truncate, Unlink, Write


@dataclass(frozen=True, slots=True)
class DroppedSync:
    """What comes of a command if one of its syncs is left out."""

    path: str
    """What is to be synced."""
    disks: int
    """How many disks were checked that the sync prevents."""
    is_noticed: bool
    """Whether one of them is not as promised."""


def dropped_syncs(
    folder: Path, command: Command, trace: Trace, *, disks: int, seed: int
) -> Iterator[DroppedSync]:
    """Each sync of a trace, with what at most `disks` disks say of it that a cut may leave without it."""
    rng = random.Random(seed)
    for number, operation in enumerate(trace.operations):
        if not isinstance(operation, Sync):
            continue
        without = replace(trace, operations=(*trace.operations[:number], *trace.operations[number + 1 :]))
        checked, is_noticed = 0, False
        for cut, state in _prevented_cuts(without, operation, number, rng):
            if checked == disks or is_noticed:
                break
            checked += 1
            is_noticed = bool(check_cut(folder, command, without, cut, state))
        yield DroppedSync(trace.disk_after(number).path_of(operation.node), checked, is_noticed)


def _prevented_cuts(
    without: Trace, sync: Sync, number: int, rng: random.Random
) -> Iterator[tuple[Cut, Files]]:
    """The cuts that lose what the sync before the operation of this number would have kept.

    They come before the next sync of the same file or folder: the latest one first, then in any order. What
    else is unsynced is kept or lost. Just before the sync its operations could be lost anyway, so it counts
    from the operation after it on, or from the command's end.
    """
    operations = without.operations
    earlier = [n for n in range(number) if operations[n] == sync]
    kept_by_it = [n for n in range(earlier[-1] if earlier else 0, number) if _changes(without, n, sync.node)]
    following = range(number, len(operations))
    last = next((n for n in following if operations[n] == sync), len(operations))
    instants = [*range(number + 1, last + 1)] or ([last] if last == len(operations) else [])
    seen: list[Files] = []
    for instant in (*instants[-1:], *rng.sample(instants[:-1], len(instants[:-1]))) if kept_by_it else ():
        some = [n for n in kept_by_it if rng.random() < 0.5]
        cut, everything = Cut(instant, "all", 0), lasting(without.disk_after(instant).files())
        states = [_disk_without(without, lost, instant).files() for lost in (kept_by_it, some)]
        if lasting(states[0]) == everything:
            continue
        for state in (*states, cut.state(without)):
            if lasting(state) not in (everything, *seen):
                seen.append(lasting(state))
                yield cut, state


def _changes(trace: Trace, number: int, node: int) -> bool:
    """Whether an operation changes what a sync of the node keeps."""
    match trace.operations[number]:
        case Write(changed) | Truncate(changed) | Link(changed) | Unlink(changed) | Rename(changed):
            return changed == node
    return False


def _disk_without(trace: Trace, lost: Sequence[int], instant: int) -> Disk:
    """The disk at an instant if some operations are lost, and with them what rests on them."""
    disk = Disk(trace.before)
    for number, operation in enumerate(trace.operations[:instant]):
        if number not in lost:
            disk.do(operation)
    return disk

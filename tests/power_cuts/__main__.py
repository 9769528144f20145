"""Tries many power cuts and errors of the disk, and says what it has covered.

    python -m tests.power_cuts [--cuts 10000] [--errors 1000] [--seed 0] [--commands train,halving]
    python -m tests.power_cuts --drop-syncs 10

Long commands get the most of them. The exit code is 1 if something was not as promised. The second one leaves
out each sync once, checks so many disks that the sync prevents, and lists the syncs that nobody would miss.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.power_cuts.checking import Fault, check_cut, cuts
from tests.power_cuts.commands import COMMANDS, RUN, Command, recorded
from tests.power_cuts.disk import Trace
from tests.power_cuts.dropping import dropped_syncs
from tests.power_cuts.failing import check_failure, failures

SHOWN = 3
"""How many faults of a kind are shown of each command."""
LEAST = 30
"""The fewest operations that a command counts as: a short one has few different disks."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.power_cuts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--errors", type=int, default=1_000)
    parser.add_argument("--drop-syncs", type=int, metavar="DISKS", help="how many of them for each sync")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--commands", default=",".join(COMMANDS), help="such as train,halving")
    options = parser.parse_args(words)
    started, kinds = time.process_time(), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        cases = []
        for command in map(COMMANDS.__getitem__, options.commands.split(",")):
            folder = Path(name).resolve() / command.name
            folder.mkdir()
            cases.append((command, folder, recorded(command, folder)))
        total = sum(max(LEAST, len(trace.operations)) for _, _, trace in cases)
        for command, folder, trace in cases:
            if options.drop_syncs is not None:
                list_needless_syncs(command, folder, trace, options)
                continue
            share = max(LEAST, len(trace.operations)) / total
            kinds += try_command(command, folder, trace, options, share)
    print(f"{time.process_time() - started:,.0f} processor seconds; {_counted(kinds)}")
    return 1 if kinds else 0


def try_command(
    command: Command, folder: Path, trace: Trace, options: argparse.Namespace, share: float
) -> Counter[str]:
    """Try this share of all cuts and errors on a command; return the kinds of faults."""
    drawn, kinds, disks, errors = round(options.cuts * share), Counter[str](), 0, 0
    for cut, state in cuts(trace, drawn, options.seed):
        disks += 1
        show_faults(check_cut(folder, command, trace, cut, state), cut, kinds)
    for failure in failures(trace.requests, round(options.errors * share), options.seed):
        errors += 1
        show_faults(check_failure(folder, command, trace, failure), failure, kinds)
    print(
        f"{command.name}: {len(trace.operations)} operations; {drawn:,} cuts, which leave {disks:,} "
        f"different disks; {errors:,} errors; {_counted(kinds)}",
        flush=True,
    )
    return kinds


def list_needless_syncs(command: Command, folder: Path, trace: Trace, options: argparse.Namespace) -> None:
    """Print which syncs of a command can be left out without a fault."""
    syncs = list(dropped_syncs(folder, command, trace, disks=options.drop_syncs, seed=options.seed))
    needless = Counter((_plain(sync.path), sync.disks > 0) for sync in syncs if not sync.is_noticed)
    print(f"{command.name}: {len(syncs)} syncs, of which nobody would miss {needless.total()}")
    for (path, has_disks), count in needless.items():
        print(f"  {count} × {path or 'the folder itself'}{'' if has_disks else ': it prevents no disk'}")
    sys.stdout.flush()


def show_faults(faults: Iterable[Fault], cause: object, kinds: Counter[str]) -> None:
    """Count faults by their kinds, and print the first ones."""
    for fault in faults:
        kinds[fault.kind] += 1
        if kinds[fault.kind] <= SHOWN:
            print(f"  {cause}\n    {fault}")


def _plain(path: str) -> str:
    """A path without what differs from run to run."""
    run = re.sub(r"\.new-[0-9a-f]{16}", ".new", re.sub(r"2\d{3}-[^/]*-x-[0-9a-f]{6}", RUN, path))
    return re.sub(r"[0-9a-f]{8}", "#", run)


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count:,} × {kind}" for kind, count in kinds.items()) or "no faults"


if __name__ == "__main__":
    sys.exit(main())

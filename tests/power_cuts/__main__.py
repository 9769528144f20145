"""Tries many power cuts and errors of the disk, and says what it has covered.

    python -m tests.power_cuts [--cuts 10000] [--errors 1000] [--seed 0] [--commands train,halving]

Long commands get the most of them. The exit code is 1 if something was not as promised.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.power_cuts.checking import Fault, check_cut, cuts
from tests.power_cuts.commands import COMMANDS, Command, recorded
from tests.power_cuts.disk import Trace
from tests.power_cuts.failing import check_failure, count_operations, failures

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
            share = max(LEAST, len(trace.operations)) / total
            kinds += _try_all(command, folder, trace, options, share)
    print(f"{time.process_time() - started:,.0f} processor seconds; {_counted(kinds)}")
    return 1 if kinds else 0


def _try_all(
    command: Command, folder: Path, trace: Trace, options: argparse.Namespace, share: float
) -> Counter[str]:
    """Try this share of all cuts and errors on a command; return the kinds of faults."""
    drawn, kinds, disks, tried = round(options.cuts * share), Counter[str](), 0, 0
    for cut, state in cuts(trace, drawn, options.seed):
        disks += 1
        _note(kinds, check_cut(folder, command, trace, cut, state), cut)
    operations = count_operations(folder, command, trace.before)
    for failure in failures(operations, round(options.errors * share), options.seed):
        tried += 1
        _note(kinds, check_failure(folder, command, trace, failure), failure)
    print(
        f"{command.name}: {len(trace.operations)} operations; {drawn:,} cuts, which leave {disks:,} "
        f"different disks; {tried:,} errors; {_counted(kinds)}",
        flush=True,
    )
    return kinds


def _note(kinds: Counter[str], faults: Iterable[Fault], cause: object) -> None:
    for fault in faults:
        kinds[fault.kind] += 1
        if kinds[fault.kind] <= SHOWN:
            print(f"  {cause}\n    {fault}")


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count:,} × {kind}" for kind, count in kinds.items()) or "no faults"


if __name__ == "__main__":
    sys.exit(main())

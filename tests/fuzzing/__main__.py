"""Tries many random inputs on the program in this process and its workers, and says what it has covered.

    python -m tests.fuzzing [--kinds configs,tables] [--count 10000] [--seed 0] [--first 0] [--workers 2]

Count is the number of cases of each kind. Each finding comes with the options that try its case again. The
exit code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

from tests.fuzzing.kinds import KINDS
from tests.fuzzing.trying import Finding, Kind, Tally, limit_memory, try_cases

CHUNK = 250
"""The cases of a worker's task."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzzing", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--kinds", default=",".join(KINDS), help="such as configs,tables")
    parser.add_argument("--count", type=int, default=10_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(words)
    has_findings = False
    for name in options.kinds.split(","):
        tally = Tally()
        for part in _tried(name, options.seed, range(options.first, options.first + options.count), options):
            for place in part.findings.keys() - tally.findings.keys():
                print(*part.findings[place].lines(), sep="\n", flush=True)
            tally.add(part)
        print(*tally.lines(name, options.seed), sep="\n", flush=True)
        has_findings = has_findings or bool(tally.findings)
    return int(has_findings)


def _tried(name: str, seed: int, numbers: range, options: argparse.Namespace) -> Iterator[Tally]:
    """What became of the cases, in parts, each tried by a worker in a folder of its own."""
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
        while chunks:
            done: list[range] = []
            with ProcessPoolExecutor(options.workers, initializer=_begin, initargs=(folder,)) as pool:
                futures = {pool.submit(_try_chunk, name, seed, chunk): chunk for chunk in chunks}
                try:
                    for future in as_completed(futures):
                        yield future.result()
                        done.append(futures[future])
                except BrokenProcessPool:
                    lost = next(chunk for chunk in chunks if chunk not in done)
                    done.append(lost)
                    place = "a process died"
                    tally = Tally(cases=len(lost))
                    tally.note(Finding(place, lost[0], f"one of {len(lost)} cases", "no trace"))
                    yield tally
            chunks = [chunk for chunk in chunks if chunk not in done]


def _memory_folder() -> str | None:
    """A folder in memory, if there is one: cases are written there."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None


def _begin(folder: str) -> None:
    """Work in an empty folder."""
    own = Path(folder, str(os.getpid()))
    own.mkdir()
    os.chdir(own)


@cache
def _kind(name: str) -> Kind:
    kind = KINDS[name](Path.cwd())
    limit_memory()
    return kind


def _try_chunk(name: str, seed: int, numbers: range) -> Tally:
    return try_cases(_kind(name), seed, numbers)


if __name__ == "__main__":
    sys.exit(main())

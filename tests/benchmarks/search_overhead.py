"""What a search costs beside its training: trials that do nothing, with the journal on disk.

    python -m tests.benchmarks.search_overhead [--trials 10000] [--batch 64]

Each size is searched with the full budget and with HyperBand; results are synced in batches, as those of a
stack are. Prints the milliseconds a trial, which must stay under 1 and must not grow with their number, and
those of telling the finished journal again, as a resume does.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from fnnctl.records.trials import Job
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import search_function
from fnnctl.search.samplers.fixed_list import FixedListSampler
from fnnctl.space.assignments import Assignment

LIMIT = 1.0
"""Milliseconds a trial."""
SHARES = (0.25, 0.5, 1.0, 2.0, 4.0)
ETA = 3


def drawn() -> Iterator[Assignment]:
    rng = np.random.default_rng(0)
    while True:
        yield {"rate": float(10 ** rng.uniform(-4, -1)), "momentum": float(rng.uniform()), "units": 64}


def nothing(job: Job) -> float:
    return float(job.trial.assignment["rate"])


def full_budget(trials: int, batch: int, journal: Path) -> int:
    budget = SearchBudget(max_epochs=81, trials=trials)
    found = search_function(
        nothing, FixedListSampler(drawn()), scheduler="full_budget", budget=budget, direction="minimize",
        journal=journal, batch=batch,
    )  # fmt: skip
    return len(found.trials)


def hyperband(trials: int, batch: int, journal: Path) -> int:
    """From the largest bracket down, as far as there are trials."""
    largest = max(1, math.ceil(math.log(trials / 2, ETA)))
    budget = SearchBudget(max_epochs=ETA**largest, reduction_factor=ETA, max_trials=trials)
    found = search_function(
        nothing, FixedListSampler(drawn()), budget=budget, direction="minimize", journal=journal, batch=batch
    )
    return len(found.trials)


def milliseconds(search: Callable[[int, int, Path], int], trials: int, batch: int, journal: Path) -> float:
    begun = time.perf_counter()
    done = search(trials, batch, journal)
    if done != trials:
        raise RuntimeError(f"{done} trials instead of {trials}")
    return (time.perf_counter() - begun) * 1e3 / trials


def sync_milliseconds(folder: Path, times: int = 50) -> float:
    """What one sync of a short line costs here."""
    with (folder / "synced").open("ab", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(times):
            file.write(b"a line\n")
            os.fsync(file.fileno())
        return (time.perf_counter() - begun) * 1e3 / times


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=64)
    options = parser.parse_args(words)
    slowest = 0.0
    with tempfile.TemporaryDirectory(dir=".") as name:  # /tmp may be no disk
        folder = Path(name)
        print(f"a sync costs {sync_milliseconds(folder):.2f} ms; {options.batch} results are synced at once")
        print(f"{'':14} {'trials':>7} {'ms a trial':>11} {'told again':>11} {'journal':>9}")
        for search in (full_budget, hyperband):
            for share in SHARES:
                trials, journal = int(share * options.trials), folder / f"{search.__name__}-{share}.jsonl"
                first = milliseconds(search, trials, options.batch, journal)
                again = milliseconds(search, trials, options.batch, journal)
                size = journal.stat().st_size / 1e6
                print(
                    f"{search.__name__:14} {trials:7} {first:11.4f} {again:11.4f} {size:6.1f} MB", flush=True
                )
                slowest = max(slowest, first)
        print(f"under {LIMIT:g} ms a trial: {'yes' if slowest < LIMIT else 'NO'}")


if __name__ == "__main__":
    main()

"""Regret on tables of fnnctl's own runs, beside Optuna and SMAC where they are installed or recorded.

    python -m tests.benchmarks.samplers.tables TABLES [--recorded FILE] [--contenders NAME …] [--names NAME …]
        [--seeds 30] [--first-seed 0] [--trials 100] [--batch 1] [--metric loss error]

TABLES is the file that `tests.benchmarks.samplers.make_tables` writes. All contenders search the same whole
numbers: the places in the grid of each dimension. Regret is measured in units of the distance from the best
configuration to the median one, and averaged over seeds. Differences are paired by table and seed, with 95 %
bootstrap intervals: below 0 the first one is ahead. FILE keeps the results of other libraries, so that they
are computed once; of a library that is installed those of other versions do not count.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, product
from pathlib import Path
from typing import Any

from tests.benchmarks.kept_lines import append_line, read_lines
from tests.benchmarks.samplers import ours, peers
from tests.benchmarks.samplers.intervals import Difference, paired
from tests.benchmarks.samplers.peers import PEERS
from tests.benchmarks.samplers.table import Metric, Problem, Table, read_tables

TWICE = "random×2"
"""Random search with twice the trials."""
OWN = ("random", TWICE, "tpe", "gp", "evolution")
ALL = (*OWN, *PEERS)
SLOW = frozenset({"optuna-gp", "smac", "smac-gp"})
"""Contenders that take a quarter of a minute of processor time a search or more: they must be named."""
DEFAULT = tuple(name for name in ALL if name not in SLOW)
PAIRS = (
    ("tpe", TWICE),
    ("gp", TWICE),
    ("evolution", TWICE),
    ("tpe", "optuna-tpe"),
    ("gp", "optuna-tpe"),
    ("gp", "optuna-gp"),
    ("tpe", "smac"),
    ("gp", "smac"),
    ("gp", "smac-gp"),
    ("optuna-tpe", TWICE),
)

Runs = Mapping[int, Sequence[float]]
"""By seed, the best loss after each trial."""


class Recorded:
    """The losses of other libraries' searches, in a file; what is missing is searched and added to it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._losses: dict[tuple[Any, ...], list[float]] = {}
        for entry in read_lines(path):
            name, version, *problem = entry["key"]
            peer = PEERS[name]
            if not peer.is_installed or peer.version == version:
                self._losses[name, *problem] = entry["losses"]

    def has(self, name: str) -> bool:
        """Whether searches of the contender are in the file."""
        return any(key[0] == name for key in self._losses)

    def search(
        self, name: str, problem: Problem, *, trials: int, batch: int, seed: int
    ) -> list[float] | None:
        """The losses of the trials in order; None if they are missing and the sampler is not installed."""
        key, peer = (problem.name, batch, seed), PEERS[name]
        if len(self._losses.get((name, *key), ())) < trials:
            if not peer.is_installed:
                return None
            losses = peers.search(peer, problem, trials=trials, batch=batch, seed=seed)
            self._losses[name, *key] = losses
            append_line(self._path, {"key": [name, peer.version, *key], "losses": losses})
        return self._losses[name, *key][:trials]


def run(
    name: str, problem: Problem, *, trials: int, batch: int, seeds: Sequence[int], recorded: Recorded
) -> Runs:
    """The contender's searches; seeds that are not recorded are left out if it is not installed."""
    runs: dict[int, Sequence[float]] = {}
    for seed in seeds:
        if sys.stderr.isatty():
            print(f"\r\033[K{name}, batch {batch}, {problem.name}, seed {seed}", end="\r", file=sys.stderr)
        losses: Sequence[float] | None
        if name in PEERS:
            losses = recorded.search(name, problem, trials=trials, batch=batch, seed=seed)
        elif name == TWICE:
            twice = ours.search("random", problem, trials=2 * trials, batch=2 * batch, seed=seed)
            losses = best_so_far(twice)[1::2]
        else:
            losses = ours.search(name, problem, trials=trials, batch=batch, seed=seed)
        if losses is not None:
            runs[seed] = best_so_far(losses)
    return runs


def best_so_far(losses: Iterable[float]) -> list[float]:
    """The smallest loss up to each trial."""
    return list(accumulate(losses, min))


class Regrets:
    """The normalized regret of contenders on tables."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._runs: dict[tuple[str, str], Runs] = {}
        self._ends: dict[str, tuple[float, float]] = {}

    def add(self, contender: str, table: Table, runs: Runs) -> None:
        """Add a contender's searches of a table."""
        self._runs[contender, table.name] = runs
        self._ends[table.name] = table.problem(self.metric).minimum, table.scale(self.metric)

    def of(self, contender: str, table: str, trials: int) -> dict[int, float]:
        """By seed, after so many trials; empty if the contender has not searched the table."""
        least, scale = self._ends.get(table, (0.0, 1.0))
        runs = self._runs.get((contender, table), {})
        return {seed: (losses[min(trials, len(losses)) - 1] - least) / scale for seed, losses in runs.items()}

    def difference(self, first: str, second: str, tables: list[str], trials: int) -> Difference | None:
        """The paired difference over tables that both have searched; None if there are none."""
        differences: dict[str, list[float]] = {}
        for table in tables:
            own, theirs = (self.of(contender, table, trials) for contender in (first, second))
            if both := sorted(own.keys() & theirs.keys()):
                differences[table] = [own[seed] - theirs[seed] for seed in both]
        return paired(differences) if differences else None


def show(regrets: Regrets, contenders: list[str], tables: list[str], marks: list[int]) -> None:
    """The regrets, then the differences."""
    head = "".join(f"{f'after {each}':>11}" for each in marks)
    print(f"\nNormalized regret of the {regrets.metric}\n{'table':14} {'contender':14}{head}  seeds")
    for table, contender in product(tables, contenders):
        by_mark = [list(regrets.of(contender, table, each).values()) for each in marks]
        if by_mark[-1]:
            means = "".join(f"{sum(values) / len(values):11.4f}" for values in by_mark)
            print(f"{table:14} {contender:14}{means}  {len(by_mark[-1]):5}")
    for contender in contenders:
        by_table = [[list(regrets.of(contender, t, each).values()) for t in tables] for each in marks]
        if all(by_table[-1]):
            means = "".join(
                f"{sum(sum(values) / len(values) for values in mark) / len(tables):11.4f}"
                for mark in by_table
            )
            print(f"{'all':14} {contender:14}{means}")
    for first, second in PAIRS:
        for trials in marks:
            if (difference := regrets.difference(first, second, tables, trials)) is None:
                continue
            print(f"{first} − {second} after {trials} trials: {difference}  {difference.verdict}")
            for table in tables:
                if one := regrets.difference(first, second, [table], trials):
                    print(f"    {table:14} {one!s:28} {one.verdict}")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.samplers.tables")
    parser.add_argument("tables", type=Path, help="the file of tables")
    parser.add_argument("--recorded", type=Path, metavar="FILE", help="reads or writes others' results")
    parser.add_argument("--contenders", nargs="*", default=DEFAULT, choices=ALL)
    parser.add_argument("--names", nargs="*", help="of tables; all of the file")
    parser.add_argument("--seeds", type=int, default=30, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--metric", nargs="*", default=("loss", "error"), choices=("loss", "error"))
    given = parser.parse_args(words)
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    recorded = Recorded(given.recorded)
    tables = [each for each in read_tables(given.tables) if given.names is None or each.name in given.names]
    contenders = [
        name for name in given.contenders if name in OWN or PEERS[name].is_installed or recorded.has(name)
    ]
    for name in given.contenders:
        if name not in contenders:
            print(f"{name} is not installed: left out")
    marks = sorted({max(given.trials // 4, 1), max(given.trials // 2, 1), given.trials})
    for metric in given.metric:
        regrets = Regrets(metric)
        for name, table in product(contenders, tables):
            runs = run(
                name,
                table.problem(metric),
                trials=given.trials,
                batch=given.batch,
                seeds=seeds,
                recorded=recorded,
            )
            regrets.add(name, table, runs)
        show(regrets, contenders, [each.name for each in tables], marks)


if __name__ == "__main__":
    main()

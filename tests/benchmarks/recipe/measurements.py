"""Measures contenders on tables, in worker processes; results are kept in a file, so that a run can go on.

A result is found again by what it depends on: the table's bytes, the complete configuration, the rows and the
seed. It does not depend on the program's version: after a change of the engine, begin a new file.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from fnnctl.blas import set_blas_threads
from fnnctl.data.splits.folds import Fold
from tests.benchmarks.recipe.parts import Settings
from tests.benchmarks.recipe.peers import PEERS, train_and_score_peer
from tests.benchmarks.recipe.tables import FOLDS, Table, fixed_folds, inner_folds, read_table
from tests.benchmarks.recipe.training import Scored, joined, resolved, train_and_score

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Contender:
    """A recipe, possibly with changes, or a peer."""

    name: str
    recipe: Settings = ()
    changes: Settings = ()
    peer: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured on every table."""

    contenders: Sequence[Contender]
    inner: bool
    """Whether rows inside the training folds are scored, instead of the test folds."""
    seeds: Sequence[int]
    folds: int = FOLDS
    """How many of the fixed folds, from the first one."""
    cache: Path | None = None
    cached_only: bool = False
    """Whether what is not in the cache is left out instead of trained."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The results on one table."""

    table: str
    is_classification: bool
    rows: int
    scored: Mapping[str, Sequence[Scored]]
    """By contender, one per seed; without those whose settings are for the other kind of task."""

    def score(self, contender: str) -> float:
        """The mean accuracy, or R², over folds and seeds."""
        return statistics.fmean(score for each in self.scored[contender] for score in each.scores)

    def log_loss(self, contender: str) -> float:
        """The mean log loss over folds and seeds."""
        return statistics.fmean(loss for each in self.scored[contender] for loss in each.log_losses)

    def calibration_error(self, contender: str) -> float:
        """The mean calibration error over folds and seeds."""
        return statistics.fmean(error for each in self.scored[contender] for error in each.calibration_errors)

    def seconds_per_fit(self, contender: str) -> float:
        """The mean seconds of one fold and seed."""
        return statistics.fmean(run.seconds / len(run.scores) for run in self.scored[contender])

    def has(self, *contenders: str) -> bool:
        """Whether all of these were measured."""
        return all(each in self.scored for each in contenders)

    def mean(self, contender: str, name: str) -> float:
        """The mean over seeds of a field of `Scored`."""
        return statistics.fmean(getattr(each, name) for each in self.scored[contender])


def measure_all(paths: Sequence[Path], plan: Plan, *, workers: int) -> list[Measured]:
    """Measure all tables, and report each to standard error; the result is ordered by name."""
    found = []
    for done, measured in enumerate(in_workers(partial(measure, plan=plan), paths, workers), start=1):
        seconds = sum(each.seconds for runs in measured.scored.values() for each in runs)
        line = f"{done}/{len(paths)}  {measured.table}: {measured.rows:,} rows, {seconds:.1f} s"
        print(line, file=sys.stderr, flush=True)
        found.append(measured)
    return sorted(found, key=lambda measured: measured.table)


def in_workers(function: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """The function's value for each item, in the order in which they are done."""
    if workers == 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(function, item) for item in items]):
            yield future.result()


def measure(path: Path, plan: Plan) -> Measured:
    """Measure all contenders on one table; they take turns, so that a busy machine strikes all alike."""
    set_blas_threads(1)
    table = read_table(path)
    known = read_cache(plan.cache)
    scored: dict[str, list[Scored]] = {}
    for seed in plan.seeds:
        for contender in plan.contenders:
            config = None if contender.peer else resolved(table, contender.recipe, contender.changes)
            if config is None and not contender.peer:
                continue
            runs = []
            for key, folds in _tasks(table, contender, config, plan, seed):
                if key not in known:
                    if plan.cached_only:
                        break
                    known[key] = _train(table, contender, config, folds)
                    append(plan.cache, key, table.name, contender.name, seed, known[key])
                runs.append(known[key])
            else:
                scored.setdefault(contender.name, []).append(joined(runs))
    return Measured(table.name, table.is_classification, len(table.data), scored)


def _tasks(
    table: Table, contender: Contender, config: Mapping[str, Any] | None, plan: Plan, seed: int
) -> Iterator[tuple[str, Sequence[Fold]]]:
    """The folds that are trained together, and the digest of everything that their result depends on.

    A recipe's folds are one stack. A peer is slower, so that its folds are kept one by one.
    """
    validation = config["data"]["split"].get("validation", 0.0) if config else 0.0
    folds = (inner_folds if plan.inner else fixed_folds)(table.data, validation=validation, seed=seed)
    folds = folds[: plan.folds]
    facts = [table.data.dataset.sha256, plan.inner, seed]
    if config is None:
        library = version(PEERS[contender.name].packages[0])
        for number, fold in enumerate(folds):
            yield digest([*facts, contender.name, library, number]), [fold]
    else:
        data = {**config["data"], "source": table.name}
        if table.data.dataset.test_sha256 is not None:
            data["test_source"] = table.data.dataset.test_sha256
        yield digest([*facts, {**config, "data": data}, plan.folds]), folds


def _train(
    table: Table, contender: Contender, config: Mapping[str, Any] | None, folds: Sequence[Fold]
) -> Scored:
    if config is None:
        return train_and_score_peer(contender.name, table, folds)
    return train_and_score(table, config, folds)


def digest(facts: Sequence[Any]) -> str:
    """A key for a result that depends on these facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def read_cache(path: Path | None) -> dict[str, Scored]:
    """The results in the file, by key; a last line that was cut off is ignored."""
    if path is None or not path.exists():
        return {}
    known = {}
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            entry = json.loads(line)
            known[entry["key"]] = Scored(**entry["scored"])
    return known


def append(path: Path | None, key: str, table: str, contender: str, seed: int, scored: Scored) -> None:
    """Add a line to the file in one write, because several processes write to it."""
    if path is None:
        return
    entry = {"key": key, "table": table, "contender": contender, "seed": seed, "scored": asdict(scored)}
    with path.open("ab", buffering=0) as file:
        file.write(f"{json.dumps(entry)}\n".encode())

"""Measures settings on tables, in worker processes; results are kept in a file, so that a run can go on.

A result is found again by what it depends on: the table's bytes, the complete configuration, the rows and the
seed. It does not depend on the program's version: after a change of the engine, begin a new file.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fnnctl.blas import set_blas_threads
from tests.benchmarks.kept_lines import append_line, read_lines
from tests.benchmarks.recipe.parts import Settings
from tests.benchmarks.recipe.tables import inner_folds, read_table
from tests.benchmarks.recipe.training import Scored, resolved, train_and_score


@dataclass(frozen=True, slots=True)
class Contender:
    """A recipe, possibly with changes."""

    name: str
    recipe: Settings = ()
    changes: Settings = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured on every table."""

    contenders: Sequence[Contender]
    seeds: Sequence[int]
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The results on one table."""

    table: str
    is_classification: bool
    scored: Mapping[str, Sequence[Scored]]
    """By contender, one per seed; without those whose settings are for the other kind of task."""

    def score(self, contender: str) -> float:
        """The mean accuracy, or R², over folds and seeds."""
        return statistics.fmean(score for each in self.scored[contender] for score in each.scores)

    def log_loss(self, contender: str) -> float:
        """The mean log loss over folds and seeds."""
        return statistics.fmean(loss for each in self.scored[contender] for loss in each.log_losses)

    def has(self, contender: str) -> bool:
        """Whether the contender was measured."""
        return contender in self.scored

    def mean(self, contender: str, name: str) -> float:
        """The mean over seeds of a field of `Scored`."""
        return statistics.fmean(getattr(each, name) for each in self.scored[contender])


def measure_all(paths: Sequence[Path], plan: Plan, *, workers: int) -> list[Measured]:
    """Measure all tables, and report each to standard error; the result is ordered by name."""
    results = []
    for measured in _in_workers(paths, plan, workers):
        results.append(measured)
        seconds = sum(scored.seconds for runs in measured.scored.values() for scored in runs)
        line = f"{len(results)}/{len(paths)}  {measured.table}: {seconds:.1f} s"
        print(line, file=sys.stderr, flush=True)
    return sorted(results, key=lambda measured: measured.table)


def _in_workers(paths: Sequence[Path], plan: Plan, workers: int) -> Iterator[Measured]:
    """The tables' results in the order in which they are done."""
    if workers == 1:
        yield from map(partial(measure, plan=plan), paths)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(measure, path, plan) for path in paths]):
            yield future.result()


def measure(path: Path, plan: Plan) -> Measured:
    """Measure all contenders on one table; they take turns, so that a busy machine strikes all alike."""
    set_blas_threads(1)
    table = read_table(path)
    known = read_cache(plan.cache)
    scored: dict[str, list[Scored]] = {}
    for seed in plan.seeds:
        for contender in plan.contenders:
            config = resolved(table, contender.recipe, contender.changes)
            if config is None:
                continue
            facts = {**config, "data": {**config["data"], "source": table.name, "test_source": None}}
            key = digest([table.data.dataset.sha256, table.data.dataset.test_sha256, seed, facts])
            if key not in known:
                validation = config["data"]["split"].get("validation", 0.0)
                folds = inner_folds(table.data, validation=validation, seed=seed)
                known[key] = train_and_score(table, config, folds)
                entry = {"key": key, "table": table.name, "contender": contender.name, "seed": seed}
                append_line(plan.cache, {**entry, "scored": asdict(known[key])})
            scored.setdefault(contender.name, []).append(known[key])
    return Measured(table.name, table.is_classification, scored)


def digest(facts: Sequence[Any]) -> str:
    """A key for a result that depends on these facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def read_cache(path: Path | None) -> dict[str, Scored]:
    """The results in the file, by key."""
    return {entry["key"]: Scored(**entry["scored"]) for entry in read_lines(path)}

"""The results of the studies, one after the other, without those that are known."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fnnctl import Run
from fnnctl.modelling.saved_model import SavedModel, load_model
from tests.benchmarks.accuracy.contenders import write_fold
from tests.benchmarks.accuracy.peer import PeerTask, read_columns
from tests.benchmarks.coverage.contenders import DEFAULT, SPLIT, Contender
from tests.benchmarks.coverage.made import MadeTable
from tests.benchmarks.coverage.measured import Key, Level, Measured, levels_of, levels_of_members
from tests.benchmarks.coverage.nested import watched_training
from tests.benchmarks.coverage.peers import PEERS, Peer
from tests.benchmarks.recipe.tables import TARGET, Table, outer_folds, read_table

WHOLE: Final = {"data.target": TARGET, "data.split.test": 0}
"""The rows of a table to train on are all its rows."""


def of_made_tables(
    study: str, contenders: Mapping[str, Contender], tables: Iterator[MadeTable], known: Collection[Key]
) -> Iterator[Measured]:
    """The results of contenders on fresh rows of simulated tables."""
    begun_with = {(study, key.contender.partition(":")[0], key.table) for key in known}
    for table in tables:
        for name, contender in contenders.items():
            if (study, name, table.name) in begun_with or not contender.suits(table.is_classification):
                continue
            begun = time.perf_counter()
            for part, levels in _levels(contender, table):
                yield Measured(
                    Key(study, f"{name}: {part}" if part else name, table.name, 0),
                    table.kind,
                    table.rows,
                    time.perf_counter() - begun,
                    levels,
                    None if table.is_classification else statistics.pstdev(table.targets),
                )


def _levels(contender: Contender, table: MadeTable) -> Iterator[tuple[str, tuple[Level, ...]]]:
    """What a contender has on fresh rows: each run of a search, or each way to measure a training."""
    fresh = table.fresh, table.targets
    if contender.is_nested:
        with watched_training() as watched:
            ((_, run),) = contender.runs(table.columns, WHOLE)
        for way, tails in watched.tails().items():
            yield way, levels_of(replace(model_of(run), error_arrays=tails.to_arrays()), *fresh)
        return
    for part, run in contender.runs(table.columns, WHOLE):
        yield part, levels_of(model_of(run), *fresh)
        if contender.has_bags:
            yield "members alone", levels_of_members(model_of(run), *fresh)


def model_of(run: Run) -> SavedModel:
    """The model of a run."""
    return load_model(run.folder, lambda text: None)


@dataclass(frozen=True, slots=True)
class FoldOfTable:
    """The rows of a fold, in memory and, to train on, in a file."""

    train: Path
    task: PeerTask
    targets: Sequence[Any]
    """Of the test rows."""

    @classmethod
    def write(cls, table: Table, fold: int, folder: Path) -> FoldOfTable:
        """Write and read a fold."""
        write_fold(table, fold, folder)
        train, test = folder / "train.csv", folder / "test.csv"
        columns, rows = read_columns(train, test, [TARGET] if table.is_classification else [])
        targets, is_classification = rows.pop(TARGET), table.is_classification
        task = PeerTask(columns, columns.pop(TARGET), rows, is_classification, 1, None, folder)
        return cls(train, task, targets)

    def levels(self, contender: Contender | Peer) -> Sequence[Level]:
        """Train a contender, and measure its regions around the test rows."""
        if isinstance(contender, Peer):
            return contender.levels(self.task, self.targets)
        kind = "classification" if self.task.is_classification else "regression"
        ((_, run),) = contender.runs(self.train, {**WHOLE, "data.task": kind})
        return levels_of(model_of(run), self.task.test, self.targets)


def of_folds(
    study: str,
    contenders: Mapping[str, Contender | Peer],
    paths: Sequence[Path],
    folds: int,
    known: Collection[Key],
) -> Iterator[Measured]:
    """The results of contenders on the test rows of tables' first folds."""
    for path in paths:
        table = read_table(path)
        for fold in range(min(folds, outer_folds(table.data).count)):
            keys = {Key(study, name, table.name, fold): contender for name, contender in contenders.items()}
            with tempfile.TemporaryDirectory() as folder:
                rows = FoldOfTable.write(table, fold, Path(folder))
                for key, contender in keys.items():
                    if key in known or not contender.suits(table.is_classification):
                        continue
                    begun = time.perf_counter()
                    levels = tuple(rows.levels(contender))
                    yield Measured(
                        key,
                        table.data.task.name,
                        len(rows.task.targets),
                        time.perf_counter() - begun,
                        levels,
                        None if table.is_classification else statistics.pstdev(rows.targets),
                    )


def compared() -> dict[str, Contender | Peer]:
    """The default recipe, its form with a validation part, and the peers that are installed."""
    peers = {name: peer for name, peer in PEERS.items() if find_spec(peer.module) and find_spec("pandas")}
    return {DEFAULT: Contender(), "validation part": SPLIT, **peers}

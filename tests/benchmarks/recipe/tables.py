"""The development tables, and the rows on which recipes are measured.

A table is a CSV file, or a folder with the CSV files of two fixed parts, such as `large_tables` writes. A
file's test rows come from five fixed folds: scikit-learn's `StratifiedKFold(5, shuffle=True,
random_state=0)`, in a regression `KFold`, on the rows in the file's order. A folder has one fold, with the
test part's rows. Parts of the recipe are chosen without test rows: see `inner_folds`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from fnnctl.arrays import IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.loading import load_dataset
from fnnctl.data.splits.folds import Fold, Folds
from fnnctl.data.splits.parts import hold_out
from fnnctl.seeds import Purpose, stream
from fnnctl.tasks.registry import encode
from fnnctl.tasks.task import TaskData

TARGET = "y"
FOLDS = 5
INNER_SHARE = 0.25
"""The share of a fold's training rows on which parts are compared."""
ENDINGS = (".csv", ".csv.gz")
PARTS = ("train", "test")
TRAIN, TEST = (f"{part}.csv.gz" for part in PARTS)
TASK = "task.json"
"""The files of a table with fixed parts."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory."""

    name: str
    path: Path
    data: TaskData

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return self.data.task.name == "classification"


def find_tables(folder: Path, only: Collection[str] = ()) -> list[Path]:
    """The tables of a folder, the largest file first; only those named, if any are.

    Raises FileNotFoundError for a name without a file, and for a folder without a table.
    """
    found = {name_of(path): path for path in sorted(folder.iterdir()) if _is_table(path)}
    missing = [name for name in only if name not in found]
    if missing or not found:
        raise FileNotFoundError(f"{folder}: no table {', '.join(missing) or 'at all'}")
    chosen = [path for name, path in found.items() if not only or name in only]
    return sorted(chosen, key=lambda path: _training_file(path).stat().st_size, reverse=True)


def _is_table(path: Path) -> bool:
    return path.name.endswith(ENDINGS) or (path / TRAIN).is_file()


def _training_file(path: Path) -> Path:
    return path / TRAIN if path.is_dir() else path


def name_of(path: Path) -> str:
    """The table's name: the file's, without the ending."""
    return path.name.removesuffix(".gz").removesuffix(".csv")


def data_settings(path: Path) -> dict[str, Any]:
    """What the section `data` of a config says of a table."""
    settings: dict[str, Any] = {"source": str(_training_file(path)), "target": TARGET}
    if path.is_dir():
        task = json.loads((path / TASK).read_text(encoding="utf-8"))["task"]
        settings |= {"test_source": str(path / TEST), "task": task}
    return settings


def read_table(path: Path) -> Table:
    """Read a table; the task of one without fixed parts is what `data.task: auto` makes of the target."""
    config = DataConfig(**data_settings(path))
    dataset = load_dataset(config, path.parent)
    return Table(name_of(path), path, encode(dataset, config.task, bins=None, seed=0))


def outer_folds(data: TaskData) -> Folds:
    """The fixed folds."""
    if data.dataset.test_rows:
        fixed = np.full((1, len(data)), -1, np.int32)
        fixed[0, -data.dataset.test_rows :] = 0
        return Folds(1, fixed)
    nothing = np.zeros(len(data))
    if data.task.name == "classification":
        parts = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(nothing, data.targets)
    else:
        parts = KFold(FOLDS, shuffle=True, random_state=0).split(nothing)
    assignment = np.empty((1, len(data)), np.int32)
    for number, (_, test) in enumerate(parts):
        assignment[0, test] = number
    return Folds(FOLDS, assignment)


def fixed_folds(data: TaskData, *, validation: float, seed: int) -> tuple[Fold, ...]:
    """The fixed folds, each tested on its own test rows.

    The share `validation` of the other rows is what early stopping monitors.
    """
    stratify = len(data.strata_names) > 1
    return outer_folds(data).folds(validation=validation, stratify=stratify, seed=seed)


def inner_folds(data: TaskData, *, validation: float, seed: int) -> tuple[Fold, ...]:
    """Per fixed fold, its training rows divided again: the scored rows are some of them, its test rows none.

    The scored rows keep the strata's proportions, and depend on the seed, the fold and nothing else.
    """
    outer, stratify = outer_folds(data), len(data.strata_names) > 1
    folds = []
    for number in range(outer.count):
        known: IntArray = np.flatnonzero(outer.assignment[0] != number)
        strata = data.strata[known]
        rng = stream(seed, Purpose.FOLDS, number)
        scored = hold_out(strata, INNER_SHARE, stratify=stratify, rng=rng)
        assigned = np.where(scored, number, -1).astype(np.int32)
        folds.append(Fold(0, number, assigned, validation, stratify, seed, known))
    return tuple(folds)

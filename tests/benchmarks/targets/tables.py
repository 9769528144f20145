"""The tables on disk: a CSV file and a JSON file per table, in a folder per kind of target.

The JSON file has the target, the exposure, the order of the classes, the columns of texts, the source, the
licence, and of each row the fold in which it is tested.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from pandas import DataFrame

COUNTS, AMOUNTS, ZEROS, QUANTILES, ORDERED = KINDS = ("counts", "amounts", "zeros", "quantiles", "ordered")
"""Counts, positive amounts, amounts of which some are 0, targets for quantiles, ordered classes."""
FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What the JSON file says of a table."""

    kind: str
    name: str
    target: str
    exposure: str | None
    class_order: Sequence[str]
    categories: Sequence[str]
    """The columns of texts, besides the target."""
    rows: int
    note: str
    source: str
    licence: str
    folds: Sequence[int]
    """Of each row the fold in which it is tested."""


@dataclass(frozen=True)
class Table:
    """A table in memory."""

    path: Path
    """Of the CSV file."""
    facts: Facts

    @cached_property
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """All columns: floats, in which NaN is missing, or texts, in which None is."""
        with self.path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        texts = {*self.facts.categories, *([self.facts.target] if self.facts.class_order else [])}
        return {
            name: [cell or None for cell in cells]
            if name in texts
            else [float(cell) if cell else math.nan for cell in cells]
            for name, cells in zip(header, zip(*rows, strict=True), strict=True)
        }

    @cached_property
    def targets(self) -> FloatArray:
        """The numbers, or the ranks of the classes, of all rows."""
        values = self.columns[self.facts.target]
        if self.facts.class_order:
            ranks = {name: rank for rank, name in enumerate(self.facts.class_order)}
            values = [ranks[value] for value in values]
        return np.array(values, np.float64)

    @cached_property
    def exposures(self) -> FloatArray:
        """The exposure of all rows, or 1."""
        name = self.facts.exposure
        return np.ones(self.facts.rows) if name is None else np.array(self.columns[name], np.float64)

    def tested(self, fold: int) -> BoolArray:
        """Which rows a fold tests."""
        tested: BoolArray = np.array(self.facts.folds) == fold
        return tested

    def features(self, rows: BoolArray) -> dict[str, list[Any]]:
        """The columns without the target and the exposure, of some rows."""
        outside = (self.facts.target, self.facts.exposure)
        return _chosen({name: cells for name, cells in self.columns.items() if name not in outside}, rows)

    def rows(self, rows: BoolArray) -> dict[str, list[Any]]:
        """All columns of some rows."""
        return _chosen(self.columns, rows)


def _chosen(columns: Mapping[str, Sequence[Any]], rows: BoolArray) -> dict[str, list[Any]]:
    numbers = np.flatnonzero(rows).tolist()
    return {name: [cells[number] for number in numbers] for name, cells in columns.items()}


def write_table(facts: Facts, rows: DataFrame, folder: Path) -> None:
    """Write both files of a table to the folder of its kind."""
    path = folder / facts.kind / facts.name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path.with_suffix(".csv"), index=False)
    path.with_suffix(".json").write_text(f"{json.dumps(asdict(facts))}\n", encoding="utf-8")


def fixed_folds(targets: Sequence[Any], *, is_ordered: bool) -> list[int]:
    """Of each row the fold in which it is tested; folds of classes keep the classes' proportions."""
    from sklearn.model_selection import KFold, StratifiedKFold

    folds = np.empty(len(targets), np.int64)
    splitter = (StratifiedKFold if is_ordered else KFold)(FOLDS, shuffle=True, random_state=0)
    for number, (_, test) in enumerate(splitter.split(np.zeros(len(targets)), targets)):
        folds[test] = number
    return [int(fold) for fold in folds]


def read_tables(folder: Path, kinds: Collection[str], only: Collection[str] = ()) -> list[Table]:
    """The tables of some kinds, the smallest first; only those named, if any are.

    Raises FileNotFoundError if there is none.
    """
    files = [file for kind in kinds for file in sorted((folder / kind).glob("*.json"))]
    tables = [
        Table(file.with_suffix(".csv"), Facts(**json.loads(file.read_text(encoding="utf-8"))))
        for file in files
        if not only or file.stem in only
    ]
    if not tables:
        raise FileNotFoundError(f"{folder}: no table of {', '.join(kinds)}")
    return sorted(tables, key=lambda table: table.facts.rows)

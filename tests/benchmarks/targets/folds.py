"""One fold of a table, as the contenders get it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from tests.benchmarks.accuracy.peer import PeerTask
from tests.benchmarks.targets.tables import ORDERED, QUANTILES, Table

LEVELS: Final = (0.1, 0.5, 0.9)
"""Of the quantiles."""
POWER: Final = 1.5
"""Of the variance of amounts of which some are 0."""


@dataclass(frozen=True)
class FoldRows:
    """The rows to train on, and those to predict."""

    table: Table
    number: int

    @property
    def kind(self) -> str:
        """Of the target."""
        return self.table.facts.kind

    @cached_property
    def targets(self) -> FloatArray:
        """Of the rows to train on: numbers, or ranks of classes."""
        return self.table.targets[~self.table.tested(self.number)]

    @property
    def ranks(self) -> IntArray:
        """The same as whole numbers."""
        return self.targets.astype(np.int64)

    @cached_property
    def tested(self) -> FloatArray:
        """The targets of the rows to predict."""
        return self.table.targets[self.table.tested(self.number)]

    @cached_property
    def exposures(self) -> FloatArray:
        """Of the rows to train on, as multiples of their mean."""
        return self._multiples(~self.table.tested(self.number))

    @cached_property
    def tested_exposures(self) -> FloatArray:
        """Of the rows to predict, in the same unit."""
        return self._multiples(self.table.tested(self.number))

    def _multiples(self, rows: BoolArray) -> FloatArray:
        unit = self.table.exposures[~self.table.tested(self.number)].mean()
        exposures: FloatArray = self.table.exposures[rows] / unit
        return exposures

    @cached_property
    def task(self) -> PeerTask:
        """The features, with rates as the targets, for peers."""
        tested = self.table.tested(self.number)
        known, unknown = (self.table.features(rows) for rows in (~tested, tested))
        rates = self.targets / self.exposures if self.kind != ORDERED else self.targets
        return PeerTask(known, rates.tolist(), unknown, self.kind == ORDERED, 1, None, Path())

    @property
    def train_rows(self) -> dict[str, list[Any]]:
        """All columns of the rows to train on."""
        return self.table.rows(~self.table.tested(self.number))

    @property
    def test_rows(self) -> dict[str, list[Any]]:
        """The columns of the rows to predict, without the target."""
        rows = self.table.rows(self.table.tested(self.number))
        return {name: cells for name, cells in rows.items() if name != self.table.facts.target}

    @cached_property
    def baseline(self) -> FloatArray:
        """What is predicted without features: the mean rate times the exposure, quantiles, or shares."""
        rows = len(self.tested)
        if self.kind == ORDERED:
            shares = np.bincount(self.ranks, minlength=len(self.table.facts.class_order)) / len(self.targets)
            return np.tile(shares, (rows, 1))
        if self.kind == QUANTILES:
            return np.tile(np.quantile(self.targets, LEVELS), (rows, 1))
        means: FloatArray = self.targets.sum() / self.exposures.sum() * self.tested_exposures
        return means

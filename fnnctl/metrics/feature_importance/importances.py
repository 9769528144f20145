"""The importance of all columns of a table: what is computed, stored and shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fnnctl.metrics.feature_importance.estimates import Estimate


@dataclass(frozen=True, slots=True)
class ColumnImportance:
    """The importance of one column."""

    column: str
    estimates: dict[str, Estimate | None]
    """By the metric's name in metrics.json."""
    correlated: tuple[str, float] | None = None
    """The column that is correlated with it most, and the correlation, if that is strong."""


@dataclass(frozen=True, slots=True)
class FeatureImportances:
    """The importance of all columns, the most important one first."""

    part: Literal["test", "validation"]
    """Where it was measured: an evaluated file is the test part of its run."""
    rows: int
    """The rows among which the values were permuted."""
    repeats: int
    """The permutations of each column."""
    columns: tuple[ColumnImportance, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, the headline first; empty without columns."""
        return tuple(self.columns[0].estimates) if self.columns else ()

    def headline(self, column: ColumnImportance) -> Estimate | None:
        """The estimate that columns are ranked by; None if the metric does not exist."""
        return column.estimates[self.metrics[0]]

    def undecided(self) -> tuple[str, ...]:
        """The columns whose importance cannot be told from zero."""
        return tuple(
            each.column
            for each in self.columns
            if (found := self.headline(each)) is None or not found.is_positive
        )


def ranked(columns: list[ColumnImportance]) -> tuple[ColumnImportance, ...]:
    """The columns by decreasing importance for their first metric, ties in their order."""

    def key(column: ColumnImportance) -> float:
        found = next(iter(column.estimates.values()))
        return math.inf if found is None else -found.mean

    return tuple(sorted(columns, key=key))

"""A metric of a run's test part, row by row, so that it can be compared with another run's."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import IntArray
from fnnctl.metrics.comparison.measures import Measure
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS


class UnmeasuredError(LookupError):
    """The metric cannot be computed from the predictions of a test part; has the names of those that can."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(", ".join(known))
        self.known = tuple(known)


@dataclass(frozen=True, slots=True)
class MeasuredRows:
    """The n ≥ 1 rows of a test part in rising order."""

    rows: IntArray
    """(n,) the row numbers in the file."""
    truths: npt.NDArray[Any]
    """(n,) the labels or the targets."""
    measure: Measure | None
    """The metric; None if it has no value."""

    def same_rows(self, other: MeasuredRows) -> bool:
        """Whether both have the same rows with the same truths."""
        return np.array_equal(self.rows, other.rows) and np.array_equal(self.truths, other.truths)


ReadMeasured: TypeAlias = Callable[[RunFolder, str], MeasuredRows | None]
"""Reads a metric from a run's predictions.csv; None if there is no such file, or no row in it.

Raises `UnmeasuredError` for a metric that does not follow from them, and `DataError` for a damaged file.
"""


def read_predictions(run: RunFolder, truth: str) -> tuple[list[str], Iterator[list[str]]] | None:
    """The columns of predictions.csv and its rows, one at a time; `truth` is the name of the second column.

    A large file fits into memory as numbers, but not as texts.
    """
    path, lines = run.path / PREDICTIONS, run.read_rows(PREDICTIONS)
    if lines is None:
        return None
    columns = next(lines)
    if columns[:3] != ["row", truth, "prediction"]:
        raise damaged(path, f"is damaged: its first columns are not row, {truth} and prediction")
    return columns, lines


def in_row_order(rows: array[int], *columns: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    """The row numbers, (n,), in rising order, and the columns, (n, …), in the same order."""
    numbers = np.array(rows, np.int64)
    order = np.argsort(numbers, kind="stable")
    return numbers[order], *(each[order] for each in columns)

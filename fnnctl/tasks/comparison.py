"""A metric of a run's test part, row by row from predictions.csv, so that it can be compared with another
run's.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.metric_names import class_of
from fnnctl.metrics.comparison.measures import (
    OF_CLASS,
    OF_ERRORS,
    OF_PART,
    Measure,
    class_measure,
    error_measure,
)
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


PREFIX: Final = "p_"
OF_PROBABILITIES: Final = ("roc_auc", "log_loss", "loss", "brier")
"""The beginnings of the names of metrics that need more than the predicted classes."""


def classified_rows(run: RunFolder, metric: str) -> MeasuredRows | None:
    """See `ReadMeasured`; the truths are the labels, as indices into the classes in alphabetical order."""
    owner, name = _inside(metric)
    found = read_predictions(run, "label")
    if found is None:
        return None
    columns, lines = found
    given = [column.removeprefix(PREFIX) for column in columns[3:]]
    classes = sorted(given)
    if owner is not None and owner not in classes:
        raise _unmeasured()
    own = None if owner is None else classes.index(owner)
    places = {each: place for place, each in enumerate(classes)}
    order = [3 + given.index(each) for each in classes] if name.startswith(OF_PROBABILITIES) else []
    rows, true, predicted, shares = array("q"), array("q"), array("q"), array("d")
    try:
        for line in lines:
            rows.append(int(line[0]))
            true.append(places[line[1]])
            predicted.append(places[line[2]])
            shares.extend(float(line[column]) for column in order)
    except (ValueError, KeyError, OverflowError) as error:
        raise damaged(run.path / PREDICTIONS, f"is damaged: {error}") from error
    if not rows:
        return None
    shape = len(rows), len(classes)
    probabilities: FloatArray = np.array(shares).reshape(shape) if order else np.broadcast_to(0.0, shape)
    numbers, labels, predictions, probabilities = in_row_order(
        rows, np.array(true), np.array(predicted), probabilities
    )
    measure: Measure | None = class_measure(name, labels, predictions, probabilities, own)
    return MeasuredRows(numbers, labels, measure)


def _inside(metric: str) -> tuple[str | None, str]:
    """The class, if it is the metric of one, and the metric's own name."""
    if metric in OF_PART:
        return None, metric
    owner, name = class_of(metric), metric.rpartition(".")[2]
    if owner is None or name not in OF_CLASS:
        raise _unmeasured()
    return owner, name


def _unmeasured() -> UnmeasuredError:
    return UnmeasuredError((*OF_PART, *(f"per_class.CLASS.{each}" for each in OF_CLASS)))


def estimated_rows(run: RunFolder, metric: str) -> MeasuredRows | None:
    """See `ReadMeasured`; the truths are the targets."""
    if metric not in OF_ERRORS:
        raise UnmeasuredError(OF_ERRORS)
    found = read_predictions(run, "target")
    if found is None:
        return None
    _, lines = found
    rows, true, predicted = array("q"), array("d"), array("d")
    try:
        for line in lines:
            rows.append(int(line[0]))
            true.append(float(line[1]))
            predicted.append(float(line[2]))
    except (ValueError, OverflowError) as error:
        raise damaged(run.path / PREDICTIONS, f"is damaged: {error}") from error
    if not rows:
        return None
    numbers, targets, estimates = in_row_order(rows, np.array(true), np.array(predicted))
    return MeasuredRows(numbers, targets, error_measure(metric, targets, estimates))


MEASURED_ROWS: Final[Mapping[str, ReadMeasured]] = {
    "classification": classified_rows,
    "regression": estimated_rows,
}

"""The rows of a regression's predictions.csv as numbers: a large file fits into memory as these, but not as
texts.
"""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.rows import ErrorRows, Quantiles
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from fnnctl.tasks.estimate_columns import RATE, is_level_column, level_of

REPEAT: Final = "repeat"
_OF_ALL: Final = ("row", "target", "prediction")


class StoredEstimates(NamedTuple):
    """The n rows of the file; of a cross-validation those of all repeats."""

    numbers: IntArray
    """(n,) the row numbers."""
    rows: ErrorRows
    """Targets, predictions and, if the file has them, quantiles."""
    rates: FloatArray
    """(n,) those of the predictions; without exposures the predictions themselves."""
    repeats: IntArray
    """(n,) the number of the repeat of a cross-validation, from 1; 1 otherwise."""


def read_stored_estimates(run: RunFolder, power: float | None = None) -> StoredEstimates | None:
    """All that the file has of the rows; None without a file. Raises `DataError` if it is damaged.

    With the `power` of counts and amounts, the rows have their exposures.
    """
    path, lines = run.path / PREDICTIONS, run.read_rows(PREDICTIONS)
    if lines is None:
        return None
    columns = next(lines)
    if not {*_OF_ALL} <= {*columns}:
        raise damaged(path, "is damaged: one of the columns row, target and prediction is missing")
    optional = [name for name in columns if name in (RATE, REPEAT) or is_level_column(name)]
    names = [*_OF_ALL, *optional]
    positions, cells = [columns.index(name) for name in names], array("d")
    try:
        levels = tuple(level_of(name) for name in names if is_level_column(name))
        for line in lines:
            cells.extend(float(line[position]) for position in positions)
        values = dict(zip(names, np.array(cells).reshape(-1, len(names)).T, strict=True))
        numbers = _whole(values["row"])
        repeats = _whole(values.get(REPEAT, np.ones(len(numbers))))
        _refuse_infinite(values["target"])
    except ValueError as error:
        raise damaged(path, f"is damaged: {error}") from error
    estimates, rates = values["prediction"], values.get(RATE)
    quantiles = None
    if levels:
        of_levels = [values[name] for name in names if is_level_column(name)]
        quantiles = Quantiles(levels, np.stack(of_levels, axis=1))
    exposures = None if rates is None or power is None else estimates / rates
    rows = ErrorRows(values["target"], estimates, power, exposures, quantiles)
    return StoredEstimates(numbers, rows, estimates if rates is None else rates, repeats)


def _whole(values: FloatArray) -> IntArray:
    """Numbers that must be whole, below 2^53; raises ValueError otherwise."""
    is_whole = (values == np.floor(values)) & (np.abs(values) < 2.0**53)
    if not is_whole.all():
        raise ValueError(f"{values[~is_whole][0]:g} is no whole number")
    return values.astype(np.int64)


def _refuse_infinite(targets: FloatArray) -> None:
    """Raise ValueError for a target that no run was trained on; predictions may overflow."""
    is_finite = np.isfinite(targets)
    if not is_finite.all():
        raise ValueError(f"the target {targets[~is_finite][0]:g} is not finite")

"""The columns of a regression's predictions.csv, and their values.

A missing file gives None; a damaged one raises `DataError`.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.mean_calibration import MeanTenth, mean_tenths
from fnnctl.metrics.rows import ErrorRows, Quantiles
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.estimate_columns import RATE, is_level_column, level_column, level_of

REPEAT: Final = "repeat"
FOLD_COLUMNS: Final = (REPEAT, "fold")
"""Before those of a part, in a cross-validation."""


def prediction_columns(levels: Sequence[float], *, has_rates: bool = False) -> tuple[str, ...]:
    """The columns of predictions.csv, with the rates of exposures and the levels of estimated quantiles."""
    return ("row", "target", "prediction", *([RATE] if has_rates else []), *map(level_column, levels))


class StoredEstimates(NamedTuple):
    """The n rows of predictions.csv; for a cross-validation those of all repeats."""

    rows: ErrorRows
    """Targets, predictions and quantiles."""
    rates: FloatArray
    """(n,) those of the predictions; without exposures the predictions themselves."""
    repeats: FloatArray
    """(n,) the number of the repeat of a cross-validation, from 1; 1 otherwise."""


def read_means(run: RunFolder) -> list[MeanTenth]:
    """Observed and predicted means by tenths, of a cross-validation those of its first repeat; empty without
    rows.
    """
    stored = read_stored_estimates(run)
    if stored is None or not len(stored.repeats):
        return []
    first = stored.repeats == stored.repeats[0]
    return mean_tenths(stored.rows.targets[first], stored.rows.estimates[first], stored.rates[first])


def read_estimates(run: RunFolder) -> ErrorRows | None:
    """The n targets with their predictions and quantiles; for a cross-validation those of all repeats."""
    stored = read_stored_estimates(run)
    return None if stored is None else stored.rows


def read_stored_estimates(run: RunFolder) -> StoredEstimates | None:
    """All that the file has of the rows; None without a file. Raises `DataError` if it is damaged."""
    path, rows = run.path / names.PREDICTIONS, run.read_rows(names.PREDICTIONS)
    if rows is None:
        return None
    columns = next(rows)
    if not {"target", "prediction"} <= {*columns}:
        raise damaged(path, "is damaged: the columns target and prediction are missing")
    of_all = ("target", "prediction", RATE, REPEAT)
    used = [name for name in columns if name in of_all or is_level_column(name)]
    positions, numbers = [columns.index(name) for name in used], array("d")
    try:
        levels = tuple(level_of(name) for name in used if is_level_column(name))
        for row in rows:
            numbers.extend(float(row[index]) for index in positions)
    except ValueError as error:
        raise damaged(path, f"is damaged: {error}") from error
    values: FloatArray = np.array(numbers).reshape(-1, len(positions))
    read = dict(zip(used, values.T, strict=True))
    predictions, quantiles = read["prediction"], None
    if levels:
        values_of_levels = [read[name] for name in used if is_level_column(name)]
        quantiles = Quantiles(levels, np.stack(values_of_levels, axis=1))
    repeats = read.get(REPEAT, np.ones(len(predictions)))
    estimates = ErrorRows(read["target"], predictions, quantiles=quantiles)
    return StoredEstimates(estimates, read.get(RATE, predictions), repeats)

"""Reads a regression's predictions.csv. A missing file gives None; a damaged one raises `DataError`."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.mean_calibration import MeanTenth, mean_tenths
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.regression.scores import RATE, REPEAT


class StoredEstimates(NamedTuple):
    """The rows of predictions.csv, (n,) each."""

    targets: FloatArray
    predictions: FloatArray
    rates: FloatArray
    """Those of the predictions; without exposures the predictions themselves."""
    repeats: FloatArray
    """The number of the repeat of a cross-validation, from 1; 1 otherwise."""


def read_predictions(run: RunFolder) -> tuple[FloatArray, FloatArray] | None:
    """Targets and predictions, (n,) each; for a cross-validation those of all repeats."""
    stored = read_estimates(run)
    return None if stored is None else (stored.targets, stored.predictions)


def read_means(run: RunFolder) -> list[MeanTenth]:
    """Observed and predicted means by tenths, of a cross-validation those of its first repeat; empty without
    rows.
    """
    stored = read_estimates(run)
    if stored is None or not len(stored.targets):
        return []
    first = stored.repeats == stored.repeats[0]
    return mean_tenths(stored.targets[first], stored.predictions[first], stored.rates[first])


def read_estimates(run: RunFolder) -> StoredEstimates | None:
    """All that the file has of the rows; for a cross-validation those of all repeats."""
    path, rows = run.path / names.PREDICTIONS, run.read_rows(names.PREDICTIONS)
    if rows is None:
        return None
    columns = next(rows)
    if not {"target", "prediction"} <= {*columns}:
        raise damaged(path, "is damaged: the columns target and prediction are missing")
    position = {
        name: columns.index(name) for name in ("target", "prediction", RATE, REPEAT) if name in columns
    }
    values = {name: array("d") for name in position}
    try:
        for row in rows:
            for name, index in position.items():
                values[name].append(float(row[index]))
    except ValueError as error:
        raise damaged(path, f"is damaged: {error}") from error
    read = {name: np.array(numbers) for name, numbers in values.items()}
    predictions = read["prediction"]
    repeats = read.get(REPEAT, np.ones(len(predictions)))
    return StoredEstimates(read["target"], predictions, read.get(RATE, predictions), repeats)

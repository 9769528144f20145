"""Reads a regression's predictions.csv. A missing file gives None; a damaged one raises `DataError`."""

from __future__ import annotations

from array import array

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder


def read_predictions(run: RunFolder) -> tuple[FloatArray, FloatArray] | None:
    """Targets and predictions, (n,) each; for a cross-validation those of all repeats."""
    path, rows = run.path / names.PREDICTIONS, run.read_rows(names.PREDICTIONS)
    if rows is None:
        return None
    columns = next(rows)
    if not {"target", "prediction"} <= {*columns}:
        raise damaged(path, "is damaged: the columns target and prediction are missing")
    target, prediction = columns.index("target"), columns.index("prediction")
    targets, predictions = array("d"), array("d")
    try:
        for row in rows:
            targets.append(float(row[target]))
            predictions.append(float(row[prediction]))
    except ValueError as error:
        raise damaged(path, f"is damaged: {error}") from error
    return np.array(targets), np.array(predictions)

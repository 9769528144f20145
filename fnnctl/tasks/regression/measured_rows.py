"""Reads a metric of a regression's test part from predictions.csv, row by row."""

from __future__ import annotations

import numpy as np

from fnnctl.metrics.comparison.measures import OF_ERRORS, error_measure
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from fnnctl.tasks.comparison.measured_rows import MeasuredRows, UnmeasuredError, read_predictions


def estimated_rows(run: RunFolder, metric: str) -> MeasuredRows | None:
    """See `ReadMeasured`; the truths are the targets."""
    if metric not in OF_ERRORS:
        raise UnmeasuredError(OF_ERRORS)
    found = read_predictions(run, "target")
    if found is None:
        return None
    _, lines = found
    try:
        rows = np.array([int(line[0]) for line in lines])
        targets, estimates = (np.array([float(line[column]) for line in lines]) for column in (1, 2))
    except ValueError as error:
        raise damaged(run.path / PREDICTIONS, f"is damaged: {error}") from error
    return MeasuredRows(rows, targets, error_measure(metric, targets, estimates))

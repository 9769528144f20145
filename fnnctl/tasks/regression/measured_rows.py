"""Reads a metric of a regression's test part from predictions.csv, row by row."""

from __future__ import annotations

from array import array

import numpy as np

from fnnctl.metrics.comparison.measures import OF_ERRORS, error_measure
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from fnnctl.tasks.comparison.measured_rows import (
    MeasuredRows,
    UnmeasuredError,
    in_row_order,
    read_predictions,
)


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

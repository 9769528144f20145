"""Reads a metric of a classifier's test part from predictions.csv, row by row."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.metric_names import class_of
from fnnctl.metrics.comparison.measures import OF_CLASS, OF_PART, Measure, class_measure
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from fnnctl.tasks.comparison.measured_rows import (
    MeasuredRows,
    UnmeasuredError,
    in_row_order,
    read_predictions,
)

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

"""Reads a metric of a classifier's test part from predictions.csv, row by row."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.config.schema.metric_names import class_of
from fnnctl.metrics.comparison.measures import OF_CLASS, OF_PART, Measure, class_measure
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from fnnctl.tasks.comparison.measured_rows import MeasuredRows, UnmeasuredError, read_predictions

PREFIX: Final = "p_"


def classified_rows(run: RunFolder, metric: str) -> MeasuredRows | None:
    """See `ReadMeasured`; the truths are the labels, as indices into the classes in alphabetical order."""
    found = read_predictions(run, "label")
    if found is None:
        return None
    columns, lines = found
    given = [name.removeprefix(PREFIX) for name in columns[3:]]
    classes = sorted(given)
    name, own = _inside(metric, classes)
    places, order = {each: place for place, each in enumerate(classes)}, [3 + given.index(c) for c in classes]
    try:
        rows = np.array([int(line[0]) for line in lines])
        labels, predictions = (np.array([places[line[column]] for line in lines]) for column in (1, 2))
        probabilities = np.zeros((len(lines), len(classes)))
        if name.startswith(("roc_auc", "log_loss", "loss", "brier")):
            probabilities = np.array([[float(line[column]) for column in order] for line in lines])
    except (ValueError, KeyError) as error:
        raise damaged(run.path / PREDICTIONS, f"is damaged: {error}") from error
    measure: Measure | None = class_measure(name, labels, predictions, probabilities, own)
    return MeasuredRows(rows, labels, measure)


def _inside(metric: str, classes: list[str]) -> tuple[str, int | None]:
    """The name of the metric, and the index of the class if it is that of a class."""
    if metric in OF_PART:
        return metric, None
    owner, name = class_of(metric), metric.rpartition(".")[2]
    if owner in classes and name in OF_CLASS:
        return name, classes.index(owner)
    raise UnmeasuredError((*OF_PART, *(f"per_class.CLASS.{each}" for each in OF_CLASS)))

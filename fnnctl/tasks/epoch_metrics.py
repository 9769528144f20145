"""The epoch metrics of each kind of output."""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.nn.shape import NetworkShape, OutputKind
from fnnctl.tasks.base import EpochMetrics
from fnnctl.tasks.classification.epoch_metrics import ClassificationEpochMetrics
from fnnctl.tasks.regression.epoch_metrics import RegressionEpochMetrics

EPOCH_METRICS: dict[OutputKind, Callable[[int], EpochMetrics]] = {
    "softmax": ClassificationEpochMetrics,
    "logistic": ClassificationEpochMetrics,
    "squared": lambda outputs: RegressionEpochMetrics(),
    "absolute": lambda outputs: RegressionEpochMetrics(),
    "huber": lambda outputs: RegressionEpochMetrics(),
}


def epoch_metrics(shape: NetworkShape) -> EpochMetrics:
    """The metrics that are recorded for networks of this shape after every epoch."""
    return EPOCH_METRICS[shape.output](shape.outputs)

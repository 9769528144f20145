"""The epoch metrics of each kind of output: a regression adds its line here."""

from __future__ import annotations

from collections.abc import Callable

from fnnctl.nn.shape import NetworkShape, OutputKind
from fnnctl.tasks.base import EpochMetrics
from fnnctl.tasks.classification.epoch_metrics import ClassificationEpochMetrics

EPOCH_METRICS: dict[OutputKind, Callable[[int], EpochMetrics]] = {
    "softmax": ClassificationEpochMetrics,
    "logistic": ClassificationEpochMetrics,
}


def epoch_metrics(shape: NetworkShape) -> EpochMetrics:
    """What is recorded of such networks after every epoch."""
    return EPOCH_METRICS[shape.output](shape.outputs)

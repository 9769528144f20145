"""The metrics that training records after every epoch, for each kind of output."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.confusion import balanced_accuracy, class_rates, mean_over
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.shape import NetworkShape, OutputKind

TRAIN_LOSS, VALIDATION_LOSS = "train_loss", "validation_loss"
"""The history columns that all tasks have in common."""
UNCORRECTED_LOSS = "uncorrected_validation_loss"
"""The name of `VALIDATION_LOSS` among a trial's curves if its probabilities are corrected for class weights,
which training does not do."""


class EpochMetrics(Protocol):
    """The metrics that training records after every epoch, for all members of a stack at once."""

    @property
    def training_columns(self) -> tuple[str, str]:
        """The loss, and the metric that is summed along with it: see `Loss.totals`."""

    @property
    def validation_columns(self) -> tuple[str, ...]:
        """The loss, and the metrics of `validation_record`."""

    @property
    def rising_columns(self) -> frozenset[str]:
        """The columns in which larger is better; in all others smaller is better."""

    @property
    def guessing_loss(self) -> float:
        """The recorded loss of a network that has learned nothing: its outputs are the same for every row."""

    def validation_record(
        self, losses: FloatArray, predictions: TargetArray, targets: TargetArray
    ) -> Mapping[str, FloatArray]:
        """The validation columns, (K,) each, from mean losses, (K,), predictions and targets, (K, rows)."""


@dataclass(frozen=True, slots=True)
class ClassificationEpochMetrics:
    """The epoch metrics of a task with this number of classes."""

    classes: int

    training_columns: ClassVar = (TRAIN_LOSS, "train_accuracy")
    validation_columns: ClassVar = (
        VALIDATION_LOSS,
        "validation_accuracy",
        "validation_balanced_accuracy",
        "validation_f1_macro",
    )
    rising_columns: ClassVar = frozenset({training_columns[1], *validation_columns[1:]})

    @property
    def guessing_loss(self) -> float:
        """The cross-entropy of equal probabilities."""
        return math.log(self.classes)

    def validation_record(
        self, losses: FloatArray, predictions: IntArray, targets: IntArray
    ) -> Mapping[str, FloatArray]:
        """See `EpochMetrics`.

        Balanced accuracy is the mean recall of the classes that occur in the targets. Macro F1 is over the
        classes that occur there or are predicted. Both are as in scikit-learn.
        """
        members, rows = targets.shape
        offset = np.arange(members)[:, None] * self.classes
        correct = predictions == targets

        def counts(cells: IntArray) -> IntArray:
            return np.bincount(cells.ravel(), minlength=members * self.classes).reshape(members, self.classes)

        truth, guess = targets + offset, predictions + offset
        rates = class_rates(counts(truth[correct]), counts(truth), counts(guess))
        values = (
            losses,
            correct.sum(axis=1) / rows,
            balanced_accuracy(rates),
            mean_over(rates.f1, rates.occurs),
        )
        return dict(zip(self.validation_columns, values, strict=True))


@dataclass(frozen=True, slots=True)
class RegressionEpochMetrics:
    """R² and the loss of the standardized target; neither depends on the target's unit."""

    training_columns: ClassVar = (TRAIN_LOSS, "train_r2")
    validation_columns: ClassVar = (VALIDATION_LOSS, "validation_r2")
    rising_columns: ClassVar = frozenset({training_columns[1], validation_columns[1]})

    guessing_loss: ClassVar = 0.5
    """Half the squared error of predicting the mean; the other losses are of similar size."""

    def validation_record(
        self, losses: FloatArray, predictions: FloatArray, targets: FloatArray
    ) -> Mapping[str, FloatArray]:
        """See `EpochMetrics`; R² is NaN if all targets are equal."""
        wide = targets.astype(np.float64)
        errors = wide - predictions
        wide -= wide.mean(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            unexplained = np.square(errors).sum(axis=1) / np.square(wide).sum(axis=1)
        r2 = np.where(np.isfinite(unexplained), 1.0 - unexplained, np.nan)
        return dict(zip(self.validation_columns, (losses, r2), strict=True))


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

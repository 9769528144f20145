"""The metrics that are recorded for a classifier after every epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.confusion import balanced_accuracy, class_rates, mean_over
from fnnctl.tasks.base import TRAIN_LOSS, VALIDATION_LOSS


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

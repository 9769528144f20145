"""The metrics that are recorded for a regression after every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.tasks.base import TRAIN_LOSS, VALIDATION_LOSS


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

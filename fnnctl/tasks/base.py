"""The metrics that each task records after every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.targets import TargetArray

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

"""What the rest of the program asks of a task, whatever kind of target it learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.targets import TargetArray

TRAIN_LOSS, VALIDATION_LOSS = "train_loss", "validation_loss"
"""The columns of a history that every task has."""


class EpochMetrics(Protocol):
    """The metrics that training records after every epoch, for all members of a stack at once."""

    @property
    def training_columns(self) -> tuple[str, str]:
        """The loss, and the metric that the network's loss sums up beside it: see `Loss.totals`."""

    @property
    def validation_columns(self) -> tuple[str, ...]:
        """The loss, and the metrics of `validation_record`."""

    @property
    def rising_columns(self) -> frozenset[str]:
        """The columns in which more is better; in all others less is."""

    @property
    def guessing_loss(self) -> float:
        """The recorded loss of outputs that are the same for every row, as if nothing had been learned."""

    def validation_record(
        self, losses: FloatArray, predictions: TargetArray, targets: TargetArray
    ) -> Mapping[str, FloatArray]:
        """The validation columns, (K,) each, from mean losses, (K,), predictions and targets, (K, rows)."""

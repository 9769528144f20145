"""The values recorded after every epoch, for all members of a stack at once."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.registry import CALIBRATED_LOSS
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS, EpochMetrics
from fnnctl.training.state import MissingArrayError, State

LEARNING_RATE: Final = "learning_rate"
"""The column with the learning rate of an epoch's last step; lbfgs has none."""
Record = Mapping[str, FloatArray]
"""One epoch: a (K,) array per column."""


def monitored(record: Record, monitors: Sequence[str | None], rising: Container[str]) -> FloatArray:
    """Each member's monitored values, (K,), with the sign that makes smaller better; 0 without a monitor.

    `rising` are the columns in which larger is better.
    """
    values = np.zeros(len(monitors))
    for k, monitor in enumerate(monitors):
        if monitor is not None:
            value = record[monitor][k]
            values[k] = -value if monitor in rising else value
    return values


class History:
    """The records of a stack's epochs, stored by column in growing arrays."""

    def __init__(self, state: State | None = None) -> None:
        """Empty, or restored from the saved state of a history."""
        self._columns: dict[str, FloatArray] = {
            name: np.array(array) for name, array in (state or {}).items()
        }
        """(K, room for epochs)"""
        self.epochs = next((array.shape[1] for array in self._columns.values()), 0)

    def append(self, record: Record) -> None:
        """Add an epoch's record; raises `MissingArrayError` if the former epochs lack one of its columns."""
        for name, values in record.items():
            column = self._columns.get(name)
            if column is None and self.epochs:
                raise MissingArrayError(f"stack.history.{name}")
            if column is None or column.shape[1] == self.epochs:
                grown = np.empty((len(values), max(16, 2 * self.epochs)))
                if column is not None:
                    grown[:, : self.epochs] = column
                self._columns[name] = grown
            self._columns[name][:, self.epochs] = values
        self.epochs += 1

    @property
    def state(self) -> dict[str, FloatArray]:
        """The columns, (K, epochs) each."""
        return {name: column[:, : self.epochs] for name, column in self._columns.items()}

    def column(self, name: str) -> FloatArray | None:
        """The members' values in all epochs, (K, epochs); None if there is no such column."""
        return self._columns[name][:, : self.epochs] if self.epochs and name in self._columns else None

    def last(self, name: str) -> FloatArray | None:
        """The members' values in the last epoch, (K,); None if there is no such column."""
        return self._columns[name][:, self.epochs - 1] if self.epochs and name in self._columns else None

    def of_member(self, k: int) -> dict[str, list[float]]:
        """A member's columns, one entry per epoch."""
        return {name: column[k].tolist() for name, column in self.state.items()}


def activity_column(kind: str, layer: int) -> str:
    """The column with a hidden layer's share of `active` or `dead` units; layers count from 1."""
    return f"{kind}_{layer}"


def history_table(
    history: Mapping[str, Sequence[float]], metrics: EpochMetrics, *, layers: int, calibrated: bool
) -> tuple[list[str], list[tuple[float | None, ...]]]:
    """The columns and rows of history.csv, one row per epoch; None for columns that were not recorded.

    `calibrated` is as in `StackSettings`.
    """
    columns = [
        LEARNING_RATE,
        *metrics.training_columns,
        *metrics.validation_columns,
        *((CALIBRATED_LOSS,) if calibrated else ()),
        "gradient_norm",
        *(activity_column(kind, layer) for layer in range(1, layers + 1) for kind in ("active", "dead")),
    ]
    epochs = len(history.get(TRAIN_LOSS, ()))
    values = [history.get(name, [None] * epochs) for name in columns]
    return ["epoch", *columns], list(zip(range(1, epochs + 1), *values, strict=True))

"""What is recorded of every epoch, for all members of a stack at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.confusion import balanced_accuracy, class_rates, mean_over
from fnnctl.training.state import State

TRAINING_COLUMNS = ("train_loss", "train_accuracy")
VALIDATION_COLUMNS = (
    "validation_loss",
    "validation_accuracy",
    "validation_balanced_accuracy",
    "validation_f1_macro",
)

Record = Mapping[str, FloatArray]
"""One epoch: a (K,) array a column."""


def falls(monitor: str) -> bool:
    """Whether the monitored column should fall (a loss) or rise (any other)."""
    return monitor.endswith("_loss")


def monitored(record: Record, monitors: Sequence[str | None]) -> FloatArray:
    """Each member's own column, (K,), turned so that smaller is better; without one, 0."""
    values = np.zeros(len(monitors))
    for k, monitor in enumerate(monitors):
        if monitor is not None:
            value = record[monitor][k]
            values[k] = value if falls(monitor) else -value
    return values


class History:
    """The records of a stack's epochs, kept by column in arrays that grow."""

    def __init__(self, state: State | None = None) -> None:
        """Empty, or going on from such a history's state."""
        self._columns: dict[str, FloatArray] = {
            name: np.array(array) for name, array in (state or {}).items()
        }
        """(K, room for epochs)"""
        self.epochs = next((array.shape[1] for array in self._columns.values()), 0)

    def append(self, record: Record) -> None:
        """Add an epoch's record."""
        for name, values in record.items():
            column = self._columns.get(name)
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

    def last(self, name: str) -> FloatArray | None:
        """Every member's value of the last epoch, (K,), or None where there is no such column."""
        return self._columns[name][:, self.epochs - 1] if self.epochs and name in self._columns else None

    def of_member(self, k: int) -> dict[str, list[float]]:
        """A member's columns, an entry an epoch."""
        return {name: column[k].tolist() for name, column in self.state.items()}


def activity_column(kind: str, layer: int) -> str:
    """The column with a hidden layer's share of `active` or `dead` units; layers count from 1."""
    return f"{kind}_{layer}"


def history_table(
    history: Mapping[str, Sequence[float]], *, layers: int
) -> tuple[list[str], list[tuple[float | None, ...]]]:
    """The columns and rows of history.csv, an epoch a row; None where there is no validation part."""
    columns = [
        "learning_rate",
        *TRAINING_COLUMNS,
        *VALIDATION_COLUMNS,
        "gradient_norm",
        *(activity_column(kind, layer) for layer in range(1, layers + 1) for kind in ("active", "dead")),
    ]
    epochs = len(history.get(TRAINING_COLUMNS[0], ()))
    values = [history.get(name, [None] * epochs) for name in columns]
    return ["epoch", *columns], list(zip(range(1, epochs + 1), *values, strict=True))


def validation_record(losses: FloatArray, predictions: IntArray, labels: IntArray, classes: int) -> Record:
    """Loss and metrics of every member from its predictions and labels, both (K, rows).

    Balanced accuracy is the mean recall of the classes that occur; macro F1 is over the classes that
    occur or are predicted, as in scikit-learn.
    """
    members, rows = labels.shape
    offset = np.arange(members)[:, None] * classes
    right = predictions == labels

    def counts(cells: IntArray) -> IntArray:
        return np.bincount(cells.ravel(), minlength=members * classes).reshape(members, classes)

    truth, guess = labels + offset, predictions + offset
    rates = class_rates(counts(truth[right]), counts(truth), counts(guess))
    values = (
        losses,
        right.sum(axis=1) / rows,
        balanced_accuracy(rates),
        mean_over(rates.f1, rates.occurs),
    )
    return dict(zip(VALIDATION_COLUMNS, values, strict=True))

"""The work that is the same for every library: data, network, first weights, epochs and batches.

Everyone trains in float32 with Adam and an L2 penalty, from the same first weights, on batches of at most 200
rows, the rows in a new order every epoch. Where an epoch is one batch its order changes nothing but the
rounding of sums: fnnctl then leaves it out, and so do the training loops that are written here for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.fitting import fit_preprocessor
from fnnctl.data.loading import load_dataset
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.members import Member, StackSettings, initial_parameters

SOURCES = ("iris", "wine", "breast_cancer", "digits")
NETWORKS = {"100": (100,), "5×20": (20,) * 5, "5×100": (100,) * 5}
BATCH, LEARNING_RATE, ALPHA = 200, 0.001, 1e-4
"""scikit-learn divides alpha by the rows of a batch: λ of the risk is alpha / batch."""
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Work:
    """A network to be trained on a data set for so many epochs."""

    name: str
    X: FloatArray
    """(rows, features)"""
    y: IntArray
    """(rows,), indices of classes"""
    classes: int
    hidden: tuple[int, ...]
    epochs: int
    most_rows: int = BATCH
    """Of a batch."""

    @property
    def batch(self) -> int:
        """Rows of a whole batch."""
        return min(self.most_rows, len(self.X))

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """Where each batch of an epoch starts and stops."""
        starts = range(0, len(self.X), self.batch)
        return [(start, min(start + self.batch, len(self.X))) for start in starts]

    @property
    def one_batch(self) -> bool:
        """Whether an epoch is one batch, whose order says nothing."""
        return len(self.bounds) == 1

    @property
    def steps(self) -> int:
        """How many steps the epochs have."""
        return self.epochs * len(self.bounds)

    @property
    def l2(self) -> float:
        """λ of the risk."""
        return ALPHA / self.batch

    @property
    def logistic(self) -> bool:
        """Whether the network has one score for two classes, as scikit-learn's has."""
        return self.classes == 2

    @property
    def shape(self) -> NetworkShape:
        """The network as fnnctl calls it."""
        hidden = tuple(HiddenShape(units, "relu") for units in self.hidden)
        return NetworkShape(
            self.X.shape[1], hidden, OutputShape(self.classes, "logistic" if self.logistic else "softmax")
        )

    @property
    def settings(self) -> StackSettings:
        """What the members of a stack share."""
        return StackSettings(self.shape, "adam", self.batch)

    def members(self, count: int) -> list[Member]:
        """So many networks that differ in their seed."""
        return [
            Member(
                seed=seed,
                epochs=self.epochs,
                learning_rate=LEARNING_RATE,
                l2=self.l2,
                train_rows=np.arange(len(self.X)),
                validation_rows=np.arange(0),
                initializers=("glorot_uniform",) * (len(self.hidden) + 1),
                optimizer_hyperparameters={"beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON},
            )
            for seed in range(count)
        ]

    def first_weights(self, count: int) -> list[tuple[FloatArray, FloatArray]]:
        """Each layer's weights, (K, outputs, inputs), and biases, (K, outputs)."""
        layout = ParameterLayout(self.shape)
        flat = initial_parameters(layout, self.members(count), np.dtype(np.float32))
        return [
            (layer.weights_alone(flat).copy(), layer.weights.view(flat)[..., -1].copy())
            for layer in layout.layers
        ]

    def orders(self, count: int, rng: np.random.Generator) -> IntArray:
        """The rows in a new order for each epoch and member, (epochs, K, rows)."""
        rows = np.arange(len(self.X), dtype=np.int32)
        return rng.permuted(np.broadcast_to(rows, (self.epochs, count, len(rows))), axis=-1)


@cache
def standardised(source: str) -> tuple[FloatArray, IntArray, int]:
    """A built-in data set's features, labels and number of classes."""
    config = DataConfig(source=source)
    dataset = load_dataset(config, Path())
    rows = np.arange(len(dataset))
    X = np.empty((len(dataset), len(dataset.numeric_names)), np.float32)
    fit_preprocessor(dataset, rows, config).transform(dataset, rows, X)
    return X, dataset.target.codes.astype(np.intp), len(dataset.target.texts)


def cell(source: str, network: str, *, steps: int) -> Work:
    """One of the table's cells, for about so many steps."""
    X, y, classes = standardised(source)
    batches = -(-len(X) // BATCH)
    return Work(source, X, y, classes, NETWORKS[network], max(1, round(steps / batches)))


def cells(sources: Sequence[str], networks: Sequence[str]) -> list[tuple[str, str]]:
    """The names of a table's rows."""
    return [(source, network) for source in sources for network in networks]

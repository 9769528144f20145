"""The arrays that a pass over a batch writes to: made once for each size of batch, used at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.activations import ACTIVATIONS, ActivationBuffers
from fnnctl.nn.losses import SoftmaxCrossEntropy
from fnnctl.nn.parameters import ParameterLayout


@dataclass(frozen=True, slots=True)
class HiddenBuffers:
    """A hidden layer's arrays for one batch size."""

    extended: FloatArray
    """Activations with a last row of ones, (K, units + 1, batch)."""
    a: FloatArray
    """The activations alone, a view, (K, units, batch)."""
    delta: FloatArray
    activation: ActivationBuffers


class Workspace:
    """The arrays for K members and batches of one size."""

    def __init__(
        self,
        layout: ParameterLayout,
        members: int,
        batch: int,
        dtype: np.dtype[np.floating],
        *,
        training: bool,
    ) -> None:
        shape = layout.shape
        self.batch = batch
        self.ones = np.ones((batch, 1), dtype)
        """Sums over the batch are products with this."""
        self.inputs = np.empty((members, batch, shape.inputs + 1), dtype)
        """Rows of the pool, each with a last one."""
        self.labels = np.empty((members, batch), np.intp)
        self.scores = np.empty((members, shape.classes, batch), dtype)
        self.loss = SoftmaxCrossEntropy(members, shape.classes, batch, dtype)
        self.hidden: list[HiddenBuffers] = []
        for layer in shape.hidden:
            extended = np.ones((members, layer.units + 1, batch), dtype)
            a = extended[:, :-1]
            delta = np.empty(a.shape, dtype)
            spare = np.empty(a.shape, dtype) if ACTIVATIONS[layer.activation].learned else delta
            slope = np.empty(a.shape, dtype)
            mask = np.empty(a.shape, np.bool_)
            buffers = ActivationBuffers(mask, slope, spare, training)
            self.hidden.append(HiddenBuffers(extended, a, delta, buffers))

    def gather(self, pool: FloatArray, labels: IntArray, rows: IntArray) -> None:
        """Fetch each member's rows, (K, batch), of the pool of examples, (rows, inputs + 1)."""
        np.take(pool, rows, axis=0, out=self.inputs, mode="clip")
        np.take(labels, rows, out=self.labels, mode="clip")

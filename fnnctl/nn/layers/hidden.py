"""A hidden layer: z = Wa + b, normalization, f(z), dropout, and a residual connection.

Each part works in place on the layer's buffers: forward in this order, and backward in the reverse order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.activations import ACTIVATIONS, Activation, ActivationBuffers, Bits
from fnnctl.nn.layers.dropout import AlphaDropout, Dropout, DropoutBuffers
from fnnctl.nn.layers.first_inputs import PlainProducts
from fnnctl.nn.layers.normalization import (
    BatchNormalization,
    LayerNormalization,
    Normalization,
    NormalizationBuffers,
)
from fnnctl.nn.layers.scaled_weights import ScaledWeights
from fnnctl.nn.layers.shared_weights import SharedWeights, SharedWeightsBuffers, add_below
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.parameters import LayerSegments
from fnnctl.nn.shape import HiddenShape, NetworkShape


@dataclass(frozen=True, slots=True)
class HiddenBuffers:
    """A hidden layer's arrays for one batch size."""

    extended: FloatArray
    """Activations with a last row of ones, (K, units + 1, batch)."""
    a: FloatArray
    """The activations alone, a view, (K, units, batch)."""
    extended_rows: FloatArray
    """The two arrays above with one example per row, (K, batch, …)."""
    a_rows: FloatArray
    z: FloatArray
    """Pre-activations, (K, rows, batch); the same array as `a`, except for maxout."""
    delta: FloatArray
    """∂L/∂a, (K, units, batch); every second layer shares this memory, so that it stays in the cache."""
    activation: ActivationBuffers
    normalization: NormalizationBuffers | None
    dropout: DropoutBuffers | None
    shared_weights: SharedWeightsBuffers | None
    """Those of weights that inner members share."""
    skipped: FloatArray | None
    """A residual layer's ∂L/∂a, which the connection passes on to the layer below, (K, units, batch)."""


def hidden_buffers(
    shape: NetworkShape, members: int, batch: int, dtype: np.dtype[np.floating], *, training: bool
) -> list[HiddenBuffers]:
    """The hidden layers' arrays for K members; those of the backward pass only if `training`."""
    widest, columns = max((layer.units for layer in shape.hidden), default=0), shape.inner_members * batch
    zeros = np.zeros((1, widest, columns), dtype)
    deltas = [np.empty(members * widest * columns, dtype) for _ in range(2)]
    made = []
    for index, layer in enumerate(shape.hidden):
        narrow, wide = (members, layer.units, columns), (members, layer.rows, columns)
        delta = deltas[index % 2][: prod(narrow)].reshape(narrow)
        shared_weights = None
        if shape.inner_members > 1:
            shared_weights = SharedWeightsBuffers.of(
                dtype,
                members=members,
                inputs=shape.hidden_inputs[index],
                rows=layer.rows,
                inner=shape.inner_members,
                batch=batch,
            )
        layer_zeros = zeros[:, : layer.units]
        made.append(_layer_buffers(layer, wide, delta, layer_zeros, shared_weights, training=training))
    return made


def _layer_buffers(
    layer: HiddenShape,
    wide: tuple[int, int, int],
    delta: FloatArray,
    zeros: FloatArray,
    shared_weights: SharedWeightsBuffers | None,
    *,
    training: bool,
) -> HiddenBuffers:
    (members, units, batch), dtype = delta.shape, delta.dtype
    extended = np.ones((members, units + 1, batch), dtype)
    a = extended[:, :-1]
    kind = ACTIVATIONS[layer.activation]
    normalization = dropout = None
    if layer.normalization:
        means = (members, wide[1], 1) if layer.normalization == "batch" else (members, 1, batch)
        normalization = NormalizationBuffers(
            np.empty(wide, dtype), np.empty(means, dtype), np.empty(wide, dtype), training
        )
    if training and layer.dropout:
        dropout = DropoutBuffers(np.empty(a.shape, np.bool_), np.empty(a.shape, dtype))
    z = a if layer.pieces == 1 else np.empty(wide, dtype)
    slope = np.empty(wide if kind.keeps_slope else 0, dtype)
    activation = ActivationBuffers(
        mask=np.empty(wide, np.bool_),
        slope=slope,
        spare=np.empty(a.shape, dtype) if kind.learned else delta,
        zeros=zeros,
        training=training,
        bits=Bits.of(z, slope, delta),
    )
    return HiddenBuffers(
        extended=extended,
        a=a,
        extended_rows=extended.transpose(0, 2, 1),
        a_rows=a.transpose(0, 2, 1),
        z=z,
        delta=delta,
        activation=activation,
        normalization=normalization,
        dropout=dropout,
        shared_weights=shared_weights,
        skipped=np.empty(a.shape, dtype) if training and layer.residual else None,
    )


class HiddenLayer:
    """One layer of K networks: its parameters are views of the flat array."""

    def __init__(
        self,
        layer: HiddenShape,
        segments: LayerSegments,
        parameters: FloatArray,
        statistics: FloatArray,
        hyperparameters: Mapping[str, FloatArray],
        plain_products: PlainProducts | None = None,
        scaled_weights: ScaledWeights | None = None,
    ) -> None:
        """`hyperparameters` are those of `Network`, (K,) each for this layer, and so are the last two."""
        self._plain_products = plain_products
        self.shape, self.segments = layer, segments
        self.W = scaled_weights.scaled if scaled_weights else segments.weights.view(parameters)
        """(K, rows, inputs), with a last column of biases unless the layer is normalized or has factors."""
        factors = segments.factors
        self.shared_weights = None if factors is None else SharedWeights(segments, factors, parameters)
        self.f = self._activation(parameters, hyperparameters)
        self._normalization = self._normalizing(parameters, statistics, hyperparameters)
        dropout = AlphaDropout if self.f.needs_alpha_dropout else Dropout
        self._dropout = dropout(hyperparameters["dropout"], parameters.dtype) if layer.dropout else None

    def _activation(self, parameters: FloatArray, hyperparameters: Mapping[str, FloatArray]) -> Activation:
        if self.segments.slopes is None:
            parameter = hyperparameters["activation"].astype(parameters.dtype)[:, None, None]
        else:
            parameter = self.segments.slopes.view(parameters)
        return ACTIVATIONS[self.shape.activation](parameter)

    def _normalizing(
        self, parameters: FloatArray, statistics: FloatArray, hyperparameters: Mapping[str, FloatArray]
    ) -> Normalization | None:
        segments = self.segments
        if segments.gains is None or segments.shifts is None:
            return None
        gains, shifts = segments.gains.view(parameters), segments.shifts.view(parameters)
        if segments.means is None or segments.variances is None or segments.batches is None:
            return LayerNormalization(gains, shifts, hyperparameters["epsilon"])
        return BatchNormalization(
            gains,
            shifts,
            hyperparameters["epsilon"],
            momentum=hyperparameters["momentum"],
            means=segments.means.view(statistics),
            variances=segments.variances.view(statistics),
            batches=segments.batches.view(statistics),
        )

    def forward(self, below: FloatArray, buffers: HiddenBuffers, rngs: MemberGenerators | None) -> None:
        """Fill the layer's activations from those below, (K, inputs + 1, batch), whose last row is ones."""
        a = buffers.a
        if self.shared_weights and buffers.shared_weights:
            self.shared_weights.forward(below, buffers.shared_weights, buffers.z)
        elif self._plain_products:
            self._plain_products.forward(self.W, below, out=buffers.z)
        else:
            np.matmul(self.W, below if self.segments.biased else below[:, :-1], out=buffers.z)
        if self._normalization and buffers.normalization:
            self._normalization.forward(buffers.z, buffers.normalization)
        self.f.forward(buffers.z, a, buffers.activation)
        if self._dropout and buffers.dropout:
            if rngs:
                self._dropout.forward(a, buffers.dropout, rngs)
            else:
                buffers.dropout.factor.fill(1.0)
        if self.shape.residual and not self.shared_weights:
            a += below[:, :-1]
        elif self.shape.residual:
            add_below(a, below[:, :-1])

    def backward(self, buffers: HiddenBuffers, gradient: FloatArray) -> FloatArray:
        """The error terms ∂L/∂z, (K, rows, batch), from ∂L/∂a in `buffers.delta`, which is overwritten.

        The gradients of the layer's slopes, gains and shifts are written to `gradient`, (K, P).
        """
        delta, segments = buffers.delta, self.segments
        if buffers.skipped is not None:
            np.copyto(buffers.skipped, delta)
        if self._dropout and buffers.dropout:
            self._dropout.backward(delta, buffers.dropout)
        if segments.slopes is not None:
            segments.slopes.view(gradient)[...] = self.f.parameter_gradient(delta, buffers.activation)
        delta = self.f.backward(delta, buffers.activation)
        if self._normalization and buffers.normalization and segments.gains and segments.shifts:
            gains, shifts = segments.gains.view(gradient), segments.shifts.view(gradient)
            self._normalization.backward(delta, buffers.normalization, gains=gains, shifts=shifts)
        return delta

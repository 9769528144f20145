"""The input stage: what is learned between the features and the first layer, one part after the other.

Its outputs are, in this order: the features that are values; the embeddings of numbers, number by number. All
of them may then be scaled, by a trained factor per input of the first layer. The result is an array like the
activations of a hidden layer, (K, units + 1, batch) with a last row of ones. The first layer gives back the
gradient with respect to it, from `NetworkShape.first_learned` on.

The piecewise linear embedding of numbers is e = A h(u), for the coordinate u of a number among its bins. u is
i + t at the fraction t of bin i, counted from 0. Function i is u − i, clipped to [0, 1]: the fraction within
bin i, 1 for numbers above it and 0 below it (Gorishniy et al., 2022). The preprocessing computes u, because
the edges of the bins are quantiles of the training rows: one more feature per number takes the place of one
per bin, and networks with other training rows still form a stack. The arrays have an axis for the numbers,
(K, numbers, bins, batch), so one stacked product serves all. In memory the bins come first: all numbers of an
example have the same bins, so the functions of a bin are one operation on one contiguous array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.first_inputs import InputGroup
from fnnctl.nn.parameters import Segment, StageSegments
from fnnctl.nn.shape import InputStageShape, NetworkShape


class PiecewiseLinearEmbedding:
    """The embeddings of K networks: A is a view of their parameters."""

    def __init__(self, segment: Segment, parameters: FloatArray, groups: Sequence[InputGroup]) -> None:
        """The networks of plain groups do not train A, which is 0 at first, so that e stays 0."""
        self.segment = segment
        self._groups = groups
        self._mixing = segment.view(parameters)
        self._bins = np.arange(segment.shape[-1], dtype=parameters.dtype)[:, None, None]

    def forward(self, u: FloatArray, out: FloatArray, functions: FloatArray, *, read: bool = True) -> None:
        """Write the embeddings at coordinates u, (K, numbers, batch), to `out`, (K, numbers, values, batch).

        h(u), (K, bins, numbers, batch), is written to `functions`, which the backward pass reads. It is there
        already unless the coordinates are to be `read`.
        """
        for networks, is_plain in self._groups:
            if is_plain:
                out[networks] = 0.0
                continue
            h = functions[networks]
            if read:
                # Read once per bin, from a transposed view of the features.
                near = np.ascontiguousarray(u[networks])
                np.subtract(near[:, None], self._bins, out=h)
                np.clip(h, 0.0, 1.0, out=h)
            np.matmul(self._mixing[networks], h.transpose(0, 2, 1, 3), out=out[networks])

    def backward(self, delta: FloatArray, functions: FloatArray, gradient: FloatArray) -> None:
        """Write the gradient of A to `gradient`, (K, P), from ∂L/∂e, (K, numbers, values, batch)."""
        of_mixing = self.segment.view(gradient)
        for networks, is_plain in self._groups:
            if is_plain:
                of_mixing[networks] = 0.0
            else:
                h = functions[networks].transpose(0, 2, 3, 1)
                np.matmul(delta[networks], h, out=of_mixing[networks])


class ScalingLayer:
    """The factors of K networks, (K, inputs, 1), a view of their parameters."""

    def __init__(self, factors: FloatArray) -> None:
        self._factors = factors

    def forward(self, x: FloatArray, out: FloatArray) -> None:
        """Write the scaled inputs to `out`; both are (K, inputs, batch)."""
        np.multiply(x, self._factors, out=out)

    def parameter_gradient(self, x: FloatArray, delta: FloatArray, out: FloatArray) -> None:
        """Write the factors' gradient to `out`, (K, inputs, 1), from ∂L/∂u in `delta`, (K, inputs, batch)."""
        np.vecdot(x, delta, out=out[:, :, 0])

    def backward(self, delta: FloatArray, inputs: slice) -> None:
        """Overwrite ∂L/∂u with ∂L/∂x, for some of the inputs."""
        delta[:, inputs] *= self._factors[:, inputs]


@dataclass(frozen=True, slots=True)
class StageBuffers:
    """The arrays of the input stage for one batch size."""

    extended: FloatArray
    """What the first layer reads: the stage's outputs with a last row of ones, (K, outputs + 1, batch)."""
    extended_rows: FloatArray
    """The same with one example per row, a view, (K, batch, outputs + 1)."""
    outputs: FloatArray
    """The outputs before they are scaled, (K, outputs, batch); without scaling a view of `extended`."""
    functions: FloatArray | None
    """Those of the embedded numbers, (K, bins, numbers, batch): see `PiecewiseLinearEmbedding`."""
    first: int
    """`NetworkShape.first_learned`: only the gradients of the outputs from here on are needed."""
    delta: FloatArray
    """∂L/∂ of the outputs from `first` on, (K, outputs − first, batch); of batch 0 unless in training."""


def stage_buffers(
    shape: NetworkShape, members: int, batch: int, dtype: np.dtype[np.floating], *, training: bool
) -> StageBuffers | None:
    """The arrays for K members, those of the backward pass only if `training`; None without a stage."""
    stage = shape.stage
    if stage is None:
        return None
    outputs, first = shape.first_inputs, shape.first_learned
    extended = np.ones((members, outputs + 1, batch), dtype)
    functions = None
    if stage.numeric:
        functions = np.empty((members, stage.numeric.bins, stage.numbers, batch), dtype)
    return StageBuffers(
        extended=extended,
        extended_rows=extended.transpose(0, 2, 1),
        outputs=np.empty((members, outputs, batch), dtype) if stage.scaled else extended[:, :-1],
        functions=functions,
        first=first,
        delta=np.empty((members, outputs - first, batch if training else 0), dtype),
    )


class InputStage:
    """The learned parts of K networks: their parameters are views of the flat array."""

    def __init__(
        self,
        shape: NetworkShape,
        segments: StageSegments,
        parameters: FloatArray,
        groups: Sequence[InputGroup],
    ) -> None:
        self.segments = segments
        self._shape = shape.stage or InputStageShape()
        self._values = self._shape.values(shape.inputs)
        self._numeric: PiecewiseLinearEmbedding | None = None
        if segments.mixing is not None:
            self._numeric = PiecewiseLinearEmbedding(segments.mixing, parameters, groups)
        self._scaling = None if segments.scales is None else ScalingLayer(segments.scales.view(parameters))

    def forward(self, inputs: FloatArray, buffers: StageBuffers, *, read: bool = True) -> FloatArray:
        """Fill and return `buffers.extended` from the features, (K, features + 1, batch).

        See `Network.forward` about `read`.
        """
        # Coordinates are only features: the embeddings take their place among the outputs. Numbers are both.
        outputs, values = buffers.outputs, self._values
        if read:
            np.copyto(outputs[:, :values], inputs[:, :values])
        if self._numeric and buffers.functions is not None:
            embedded = self._embedded(outputs[:, values:])
            self._numeric.forward(inputs[:, values:-1], embedded, buffers.functions, read=read)
        if self._scaling:
            self._scaling.forward(outputs, buffers.extended[:, :-1])
        return buffers.extended

    def backward(self, buffers: StageBuffers, gradient: FloatArray) -> None:
        """Write the gradients of the stage's parameters to `gradient`, (K, P), from `buffers.delta`.

        Overwrites the buffers.
        """
        delta = buffers.delta
        if self._scaling and self.segments.scales:
            self._scaling.parameter_gradient(buffers.outputs, delta, self.segments.scales.view(gradient))
            self._scaling.backward(delta, slice(self._values, None))
        if self._numeric and buffers.functions is not None:
            embedded = self._embedded(delta[:, self._values - buffers.first :])
            self._numeric.backward(embedded, buffers.functions, gradient)

    def _embedded(self, values: FloatArray) -> FloatArray:
        """A view with an axis for the numbers, (K, numbers, values, batch), of what belongs to embeddings."""
        return values.reshape(len(values), self._shape.numbers, -1, values.shape[2])

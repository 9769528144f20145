"""The input stage: what is learned between the features and the first layer, one part after the other.

Its outputs are, in this order: the features that are values; the embeddings of numbers, number by number. All
of them may then be scaled. The result is an array like the activations of a hidden layer, (K, units + 1,
batch) with a last row of ones. The first layer gives back the gradient with respect to it, from
`NetworkShape.first_learned` on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.inputs.piecewise_linear import PiecewiseLinearEmbedding
from fnnctl.nn.layers.inputs.scaling import ScalingLayer
from fnnctl.nn.segments import StageSegments
from fnnctl.nn.shape import InputStageShape, NetworkShape


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
    """Those of the embedded numbers, (K, numbers, bins, batch): see `piecewise_linear`."""
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
        functions = np.empty((members, stage.numbers, stage.numeric.bins, batch), dtype)
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

    def __init__(self, shape: NetworkShape, segments: StageSegments, parameters: FloatArray) -> None:
        self.segments = segments
        self._shape = shape.stage or InputStageShape()
        self._values = self._shape.values(shape.inputs)
        self._numeric: PiecewiseLinearEmbedding | None = None
        if segments.mixing is not None:
            self._numeric = PiecewiseLinearEmbedding(segments.mixing, parameters)
        self._scaling = None if segments.scales is None else ScalingLayer(segments.scales.view(parameters))

    def forward(self, inputs: FloatArray, buffers: StageBuffers) -> FloatArray:
        """Fill and return `buffers.extended` from the features, (K, features + 1, batch)."""
        # Coordinates are only features: the embeddings take their place among the outputs. Numbers are both.
        outputs, values = buffers.outputs, self._values
        np.copyto(outputs[:, :values], inputs[:, :values])
        if self._numeric and buffers.functions is not None:
            embedded = self._embedded(outputs[:, values:])
            self._numeric.forward(inputs[:, values:-1], embedded, buffers.functions)
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

    def _embedded(self, own: FloatArray) -> FloatArray:
        """A view with an axis for the numbers, (K, numbers, values, batch), of what belongs to embeddings."""
        return own.reshape(len(own), self._shape.numbers, -1, own.shape[2])

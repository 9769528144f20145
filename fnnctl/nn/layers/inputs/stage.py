"""The input stage: what is learned between the features and the first layer, one part after the other.

Its result is an array like the activations of a hidden layer, (K, units + 1, batch) with a last row of ones.
The first layer gives back the gradient with respect to it, as far as a learned part needs it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.inputs.scaling import ScalingLayer
from fnnctl.nn.parameters import StageSegments
from fnnctl.nn.shape import NetworkShape


@dataclass(frozen=True, slots=True)
class StageBuffers:
    """The arrays of the input stage for one batch size."""

    extended: FloatArray
    """What the first layer reads: the stage's outputs with a last row of ones, (K, outputs + 1, batch)."""
    extended_rows: FloatArray
    """The same with one example per row, a view, (K, batch, outputs + 1)."""
    values: FloatArray
    """The outputs before they are scaled, (K, outputs, batch); without scaling a view of `extended`."""
    first: int
    """The first of the outputs whose gradient a learned part needs; all after it are needed as well."""
    delta: FloatArray
    """∂L/∂ of the outputs from `first` on, (K, outputs − first, batch); of batch 0 unless in training."""


def stage_buffers(
    shape: NetworkShape, members: int, batch: int, dtype: np.dtype[np.floating], *, training: bool
) -> StageBuffers | None:
    """The arrays for K members, those of the backward pass only if `training`; None without a stage."""
    if shape.stage is None:
        return None
    outputs = shape.first_inputs
    extended = np.ones((members, outputs + 1, batch), dtype)
    first = 0 if shape.stage.scaled else outputs
    return StageBuffers(
        extended=extended,
        extended_rows=extended.transpose(0, 2, 1),
        values=np.empty((members, outputs, batch), dtype) if shape.stage.scaled else extended[:, :-1],
        first=first,
        delta=np.empty((members, outputs - first, batch if training else 0), dtype),
    )


class InputStage:
    """The learned parts of K networks: their parameters are views of the flat array."""

    def __init__(self, segments: StageSegments, parameters: FloatArray) -> None:
        self.segments = segments
        self._scaling = None if segments.scales is None else ScalingLayer(segments.scales.view(parameters))

    def forward(self, inputs: FloatArray, buffers: StageBuffers) -> FloatArray:
        """Fill and return `buffers.extended` from the features, (K, features + 1, batch)."""
        np.copyto(buffers.values, inputs[:, :-1])
        if self._scaling:
            self._scaling.forward(buffers.values, buffers.extended[:, :-1])
        return buffers.extended

    def backward(self, buffers: StageBuffers, gradient: FloatArray) -> None:
        """Write the gradients of the stage's parameters to `gradient`, (K, P), from `buffers.delta`."""
        if self._scaling and self.segments.scales:
            scales = self.segments.scales.view(gradient)
            self._scaling.parameter_gradient(buffers.values, buffers.delta, scales)

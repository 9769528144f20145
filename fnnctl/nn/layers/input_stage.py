"""The input stage: what each network has of its own between the features and the first layer.

Its outputs are, in this order: the features that are values; the statistics of the target of categories,
column by column; the embeddings of numbers, number by number. All of them may then be scaled, by a trained
factor per input of the first layer, unless its weights are (see `scaled_weights`). The result is an array
like the activations of a hidden layer, (K, units + 1, batch) with a last row of ones. The first layer gives
back the gradient with respect to it, from `NetworkShape.first_learned` on.

The piecewise linear embedding of numbers is e = A h(u), for the coordinate u of a number among its bins. u is
i + t at the fraction t of bin i, counted from 0. Linear function i is u − i, clipped to [0, 1]: the fraction
within bin i, 1 for numbers above it and 0 below it (Gorishniy et al., 2022). Step i is 1 from u = i on, else
0. The preprocessing computes u: one more feature per number takes the place of one per bin, and networks with
other training rows still form a stack. A network with edges of its own joins consecutive bins of the
preprocessing, which are then fine ones. Its bin i begins at u = sᵢ and is wᵢ wide, so linear function i is
(u − sᵢ) / wᵢ, clipped. These edges are among the statistics, because training does not change them.

The arrays have an axis for the numbers, (K, numbers, functions, batch), so one stacked product serves all. In
memory the functions come first: each is one operation on one contiguous array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.first_inputs import InputGroup
from fnnctl.nn.parameters import Segment, StageSegments
from fnnctl.nn.shape import (
    CategoryStatisticsShape,
    InputStageShape,
    NetworkShape,
    NumericEmbeddingShape,
)

BEYOND: Final = 1e6
"""A coordinate that no number has."""


def own_bins(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where the bins between edges (…, bins + 1) begin, and 1 by their widths, (…, bins) each.

    Bins without width are missing, because a tree may have fewer leaves: no number reaches them.
    """
    widths = np.diff(edges)
    exists = widths > 0.0
    slopes = np.divide(1.0, widths, out=np.zeros_like(widths), where=exists)
    return np.where(exists, edges[..., :-1], BEYOND), slopes


class CoordinateFunctions:
    """The functions h of the coordinates of numbers among their bins, for K networks."""

    def __init__(
        self, shape: NumericEmbeddingShape, edges: FloatArray | None, dtype: np.dtype[np.floating]
    ) -> None:
        """`edges` (K, numbers, bins + 1) are the networks' own; None if bin i begins at coordinate i."""
        self._code, self._bins = shape.code, shape.bins
        self._starts = np.arange(shape.bins, dtype=dtype)[None, :, None, None]
        self._slopes: FloatArray | None = None
        """1 by the width of each bin, (K, bins, numbers, 1); None if all are 1 wide."""
        if edges is not None:
            self._starts, self._slopes = (
                np.ascontiguousarray(array.transpose(0, 2, 1)[..., None]) for array in own_bins(edges)
            )

    @property
    def are_own(self) -> bool:
        """Whether each network has functions of its own."""
        return self._slopes is not None

    def write(self, u: FloatArray, out: FloatArray, networks: slice) -> None:
        """Write h(u), (K, functions, numbers, batch), of coordinates (K, numbers, batch) of some networks."""
        starts = self._starts[networks] if self.are_own else self._starts
        if self._code == "steps":
            np.greater_equal(u[:, None], starts, out=out)
            return
        places = out[:, : self._bins]
        np.subtract(u[:, None], starts, out=places)
        if self._code == "both":
            np.greater_equal(places, 0.0, out=out[:, self._bins :])
        if self._slopes is not None:
            places *= self._slopes[networks]
        np.clip(places, 0.0, 1.0, out=places)


class PiecewiseLinearEmbedding:
    """The embeddings of K networks: A is a view of their parameters."""

    def __init__(
        self,
        segment: Segment,
        parameters: FloatArray,
        functions: CoordinateFunctions,
        groups: Sequence[InputGroup],
    ) -> None:
        """The networks of plain groups do not train A, which is 0 at first, so that e stays 0."""
        self.segment = segment
        self._groups = groups
        self._mixing = segment.view(parameters)
        self._functions = functions

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
            if read or self._functions.are_own:
                # Read once per bin, from a transposed view of the features.
                self._functions.write(np.ascontiguousarray(u[networks]), h, networks)
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


class StatisticsTables:
    """The statistics of the target per category, of K networks."""

    def __init__(self, shape: CategoryStatisticsShape, tables: FloatArray) -> None:
        """`tables` is (K, codes of all columns, size): the statistics of each code."""
        self._rows = np.ascontiguousarray(tables).reshape(-1, shape.size)
        self._last_codes = np.array(shape.codes)[:, None] - 1
        self._first_rows = (
            shape.first_rows[:, None] + (tables.shape[1] * np.arange(len(tables)))[:, None, None]
        )

    def write(self, codes: FloatArray, out: FloatArray) -> None:
        """Write the statistics at codes (K, columns, batch) to `out`, (K, columns · size, batch)."""
        members, columns, batch = codes.shape
        # `training.scoring.RowScorer` probes its products with random inputs, which are no codes
        places = np.clip(codes.astype(np.intp), 0, self._last_codes)
        places += self._first_rows
        statistics = self._rows[places].transpose(0, 1, 3, 2)
        np.copyto(out.reshape(members, columns, -1, batch), statistics)


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
    gathered: FloatArray | None
    """The statistics of categories that were gathered with the batch, (K, batch, values), because those of
    rows that networks are trained on are other ones; None if they are those of the codes."""
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
    functions = gathered = None
    if stage.categories and training:
        gathered = np.empty((members, batch, stage.categories.values), dtype)
    if stage.numeric:
        functions = np.empty((members, stage.numeric.functions, stage.numbers, batch), dtype)
    return StageBuffers(
        extended=extended,
        extended_rows=extended.transpose(0, 2, 1),
        outputs=np.empty((members, outputs, batch), dtype) if shape.scales_inputs else extended[:, :-1],
        functions=functions,
        first=first,
        gathered=gathered,
        delta=np.empty((members, outputs - first, batch if training else 0), dtype),
    )


class InputStage:
    """The learned parts of K networks: their parameters are views of the flat array."""

    def __init__(
        self,
        shape: NetworkShape,
        segments: StageSegments,
        parameters: FloatArray,
        statistics: FloatArray,
        groups: Sequence[InputGroup],
    ) -> None:
        self.segments = segments
        self._shape = shape.stage or InputStageShape()
        self._values, self._fixed = self._shape.values(shape.inputs), self._shape.fixed_inputs(shape.inputs)
        self._tables: StatisticsTables | None = None
        if segments.categories is not None and self._shape.categories:
            tables = segments.categories.view(statistics)
            self._tables = StatisticsTables(self._shape.categories, tables)
        self._numeric: PiecewiseLinearEmbedding | None = None
        if segments.mixing is not None and self._shape.numeric:
            edges = None if segments.edges is None else segments.edges.view(statistics)
            functions = CoordinateFunctions(self._shape.numeric, edges, parameters.dtype)
            self._numeric = PiecewiseLinearEmbedding(segments.mixing, parameters, functions, groups)
        self._scaling: ScalingLayer | None = None
        if segments.scales is not None and shape.scales_inputs:
            self._scaling = ScalingLayer(segments.scales.view(parameters))

    def forward(self, inputs: FloatArray, buffers: StageBuffers, *, read: bool = True) -> FloatArray:
        """Fill and return `buffers.extended` from the features, (K, features + 1, batch).

        See `Network.forward` about `read`.
        """
        # Coordinates are only features: the embeddings take their place among the outputs. Numbers are both.
        outputs, values, fixed = buffers.outputs, self._values, self._fixed
        first_code = inputs.shape[1] - 1 - self._shape.coded
        if read:
            np.copyto(outputs[:, :values], inputs[:, :values])
        if buffers.gathered is not None:
            np.copyto(outputs[:, values:fixed], buffers.gathered.transpose(0, 2, 1))
        elif self._tables:
            self._tables.write(inputs[:, first_code:-1], outputs[:, values:fixed])
        if self._numeric and buffers.functions is not None:
            embedded = self._embedded(outputs[:, fixed:])
            coordinates = inputs[:, values:first_code]
            self._numeric.forward(coordinates, embedded, buffers.functions, read=read)
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
            self._scaling.backward(delta, slice(self._fixed, None))
        if self._numeric and buffers.functions is not None:
            embedded = self._embedded(delta[:, self._fixed - buffers.first :])
            self._numeric.backward(embedded, buffers.functions, gradient)

    def _embedded(self, values: FloatArray) -> FloatArray:
        """A view with an axis for the numbers, (K, numbers, values, batch), of what belongs to embeddings."""
        return values.reshape(len(values), self._shape.numbers, -1, values.shape[2])

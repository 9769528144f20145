"""The layout of parameters: all of a member's parameters are one flat row, and layers are views of it.

So an optimizer is a few operations on one (K, P) array, whatever the number of layers. A layer's biases are
the last column of its weight matrix: the activations below have a last row of ones, so one product computes
Wa + b, and one product gives the gradients of both. A normalized layer adds its biases (shifts) after the
normalization, because the normalization would cancel any added before.

Running statistics are not parameters and have no gradient. They are in a second flat row of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.shape import HiddenShape, NetworkShape


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a flat row that contains one array."""

    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        return self.start + prod(self.shape)

    def view(self, flat: FloatArray) -> FloatArray:
        """The (K, *shape) view of a (K, P) array."""
        return flat[:, self.start : self.stop].reshape(len(flat), *self.shape)


@dataclass(frozen=True, slots=True)
class FactorSegments:
    """What each of N inner members has of its own in a hidden layer: see `layers.shared_weights`."""

    inputs: Segment
    """(inputs, N)"""
    outputs: Segment
    """(rows, N)"""
    biases: Segment | None
    """(rows, N); None in a normalized layer, whose biases are its shifts."""


@dataclass(frozen=True, slots=True)
class LayerSegments:
    """The segments of a layer's arrays; the output layer has weights only."""

    weights: Segment
    """(rows, inputs + 1) with the biases in the last column; (rows, inputs) if the layer is normalized or has
    factors. An output layer of N inner members has (N, rows, inputs + 1)."""
    biased: bool
    factors: FactorSegments | None = None
    """Those of inner members, if there are several."""
    slopes: Segment | None = None
    """(units, 1) or (1, 1): the learned parameters of the activation."""
    gains: Segment | None = None
    """(rows, 1): the factors of normalized pre-activations."""
    shifts: Segment | None = None
    """(rows, 1): a normalized layer's biases."""
    means: Segment | None = None
    """(rows, 1), in the statistics: batch normalization's running means."""
    variances: Segment | None = None
    """(rows, 1), in the statistics: its running variances."""
    batches: Segment | None = None
    """(1, 1), in the statistics: how many batches the running statistics have seen."""

    def weights_alone(self, flat: FloatArray) -> FloatArray:
        """The (K, rows, inputs) view of the weights without biases; (K, N, rows, inputs) for N outputs."""
        W = self.weights.view(flat)
        return W[..., :-1] if self.biased else W


@dataclass(frozen=True, slots=True)
class StageSegments:
    """The segments of the input stage's arrays."""

    mixing: Segment | None = None
    """(numbers, values, functions): A in the embeddings of numbers, A h(u)."""
    scales: Segment | None = None
    """(inputs of the first layer, 1): their trained factors."""
    edges: Segment | None = None
    """(numbers, bins + 1), in the statistics: the coordinates where the network's own bins begin and end."""
    categories: Segment | None = None
    """(codes of all columns, size), in the statistics: the statistics of the target of each category."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Those of parameters."""
        return tuple(segment for segment in (self.mixing, self.scales) if segment is not None)


class _FlatRow:
    """Allocates the segments of a flat row, one after the other."""

    def __init__(self) -> None:
        self.size = 0

    def take(self, *shape: int) -> Segment:
        segment = Segment(self.size, shape)
        self.size = segment.stop
        return segment


class ParameterLayout:
    """The segments of each layer's arrays in the row of parameters and in the row of statistics."""

    def __init__(self, shape: NetworkShape) -> None:
        self.shape = shape
        parameters, statistics = _FlatRow(), _FlatRow()
        inputs = shape.first_inputs
        layers: list[LayerSegments] = []
        for layer in shape.hidden:
            layers.append(_hidden_segments(layer, inputs, shape.inner_members, parameters, statistics))
            inputs = layer.units
        heads = () if shape.inner_members == 1 else (shape.inner_members,)
        layers.append(LayerSegments(parameters.take(*heads, shape.scores, inputs + 1), biased=True))
        self.layers = tuple(layers)
        """The segments of the hidden layers and, last, of the output layer."""
        self.running_size = statistics.size
        """The size of the running statistics, which are the first ones: the others never change."""
        self.stage = _stage_segments(shape, parameters, statistics)
        """Those of the input stage, after those of the layers; None if there is none."""
        self.size = parameters.size
        self.statistics_size = statistics.size

    def named_arrays(self, row: FloatArray, statistics: FloatArray) -> dict[str, FloatArray]:
        """A member's arrays by name from its rows, (P,) and (S,): `weights_1`, `biases_1`, `gains_1`, …"""
        return dict(self._named(row[None], statistics[None]))

    def rows_of(self, arrays: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """The rows, (P,) and (S,), whose `named_arrays` these are.

        Raises ValueError, which names the array, if they do not fit the layout or have different types. The
        total size is checked before anything is allocated, so a huge layout needs no memory.
        """
        size = sum(array.size for array in arrays.values())
        if size != self.size + self.statistics_size:
            raise ValueError(f"the arrays contain {size:,} numbers, not {self.size + self.statistics_size:,}")
        dtype = next(iter(arrays.values())).dtype
        row, statistics = np.empty(self.size, dtype), np.empty(self.statistics_size, dtype)
        named = self.named_arrays(row, statistics)
        for name, view in named.items():
            array = arrays.get(name)
            if array is None:
                raise ValueError(f"there is no array '{name}'")
            if (array.shape, array.dtype) != (view.shape, dtype):
                kind, expected = f"{array.dtype} {array.shape}", f"{dtype} {view.shape}"
                raise ValueError(f"the array '{name}' is {kind}, not {expected}")
            view[...] = array
        return row, statistics

    def extended_rows(
        self, arrays: Mapping[str, FloatArray], outputs: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """The rows, (P,) and (S,), of a network with the `named_arrays` of one that may have fewer outputs.

        `outputs` are the places of its outputs here; the weights of all others are 0. Raises ValueError,
        which names the array, if another one differs in shape.
        """
        dtype, last = next(iter(arrays.values())).dtype, len(self.layers)
        row, statistics = np.zeros(self.size, dtype), np.zeros(self.statistics_size, dtype)
        named = self.named_arrays(row, statistics)
        if named.keys() != arrays.keys():
            raise ValueError(f"there are the arrays {', '.join(arrays)}, not {', '.join(named)}")
        for name, array in arrays.items():
            place = named[name]
            shape, axis = [*place.shape], {f"weights_{last}": -2, f"biases_{last}": -1}.get(name)
            if axis is not None:
                shape[axis] = min(len(outputs), shape[axis])
            if array.shape != tuple(shape):
                raise ValueError(f"the array '{name}' is {array.shape}, not {tuple(shape)}")
            if axis is None:
                place[...] = array
            elif axis == -2:
                place[..., outputs, :] = array
            else:
                place[..., outputs] = array
        return row, statistics

    def _named(self, row: FloatArray, statistics: FloatArray) -> Iterator[tuple[str, FloatArray]]:
        for number, layer in enumerate(self.layers, start=1):
            yield f"weights_{number}", layer.weights_alone(row)[0]
            if layer.biased:
                yield f"biases_{number}", layer.weights.view(row)[0, ..., -1]
            if layer.factors is not None:
                yield f"input_factors_{number}", layer.factors.inputs.view(row)[0].T
                yield f"output_factors_{number}", layer.factors.outputs.view(row)[0].T
                if layer.factors.biases is not None:
                    yield f"biases_{number}", layer.factors.biases.view(row)[0].T
            for name, segment, flat in (
                ("gains", layer.gains, row),
                ("biases", layer.shifts, row),
                ("slopes", layer.slopes, row),
                ("means", layer.means, statistics),
                ("variances", layer.variances, statistics),
                ("batches", layer.batches, statistics),
            ):
                if segment is not None:
                    yield f"{name}_{number}", segment.view(flat)[0, :, 0]
        if self.stage is not None:
            yield from _named_inputs(self.stage, row, statistics)

    def weight_mask(self, dtype: np.dtype[np.floating]) -> FloatArray:
        """A (1, P) row: 1 at weights, 0 at biases, factors, gains, slopes and the input stage's arrays."""
        mask = np.zeros((1, self.size), dtype)
        for layer in self.layers:
            layer.weights_alone(mask)[...] = 1.0
        return mask

    def weight_inputs(self) -> FloatArray:
        """A (1, P) row: at weights the number of inputs of their layer, elsewhere 1.

        The neural-tangent parametrization divides the rates of weights by its square root.
        """
        row = np.ones((1, self.size))
        for layer in self.layers:
            W = layer.weights_alone(row)
            W[...] = W.shape[-1]
        return row

    def initial_statistics(self, members: int, dtype: np.dtype[np.floating]) -> FloatArray:
        """The running statistics before any batch, (K, S): means of 0 and variances of 1."""
        statistics = np.zeros((members, self.statistics_size), dtype)
        for layer in self.layers:
            if layer.variances is not None:
                layer.variances.view(statistics)[...] = 1.0
        return statistics


def _stage_segments(shape: NetworkShape, parameters: _FlatRow, statistics: _FlatRow) -> StageSegments | None:
    stage = shape.stage
    if stage is None:
        return None
    numeric, categories = stage.numeric, stage.categories
    return StageSegments(
        mixing=parameters.take(numeric.numbers, numeric.size - 1, numeric.functions) if numeric else None,
        scales=parameters.take(shape.first_inputs, 1) if stage.scaled else None,
        edges=statistics.take(numeric.numbers, numeric.bins + 1) if numeric and numeric.own_edges else None,
        categories=statistics.take(sum(categories.codes), categories.size) if categories else None,
    )


def _named_inputs(
    stage: StageSegments, row: FloatArray, statistics: FloatArray
) -> Iterator[tuple[str, FloatArray]]:
    """The arrays of the input stage by name."""
    if stage.edges is not None:
        yield "input_edges", stage.edges.view(statistics)[0]
    if stage.categories is not None:
        yield "input_statistics", stage.categories.view(statistics)[0]
    if stage.mixing is not None:
        yield "input_mixing", stage.mixing.view(row)[0]
    if stage.scales is not None:
        yield "input_scales", stage.scales.view(row)[0, :, 0]


def _hidden_segments(
    layer: HiddenShape, inputs: int, members: int, parameters: _FlatRow, statistics: _FlatRow
) -> LayerSegments:
    normalized, batch = layer.normalization is not None, layer.normalization == "batch"
    column = (layer.rows, 1)
    slopes = (1 if layer.shared else layer.units, 1) if ACTIVATIONS[layer.activation].learned else None
    biased = not normalized and members == 1
    return LayerSegments(
        weights=parameters.take(layer.rows, inputs + 1 if biased else inputs),
        biased=biased,
        factors=None if members == 1 else _factor_segments(layer, inputs, members, parameters),
        gains=parameters.take(*column) if normalized else None,
        shifts=parameters.take(*column) if normalized else None,
        slopes=parameters.take(*slopes) if slopes else None,
        means=statistics.take(*column) if batch else None,
        variances=statistics.take(*column) if batch else None,
        batches=statistics.take(1, 1) if batch else None,
    )


def _factor_segments(layer: HiddenShape, inputs: int, members: int, parameters: _FlatRow) -> FactorSegments:
    return FactorSegments(
        inputs=parameters.take(inputs, members),
        outputs=parameters.take(layer.rows, members),
        biases=None if layer.normalization else parameters.take(layer.rows, members),
    )

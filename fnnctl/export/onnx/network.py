"""The networks of a predictor's part as one stack: its members share every operator.

Weights have a first axis for the members, if there are several, so a layer is one stacked product. Rows stand
before units: activations are (members, rows, units). Scales of the inputs and running statistics are factors
of weights and biases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.activations import ACTIVATION_RECORDS
from fnnctl.config.schema.losses import loss_record
from fnnctl.errors import UsageError
from fnnctl.export.onnx.activations import ACTIVATION_OPERATORS, Layer
from fnnctl.export.onnx.outputs import OUTPUT_OPERATORS, Scores
from fnnctl.nn.layers.input_stage import own_bins
from fnnctl.nn.losses.joint import score_slices
from fnnctl.nn.network import Network
from fnnctl.nn.shape import CategoryStatisticsShape, InputStageShape, NumericEmbeddingShape
from fnnctl.plugins import current
from fnnctl.text import quoted

if TYPE_CHECKING:
    from fnnctl.export.onnx.columns import GraphFeatures
    from fnnctl.export.onnx.graph import Graph


class Stack:
    """The arrays of K networks of one shape, in float64 until they are constants of a graph."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self.shape = networks[0].layout.shape
        self.dtype = networks[0].parameters.dtype
        self.networks = networks
        self._arrays = [
            network.layout.named_arrays(network.parameters[0], network.statistics[0]) for network in networks
        ]

    def __contains__(self, name: str) -> bool:
        return name in self._arrays[0]

    def array(self, name: str) -> FloatArray:
        """An array of all networks, (K, …)."""
        return np.stack([arrays[name] for arrays in self._arrays]).astype(np.float64)

    def matrix(self, name: str) -> FloatArray:
        """Weights, (K, inputs, units), or (inputs, units) of a single network."""
        return self.of_members(self.array(name).swapaxes(1, 2))

    def row(self, name: str) -> FloatArray:
        """One number per unit, (K, 1, units), or (1, units) of a single network."""
        return self.of_members(self.array(name)[:, None])

    def hyperparameter(self, name: str, layer: int) -> FloatArray:
        """A hyperparameter of a layer: a number, or (K, 1, 1) if those of the networks differ."""
        values = np.array([network.hyperparameters[name][0, layer] for network in self.networks])
        return values[:1].reshape(()) if (values == values[0]).all() else values[:, None, None]

    def of_members(self, arrays: FloatArray) -> FloatArray:
        """The arrays (K, …) without the axis of the members if there is a single one."""
        return arrays[0] if len(self.networks) == 1 else arrays

    def constant(self, array: FloatArray) -> FloatArray:
        """An array in the networks' precision."""
        return array.astype(self.dtype)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a layer reads: tensors that stand for consecutive inputs. Any others are 0."""

    tensors: tuple[str, ...]
    sizes: tuple[int, ...]

    def product(self, graph: Graph, weights: FloatArray) -> str:
        """The product with weights, (…, inputs, units), in the networks' precision."""
        ends = np.cumsum(self.sizes).tolist()
        pieces = [weights[..., end - size : end, :] for end, size in zip(ends, self.sizes, strict=True)]
        products = [
            graph.add("MatMul", tensor, piece) for tensor, piece in zip(self.tensors, pieces, strict=True)
        ]
        total = products[0]
        for product in products[1:]:
            total = graph.add("Add", total, product)
        return total


def outputs(graph: Graph, networks: Sequence[Network], features: GraphFeatures) -> list[str]:
    """The outputs of each target, (K, rows, outputs), or (rows, outputs) of a single network.

    Raises `UsageError` for a layer that cannot be exported.
    """
    stack = Stack(networks)
    inputs, scales = _input_stage(graph, stack, features)
    for index, layer in enumerate(stack.shape.hidden):
        if layer.residual and (scales is not None or len(inputs.tensors) > 1):
            raise _refused("a residual connection around", "the first layer and its input stage")
        z = _pre_activations(graph, stack, inputs, scales, index)
        a = _activated(graph, stack, z, index)
        if layer.residual:
            a = graph.add("Add", a, inputs.tensors[0])
        inputs, scales = Inputs((a,), (layer.units,)), None
    return _output_layer(graph, stack, inputs, scales)


def _input_stage(graph: Graph, stack: Stack, features: GraphFeatures) -> tuple[Inputs, FloatArray | None]:
    """The inputs of the first layer, and the factors of each, (K, inputs, 1), which are not applied yet."""
    shape, stage = stack.shape, stack.shape.stage or InputStageShape()
    has_scales = "input_scales" in stack
    scales = stack.of_members(stack.array("input_scales")[:, :, None]) if has_scales else None
    parts = []
    if features.values is not None:
        parts.append((features.values, stage.values(shape.inputs)))
    if stage.categories is not None and features.codes is not None:
        statistics = _category_statistics(graph, stack, stage.categories, features.codes)
        parts.append((statistics, stage.categories.values))
    if stage.numeric is not None and features.coordinates is not None:
        mixing = stack.of_members(stack.array("input_mixing").swapaxes(2, 3))
        if mixing.any():  # it is 0 in plain twins
            embedded = _embedded(graph, stack, stage.numeric, mixing, features.coordinates)
            parts.append((embedded, stage.embedded))
    tensors, sizes = zip(*parts, strict=True)
    return Inputs(tensors, sizes), scales


def _embedded(
    graph: Graph, stack: Stack, numeric: NumericEmbeddingShape, mixing: FloatArray, coordinates: str
) -> str:
    """The embeddings, (…, rows, values), of coordinates (rows, numbers), by `mixing`, (…, numbers,
    functions, size − 1).
    """
    by_number = graph.add("Transpose", coordinates, perm=[1, 0])
    column = graph.add("Unsqueeze", by_number, np.array([2], np.int64))
    functions = _coordinate_functions(graph, stack, numeric, column)
    embedded = graph.add("MatMul", functions, stack.constant(mixing))  # (K, numbers, rows, values)
    members = [] if mixing.ndim == 3 else [0]
    last_axes = [len(members) + k for k in (1, 0, 2)]
    by_row = graph.add("Transpose", embedded, perm=[*members, *last_axes])
    values = numeric.numbers * (numeric.size - 1)
    flat = np.array([0] * (len(members) + 1) + [values], np.int64)
    return graph.add("Reshape", by_row, flat)


def _category_statistics(graph: Graph, stack: Stack, shape: CategoryStatisticsShape, codes: str) -> str:
    """The statistics, (…, rows, columns · size), at codes (rows, columns)."""
    rows = graph.add("Add", codes, shape.first_rows)
    tables = stack.constant(stack.of_members(stack.array("input_statistics")))
    members = tables.ndim - 2
    gathered = graph.add("Gather", tables, rows, axis=members)
    return graph.add("Reshape", gathered, np.array([0] * (members + 1) + [shape.values], np.int64))


def _coordinate_functions(graph: Graph, stack: Stack, numeric: NumericEmbeddingShape, column: str) -> str:
    """The functions, (…, numbers, rows, functions), of coordinates (numbers, rows, 1)."""
    starts: FloatArray = np.arange(numeric.bins, dtype=np.float64)
    slopes = None
    if numeric.own_edges:
        edges = stack.of_members(stack.array("input_edges"))
        starts, slopes = (array[..., None, :] for array in own_bins(edges))
    zero, one = (np.array(end, stack.dtype) for end in (0.0, 1.0))
    distances = graph.add("Sub", column, stack.constant(starts))
    places = distances if slopes is None else graph.add("Mul", distances, stack.constant(slopes))
    functions = [graph.add("Clip", places, zero, one)] if numeric.code != "steps" else []
    if numeric.code != "linear":
        functions.append(graph.cast(graph.add("GreaterOrEqual", distances, zero), stack.dtype))
    return functions[0] if len(functions) == 1 else graph.add("Concat", *functions, axis=-1)


def _pre_activations(
    graph: Graph, stack: Stack, inputs: Inputs, scales: FloatArray | None, index: int
) -> str:
    """z of a hidden layer, normalized, (…, rows, rows of weights)."""
    layer, number = stack.shape.hidden[index], index + 1
    weights, biases = stack.matrix(f"weights_{number}"), stack.row(f"biases_{number}")
    if scales is not None:
        weights = weights * scales
    if layer.normalization == "batch":
        deviation = np.sqrt(stack.row(f"variances_{number}") + stack.hyperparameter("epsilon", index))
        gains = stack.row(f"gains_{number}") / deviation
        weights = weights * gains
        biases = biases - stack.row(f"means_{number}") * gains
    z = inputs.product(graph, stack.constant(weights))
    if layer.normalization == "layer":
        z = graph.add(
            "Mul", _standardized(graph, stack, z, index), stack.constant(stack.row(f"gains_{number}"))
        )
    elif layer.normalization not in (None, "batch"):
        raise _refused("the normalization", layer.normalization)
    return graph.add("Add", z, stack.constant(biases))


def _standardized(graph: Graph, stack: Stack, z: str, index: int) -> str:
    """z with mean 0 and variance 1 over the units of each row.

    Not by the operator LayerNormalization: ONNX Runtime takes the mean of squares minus the square of the
    mean for the variance, which loses digits.
    """
    epsilon = stack.constant(stack.hyperparameter("epsilon", index))
    centred = graph.add("Sub", z, graph.add("ReduceMean", z, axes=[-1], keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes=[-1], keepdims=1)
    return graph.add("Div", centred, graph.add("Sqrt", graph.add("Add", variance, epsilon)))


def _activated(graph: Graph, stack: Stack, z: str, index: int) -> str:
    """The activations of a hidden layer, (…, rows, units)."""
    name = stack.shape.hidden[index].activation
    if not ACTIVATION_RECORDS[name].exported:
        raise _refused("the activation", name)
    slopes = f"slopes_{index + 1}"
    parameter = stack.row(slopes) if slopes in stack else stack.hyperparameter("activation", index)
    layer = Layer(graph, stack.shape.hidden[index], len(stack.networks), stack.constant(parameter))
    return ACTIVATION_OPERATORS[name](layer, z)


def _output_layer(graph: Graph, stack: Stack, inputs: Inputs, scales: FloatArray | None) -> list[str]:
    """The outputs of each target, within their limits, if they have any."""
    number, output = len(stack.shape.hidden) + 1, stack.shape.output
    weights, biases = stack.matrix(f"weights_{number}"), stack.row(f"biases_{number}")
    if scales is not None:
        weights = weights * scales
    z = graph.add("Add", inputs.product(graph, stack.constant(weights)), stack.constant(biases))
    limits = [network.limits[0] for network in stack.networks if network.limits is not None]
    if limits:
        low, high = (stack.of_members(np.array(ends)[:, None, None]) for ends in zip(*limits, strict=True))
        z = graph.add("Max", graph.add("Min", z, high), low)
    if not output.parts:
        return [_of_target(Scores(graph, stack, z, output))]
    axis = np.array([-1], np.int64)
    of_targets = []
    for part, scores in score_slices(output):
        start, stop = (np.array([end], np.int64) for end in (scores.start, scores.stop))
        of_part = graph.add("Slice", z, start, stop, axis)
        of_targets.append(_of_target(Scores(graph, stack, of_part, part)))
    return of_targets


def _of_target(scores: Scores) -> str:
    """The outputs of one target, (…, rows, outputs), from its scores."""
    kind = scores.output.kind
    record, plugin = loss_record(kind), current().get("loss", kind)
    if not record.exported:
        raise _refused("the output", kind)
    if plugin is not None and plugin.value.operators is not None:
        return str(plugin.value.operators(scores.graph, scores.tensor))
    return OUTPUT_OPERATORS[record.scores](scores)


def _refused(kind: str, name: str) -> UsageError:
    return UsageError(f"--format onnx: {kind} {quoted(name)} cannot be exported")

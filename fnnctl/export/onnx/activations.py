"""The activations of `nn.layers.activations` as operators.

ONNX Runtime has some operators in single precision only; networks in double precision are made of others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.activations import Gelu, Selu
from fnnctl.nn.shape import HiddenShape

if TYPE_CHECKING:
    from fnnctl.export.onnx.graph import Graph


@dataclass(frozen=True, slots=True)
class Layer:
    """What an activation needs to know of its layer."""

    graph: Graph
    shape: HiddenShape
    networks: int
    """With several networks, tensors have a first axis for them."""
    parameter: FloatArray
    """The slope, alpha or beta; it broadcasts to the pre-activations."""

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The network's precision."""
        return self.parameter.dtype

    @property
    def is_single(self) -> bool:
        """Whether that is single precision."""
        return self.dtype == np.float32

    def number(self, value: float) -> FloatArray:
        """A constant in the network's precision."""
        return np.array(value, self.dtype)


def _identity(layer: Layer, z: str) -> str:
    return z


def _hard_logistic(layer: Layer, z: str) -> str:
    line = layer.graph.add("Add", layer.graph.add("Mul", z, layer.number(0.25)), layer.number(0.5))
    return layer.graph.add("Clip", line, layer.number(0.0), layer.number(1.0))


def _leaky_relu(layer: Layer, z: str) -> str:
    graph = layer.graph
    if layer.is_single:
        return graph.add("PRelu", z, layer.parameter)
    negative = graph.add("Mul", graph.add("Min", z, layer.number(0.0)), layer.parameter)
    return graph.add("Add", graph.add("Relu", z), negative)


def _elu(layer: Layer, z: str) -> str:
    if layer.is_single and layer.parameter.size == 1:
        return layer.graph.add("Elu", z, alpha=float(layer.parameter.ravel()[0]))
    return _exponential(layer, z, layer.parameter)


def _selu(layer: Layer, z: str) -> str:
    if layer.is_single:
        return layer.graph.add("Selu", z, alpha=Selu.ALPHA, gamma=Selu.SCALE)
    elu = _exponential(layer, z, layer.number(Selu.ALPHA))
    return layer.graph.add("Mul", elu, layer.number(Selu.SCALE))


def _exponential(layer: Layer, z: str, alpha: FloatArray) -> str:
    graph = layer.graph
    power = graph.add("Exp", graph.add("Min", z, layer.number(0.0)))
    negative = graph.add("Mul", graph.add("Sub", power, layer.number(1.0)), alpha)
    return graph.add("Add", graph.add("Relu", z), negative)


def _softplus(layer: Layer, z: str) -> str:
    graph = layer.graph
    if layer.is_single:
        return graph.add("Softplus", z)
    power = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
    return graph.add(
        "Add", graph.add("Relu", z), graph.add("Log", graph.add("Add", power, layer.number(1.0)))
    )


def _swish(layer: Layer, z: str) -> str:
    gate = layer.graph.add("Sigmoid", layer.graph.add("Mul", z, layer.parameter))
    return layer.graph.add("Mul", z, gate)


def _gelu(layer: Layer, z: str) -> str:
    graph = layer.graph
    square = graph.add("Mul", graph.add("Mul", z, z), layer.number(Gelu.CUBIC * Gelu.FACTOR))
    t = graph.add("Tanh", graph.add("Mul", graph.add("Add", square, layer.number(Gelu.FACTOR)), z))
    gate = graph.add("Mul", graph.add("Add", t, layer.number(1.0)), layer.number(0.5))
    return graph.add("Mul", z, gate)


def _mish(layer: Layer, z: str) -> str:
    return layer.graph.add("Mul", z, layer.graph.add("Tanh", _softplus(layer, z)))


def _maxout(layer: Layer, z: str) -> str:
    """The largest of each unit's pieces: all units' first pieces come first, then all their second ones."""
    leading = [0] if layer.networks == 1 else [0, 0]
    sizes = np.array([*leading, layer.shape.pieces, layer.shape.units], np.int64)
    return layer.graph.add("ReduceMax", layer.graph.add("Reshape", z, sizes), axes=[-2], keepdims=0)


ACTIVATION_OPERATORS: Final[dict[str, Callable[[Layer, str], str]]] = {
    "identity": _identity,
    "logistic": lambda layer, z: layer.graph.add("Sigmoid", z),
    "tanh": lambda layer, z: layer.graph.add("Tanh", z),
    "hard_logistic": _hard_logistic,
    "hard_tanh": lambda layer, z: layer.graph.add("Clip", z, layer.number(-1.0), layer.number(1.0)),
    "relu": lambda layer, z: layer.graph.add("Relu", z),
    "leaky_relu": _leaky_relu,
    "prelu": _leaky_relu,
    "elu": _elu,
    "softplus": _softplus,
    "selu": _selu,
    "swish": _swish,
    "gelu": _gelu,
    "mish": _mish,
    "maxout": _maxout,
}
"""By name: the activations, (…, rows, units), of z, (…, rows, units · pieces)."""

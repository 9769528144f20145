"""The flat stacked store: all parameters of a member in one row, layers as views of it.

An optimizer is then a few operations on one (K, P) array, whatever the number of layers. A layer's
biases are the last column of its weight matrix: the activations carry a last row of ones, so that one
product computes Wa + b, and one gives the gradients of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.activations import ACTIVATIONS
from fnnctl.nn.shape import NetworkShape


@dataclass(frozen=True, slots=True)
class Block:
    """A parameter array's place in the flat row."""

    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        return self.start + prod(self.shape)

    def view(self, flat: FloatArray) -> FloatArray:
        """The (K, *shape) view of a (K, P) array."""
        return flat[:, self.start : self.stop].reshape(len(flat), *self.shape)


class ParameterLayout:
    """Where the weights (with biases) of each layer, and the learned slopes, stand in the flat row."""

    def __init__(self, shape: NetworkShape) -> None:
        self.shape = shape
        start = 0
        weights: list[Block] = []
        for inputs, units in pairwise(shape.widths):
            weights.append(Block(start, (units, inputs + 1)))
            start = weights[-1].stop
        slopes: list[Block | None] = []
        for layer in shape.hidden:
            learned = ACTIVATIONS[layer.activation].learned
            slopes.append(Block(start, (1 if layer.shared else layer.units, 1)) if learned else None)
            start = block.stop if (block := slopes[-1]) else start
        self.weights = tuple(weights)
        self.slopes = tuple(slopes)
        self.size = start

    def named_arrays(self, row: FloatArray) -> dict[str, FloatArray]:
        """A member's parameters, (P,), by name: `weights_1` (units, inputs), `biases_1`, `slopes_1`, …"""
        arrays: dict[str, FloatArray] = {}
        for number, block in enumerate(self.weights, start=1):
            weights = block.view(row[None])[0]
            arrays[f"weights_{number}"], arrays[f"biases_{number}"] = weights[:, :-1], weights[:, -1]
        for number, slopes in enumerate(self.slopes, start=1):
            if slopes is not None:
                arrays[f"slopes_{number}"] = slopes.view(row[None])[0, :, 0]
        return arrays

    def weight_mask(self, dtype: np.dtype[np.floating]) -> FloatArray:
        """A (1, P) row: one where a parameter is a weight, zero where it is a bias or a slope."""
        mask = np.zeros((1, self.size), dtype)
        for block in self.weights:
            block.view(mask)[..., :-1] = 1.0
        return mask

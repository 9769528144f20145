"""Where each array of a network is in a flat row: see `parameters`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from fnnctl.arrays import FloatArray


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
    """(numbers, values, bins): A in the embeddings of numbers, A h(u)."""
    scales: Segment | None = None
    """(inputs of the first layer, 1): their learned factors."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments."""
        return tuple(segment for segment in (self.mixing, self.scales) if segment is not None)

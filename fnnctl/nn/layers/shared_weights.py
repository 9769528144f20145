"""Layers of N inner members that share one weight matrix (Gorishniy et al., 2025, "TabM").

Inner member j of a network has yⱼ = ((xⱼ ⊙ rⱼ) Wᵀ) ⊙ sⱼ + bⱼ in a hidden layer, with its own factors r and s
and biases b, and an output layer of its own. The inner members are folded into the batch: activations are
(K, units, N·batch), one inner member after the other, so a hidden layer is one product for all of them. The
network's inputs are the same for all, (K, inputs, batch).

With v = x ⊙ r, u = Wv and δ = ∂L/∂y, sums over the examples of a batch:

    ∂L/∂s = Σ δ ⊙ u       ∂L/∂b = Σ δ       q = δ ⊙ s
    ∂L/∂W = q vᵀ          ∂L/∂r = Σ (Wᵀq) ⊙ x     ∂L/∂x = (Wᵀq) ⊙ r

Activations, normalization and dropout do not know of inner members: a learned slope, a gain and a shift is
shared by all, and batch normalization has the mean and variance of all their columns. A normalized layer has
no other biases than its shifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.parameters import FactorSegments, LayerSegments


@dataclass(frozen=True, slots=True)
class SharedWeightsBuffers:
    """A layer's arrays for one batch size."""

    scaled: FloatArray
    """v and, on the way back, Wᵀq: (K, inputs, N, batch)."""
    products: FloatArray
    """u, (K, rows, N, batch)."""
    ones: FloatArray
    """(batch,)"""

    @classmethod
    def of(
        cls, dtype: np.dtype[np.floating], *, members: int, inputs: int, rows: int, inner: int, batch: int
    ) -> Self:
        """The arrays for K networks, a layer's inputs and rows, N inner members, and the batch."""
        return cls(
            np.empty((members, inputs, inner, batch), dtype),
            np.empty((members, rows, inner, batch), dtype),
            np.ones(batch, dtype),
        )


class SharedWeights:
    """A hidden layer's weights and factors as views of the flat parameters, or of their gradient."""

    def __init__(self, layer: LayerSegments, factors: FactorSegments, flat: FloatArray) -> None:
        self.W = layer.weights.view(flat)
        """(K, rows, inputs)"""
        self._W_transposed = self.W.transpose(0, 2, 1)
        self._r, self._s = factors.inputs.view(flat), factors.outputs.view(flat)
        """(K, inputs, N) and (K, rows, N)"""
        self._b = None if factors.biases is None else factors.biases.view(flat)
        """(K, rows, N)"""

    def forward(self, below: FloatArray, buffers: SharedWeightsBuffers, z: FloatArray) -> None:
        """Write the pre-activations, (K, rows, N·batch), of the activations below.

        `below` is (K, inputs + 1, N·batch), or (K, inputs + 1, batch) for the network's inputs.
        """
        scaled, products, batch = buffers.scaled, buffers.products, len(buffers.ones)
        np.multiply(_by_member(below[:, :-1], batch), self._r[..., None], out=scaled)
        np.matmul(self.W, _folded(scaled), out=_folded(products))
        by_member = _by_member(z, batch)
        np.multiply(products, self._s[..., None], out=by_member)
        if self._b is not None:
            by_member += self._b[..., None]

    def backward(
        self,
        delta: FloatArray,
        below: FloatArray,
        buffers: SharedWeightsBuffers,
        *,
        gradient: SharedWeights,
        out: FloatArray | None,
    ) -> None:
        """Fill the gradient from ∂L/∂y, (K, rows, N·batch), which is overwritten.

        ∂L/∂x is written to `out`, which is as large as the activations below: summed over the inner members
        for the network's inputs.
        """
        scaled, batch = buffers.scaled, len(buffers.ones)
        by_member = _by_member(delta, batch)
        np.vecdot(by_member, buffers.products, out=gradient._s)
        if gradient._b is not None:
            np.vecdot(by_member, buffers.ones, out=gradient._b)
        by_member *= self._s[..., None]
        np.matmul(delta, _folded(scaled).transpose(0, 2, 1), out=gradient.W)
        np.matmul(self._W_transposed, delta, out=_folded(scaled))
        x = _by_member(below[:, :-1], batch)
        np.vecdot(scaled, x, out=gradient._r)
        if out is None:
            return
        if x.shape[2] == scaled.shape[2]:
            np.multiply(scaled, self._r[..., None], out=_by_member(out, batch))
        else:
            scaled *= self._r[..., None]
            np.add.reduce(scaled, axis=2, out=out)


class Heads:
    """The output layers of N inner members, as views of the flat parameters, or of their gradient."""

    def __init__(self, layer: LayerSegments, flat: FloatArray) -> None:
        self._V = layer.weights.view(flat)
        """(K, N, scores, inputs + 1), with a last column of biases."""
        self._V_transposed = layer.weights_alone(flat).swapaxes(2, 3)

    def forward(self, below: FloatArray, z: FloatArray) -> None:
        """Write the scores, (K, scores, N·batch), of activations as in `SharedWeights.forward`."""
        scores = self._of_members(z)
        np.matmul(self._V, _apart(below, scores.shape[3]), out=scores)

    def backward(
        self, delta: FloatArray, below: FloatArray, *, gradient: Heads, out: FloatArray | None
    ) -> None:
        """Fill the gradient from ∂L/∂z, (K, scores, N·batch); see `SharedWeights.backward`.

        `out` is as large as the activations below: summed over the inner members for the network's inputs.
        """
        errors = self._of_members(delta)
        batch = errors.shape[3]
        np.matmul(errors, _apart(below, batch).swapaxes(2, 3), out=gradient._V)
        if out is None:
            return
        if out.shape[2] == delta.shape[2]:
            backward_product(self._V_transposed, errors, out=_apart(out, batch))
        else:
            np.add.reduce(backward_product(self._V_transposed, errors), axis=1, out=out)

    def _of_members(self, z: FloatArray) -> FloatArray:
        """The (K, N, scores, batch) view of scores, (K, scores, N·batch)."""
        return z.reshape(len(z), z.shape[1], self._V.shape[1], -1).swapaxes(1, 2)


def backward_product(
    W_transposed: FloatArray, delta: FloatArray, out: FloatArray | None = None
) -> FloatArray:
    """Wᵀδ, stacked, in `out` if it is given.

    If δ has a single row it is multiplied elementwise, because BLAS takes four times as long.
    """
    product = np.multiply if delta.shape[-2] == 1 else np.matmul
    result: FloatArray = product(W_transposed, delta, out=out)
    return result


def add_below(a: FloatArray, below: FloatArray) -> None:
    """Add activations below to those of a layer, (K, units, N·batch); the network's inputs to each member's.

    `below`, without a row of ones, is as wide as `a` or has the network's inputs, (K, units, batch).
    """
    by_member = a.reshape(*below.shape[:2], -1, below.shape[2])
    by_member += below[:, :, None]


def sum_over_members(values: FloatArray, batch: int) -> FloatArray:
    """The sum of (K, units, N·batch) over the inner members, (K, units, batch)."""
    total: FloatArray = values.reshape(*values.shape[:2], -1, batch).sum(axis=2)
    return total


def _by_member(values: FloatArray, batch: int) -> FloatArray:
    """The (K, units, N, batch) view of (K, units, N·batch), or (K, units, 1, batch) of (K, units, batch)."""
    return values.reshape(*values.shape[:2], -1, batch)


def _apart(values: FloatArray, batch: int) -> FloatArray:
    """The (K, N, units, batch) view of (K, units, N·batch), or (K, 1, units, batch) of (K, units, batch)."""
    return values.reshape(*values.shape[:2], -1, batch).swapaxes(1, 2)


def _folded(values: FloatArray) -> FloatArray:
    """The (K, units, N·batch) view of a contiguous array, (K, units, N, batch)."""
    return values.reshape(*values.shape[:2], -1)

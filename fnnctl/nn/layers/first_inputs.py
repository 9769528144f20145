"""Which inputs of the first layer networks read, and the products that leave out the other ones.

The embeddings of numbers are 0 in a plain network. Half of the networks of the default recipe are plain, and
embeddings are most of their inputs, so products with them would take a fifth of the time of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.layers.shared_weights import backward_product

NO_NETWORKS: Final[IntArray] = np.empty(0, np.intp)


class InputGroup(NamedTuple):
    """Networks that read the same inputs."""

    networks: slice
    is_plain: bool


def input_groups(plain: IntArray, count: int) -> list[InputGroup]:
    """The groups of `count` networks, from the indices of the plain ones: one or two if they alternate.

    In any other order each network is a group. A single network may be computed on several slices of a batch
    in place of members, so its group is all of these.
    """
    if plain.size in (0, count):
        return [InputGroup(slice(None), bool(plain.size))]
    is_plain = np.isin(np.arange(count), plain)
    if (is_plain[1:] != is_plain[:-1]).all():
        return [InputGroup(slice(start, None, 2), bool(is_plain[start])) for start in (0, 1)]
    return [InputGroup(slice(k, k + 1), bool(is_plain[k])) for k in range(count)]


class PlainProducts:
    """The products of the first layer in a stack with plain networks.

    Arguments are those of the whole stack. Weights are (K, rows, inputs), with a last column of biases if the
    layer is biased; activations below are (K, inputs + 1, batch) with a last row of ones.
    """

    def __init__(self, groups: Sequence[InputGroup], values: int, *, biased: bool) -> None:
        """Plain networks read the first `values` inputs and the bias."""
        self._groups, self._values, self._biased = groups, values, biased

    def forward(self, W: FloatArray, below: FloatArray, out: FloatArray) -> None:
        """Write Wa + b, or Wa if the layer is not biased, to `out`, (K, rows, batch)."""
        for networks, is_plain in self._groups:
            weights, a, z = W[networks], below[networks], out[networks]
            if is_plain:
                np.matmul(weights[:, :, : self._values], a[:, : self._values], out=z)
                if self._biased:
                    z += weights[:, :, -1:]
            else:
                np.matmul(weights, a if self._biased else a[:, :-1], out=z)

    def weight_gradient(self, delta: FloatArray, below: FloatArray, out: FloatArray) -> None:
        """Write δaᵀ to `out`, shaped like the weights.

        `below` has one example per row, (K, batch, inputs + 1).
        """
        for networks, is_plain in self._groups:
            errors, rows, gradient = delta[networks], below[networks], out[networks]
            if is_plain:
                np.matmul(errors, rows[:, :, : self._values], out=gradient[:, :, : self._values])
                gradient[:, :, self._values :] = 0.0
                if self._biased:
                    # The last column is of ones. Its product is a quarter of the time of a sum.
                    np.matmul(errors, rows[:, :, -1:], out=gradient[:, :, -1:])
            else:
                np.matmul(errors, rows if self._biased else rows[:, :, :-1], out=gradient)

    def input_gradient(
        self, W_transposed: FloatArray, delta: FloatArray, first: int, out: FloatArray
    ) -> None:
        """Write Wᵀδ of the inputs from `first` on to `out`, (K, inputs − first, batch).

        It is 0 for the embeddings of plain networks. `W_transposed`, (K, inputs, rows), is without biases.
        """
        for networks, is_plain in self._groups:
            weights, passed = W_transposed[networks][:, first:], out[networks]
            if is_plain:
                read = max(self._values - first, 0)
                backward_product(weights[:, :read], delta[networks], out=passed[:, :read])
                passed[:, read:] = 0.0
            else:
                backward_product(weights, delta[networks], out=passed)

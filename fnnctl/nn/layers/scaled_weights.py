"""The first layer's weights times the factors of its inputs: z = (W ⊙ g) x + b in place of W (g ⊙ x) + b.

A layer has fewer units than a batch has examples, and there may be many inputs, such as categories. So the
factors of a scaling layer multiply the weights. Their gradients follow from the product G = δ xᵀ:

    ∂L/∂W = G ⊙ g        ∂L/∂g = Σ W ⊙ G, over the units

Only embeddings of numbers need ∂L/∂x = (W ⊙ g)ᵀ δ.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.parameters import LayerSegments, Segment


class ScaledWeights:
    """W ⊙ g of K networks, with a last column of biases if the layer is biased."""

    def __init__(self, layer: LayerSegments, factors: Segment, parameters: FloatArray) -> None:
        self._weights, self._factors = layer.weights, factors
        self._W = layer.weights.view(parameters)
        self._g = factors.view(parameters).swapaxes(1, 2)
        """(K, 1, inputs)"""
        self._inputs = self._g.shape[2]
        self.scaled = np.empty_like(self._W)
        """(K, rows, inputs or inputs + 1), as of the last update."""
        self.scaled_alone = self.scaled[..., : self._inputs]
        """Without biases, a view."""

    def update(self) -> None:
        """Compute the products from the present weights and factors."""
        np.multiply(self._W[..., : self._inputs], self._g, out=self.scaled_alone)
        np.copyto(self.scaled[..., self._inputs :], self._W[..., self._inputs :])

    def backward(self, gradient: FloatArray) -> None:
        """Complete the gradient, (K, P), in which G takes the place of ∂L/∂W.

        Overwrites the products.
        """
        G = self._weights.view(gradient)[..., : self._inputs]
        np.multiply(self._W[..., : self._inputs], G, out=self.scaled_alone)
        np.add.reduce(self.scaled_alone, axis=1, out=self._factors.view(gradient)[..., 0])
        G *= self._g

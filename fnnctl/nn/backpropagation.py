"""The gradient of the structured risk, in the formulas' letters.

    δᴸ = softmax(zᴸ) − y              δˡ = f′(zˡ) ⊙ (Wˡ⁺¹)ᵀ δˡ⁺¹
    ∂R/∂Wˡ = δˡ (aˡ⁻¹)ᵀ + λ Wˡ        ∂R/∂bˡ = Σ δˡ

(Qiu, section 4.4; δᴸ is divided by the batch's size, so that gradients are means.) Every product is a
stacked one, whose slices have the same bits as a single product's.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.workspace import Workspace


class BackPropagation:
    """Gradients of K networks, laid out like their parameters."""

    def __init__(self, network: Network, l2: FloatArray) -> None:
        """`l2` holds each member's λ, (K,)."""
        self.network = network
        self.gradient = np.zeros_like(network.parameters)
        """(K, P); an optimizer may use it as scratch."""
        self._dW = [block.view(self.gradient) for block in network.layout.weights]
        self._l2 = l2.astype(network.parameters.dtype)[:, None]
        self._is_weight = network.layout.weight_mask(network.parameters.dtype)
        self.scratch = np.empty_like(network.parameters)
        """(K, P), for whoever needs it between two gradients."""

    def risk_gradient(self, work: Workspace) -> FloatArray:
        """The gradient of the gathered batch's risk, (K, P); the batch's loss is added to the totals."""
        work.loss.error_terms(self.network.forward(work), work.labels)
        self._backward(work)
        self._add_penalty()
        return self.gradient

    def _backward(self, work: Workspace) -> None:
        """Fill the gradient from the last layer's error terms, which stand where the scores stood."""
        network, delta = self.network, work.scores
        for index in reversed(range(len(work.hidden))):
            layer, f = work.hidden[index], network.activations[index]
            np.matmul(delta, layer.extended.transpose(0, 2, 1), out=self._dW[index + 1])
            W = network.W[index + 1][..., :-1]
            np.matmul(W.transpose(0, 2, 1), delta, out=layer.delta)
            if (slopes := network.layout.slopes[index]) is not None:
                slopes.view(self.gradient)[...] = f.number_gradient(layer.delta, layer.activation)
            delta = layer.delta
            delta *= layer.activation.slope
        np.matmul(delta, work.inputs, out=self._dW[0])

    def _add_penalty(self) -> None:
        """Add λW, for weights alone."""
        np.multiply(self.network.parameters, self._is_weight, out=self.scratch)
        self.scratch *= self._l2
        self.gradient += self.scratch

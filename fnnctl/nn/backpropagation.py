"""The gradient of the regularized risk, in the notation of the formulas.

    δᴸ = softmax(zᴸ) − y              δˡ = f′(zˡ) ⊙ (Wˡ⁺¹)ᵀ δˡ⁺¹
    ∂R/∂Wˡ = δˡ (aˡ⁻¹)ᵀ + λ Wˡ        ∂R/∂bˡ = Σ δˡ

(Qiu, section 4.4; δᴸ is divided by the batch size, so gradients are means.) All products are stacked; each
slice has the same bits as a single product.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.limits import flush
from fnnctl.nn.layers.input_stage import StageBuffers
from fnnctl.nn.layers.shared_weights import Heads, SharedWeights, backward_product, sum_over_members
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.penalties import Penalty
from fnnctl.nn.workspace import Workspace


class BackPropagation:
    """Gradients of K networks, laid out like their parameters."""

    def __init__(self, network: Network, penalty: Penalty) -> None:
        self.network, self.penalty = network, penalty
        self.gradient = np.zeros_like(network.parameters)
        """(K, P); an optimizer may use it as scratch."""
        layers = network.layout.layers
        self._dW = [layer.weights.view(self.gradient) for layer in layers]
        self._WT = [layer.weights_alone(network.parameters).swapaxes(-2, -1) for layer in layers]
        if network.scaled_weights is not None:
            self._WT[0] = network.scaled_weights.scaled_alone.swapaxes(-2, -1)
        self._shared = SharedGradients(network, self.gradient) if network.heads else None
        self.scratch = np.empty_like(network.parameters)
        """(K, P), scratch memory, free for any use between two gradients."""
        self._vanishing = _vanishing_layers(network)
        self._penalised = penalty.parts(network.parameters, self.gradient, self.scratch)

    def risk_gradient(self, work: Workspace, rngs: MemberGenerators | None = None) -> FloatArray:
        """The gradient of the gathered batch's risk, (K, P); the batch's loss is added to the totals.

        The targets must have been set in the workspace's loss.
        """
        work.loss.error_terms(self.network.forward(work, rngs))
        self._backward(work)
        self.penalty.add_gradient(self._penalised)
        return self.gradient

    def _backward(self, work: Workspace) -> None:
        """Fill the gradient from the output layer's error terms, which have overwritten the scores."""
        delta, biased, skipped = work.scores, True, None
        for index in reversed(range(len(work.hidden))):
            layer, buffers = self.network.layers[index], work.hidden[index]
            if self._shared:
                self._shared.backward(index + 1, delta, work, out=buffers.delta)
            else:
                np.matmul(delta, buffers.extended_rows if biased else buffers.a_rows, out=self._dW[index + 1])
                backward_product(self._WT[index + 1], delta, out=buffers.delta)
            if skipped is not None:
                np.add(buffers.delta, skipped, out=buffers.delta)
            delta = layer.backward(buffers, self.gradient)
            if index in self._vanishing:
                flush(delta)
            biased, skipped = layer.segments.biased, buffers.skipped
        if self._shared:
            self._shared.backward(0, delta, work, out=None if work.stage is None else work.stage.delta)
        else:
            below = work.inputs if work.stage is None else work.stage.extended_rows
            if self.network.plain_products:
                self.network.plain_products.weight_gradient(delta, below, out=self._dW[0])
            else:
                np.matmul(delta, below if biased else below[..., :-1], out=self._dW[0])
        if work.stage is not None:
            self._backward_stage(work.stage, delta, skipped)
        if self.network.scaled_weights is not None:
            self.network.scaled_weights.backward(self.gradient)

    def _backward_stage(self, buffers: StageBuffers, delta: FloatArray, skipped: FloatArray | None) -> None:
        """Fill the gradient of the input stage from the first layer's error terms."""
        if self.network.plain_products:
            self.network.plain_products.input_gradient(self._WT[0], delta, buffers.first, out=buffers.delta)
        elif not self._shared:
            backward_product(self._WT[0][:, buffers.first :], delta, out=buffers.delta)
        if skipped is not None:
            passed = skipped[:, buffers.first :]
            if self._shared:
                passed = sum_over_members(passed, buffers.delta.shape[2])
            np.add(buffers.delta, passed, out=buffers.delta)
        if self.network.stage is not None:
            self.network.stage.backward(buffers, self.gradient)


def _vanishing_layers(network: Network) -> list[int]:
    """The layers whose error terms are flushed: every second one with two or more saturating ones above it.

    A saturating layer scales an error term by 6e-8 or more in float32, or by 0, so that two of them cannot
    make a number subnormal that is not negligible.
    """
    saturating = [layer.f.saturates for layer in network.layers]
    above = [sum(saturating[index:]) for index in range(len(saturating))]
    return [index for index, count in enumerate(above) if saturating[index] and count > 2 and count % 2 == 1]


class SharedGradients:
    """The products of the backward pass if inner members share weights: see `layers.shared_weights`."""

    def __init__(self, network: Network, gradient: FloatArray) -> None:
        self._network = network
        *hidden, output = network.layout.layers
        self._hidden = [
            SharedWeights(layer, layer.factors, gradient) for layer in hidden if layer.factors is not None
        ]
        self._heads = Heads(output, gradient)

    def backward(self, index: int, delta: FloatArray, work: Workspace, *, out: FloatArray | None) -> None:
        """Fill the gradient of layer `index` from its error terms, and write ∂L/∂a of the layer below."""
        first = work.inputs_T if work.stage is None else work.stage.extended
        below = work.hidden[index - 1].extended if index else first
        heads = self._network.heads
        if heads and index == len(work.hidden):
            heads.backward(delta, below, gradient=self._heads, out=out)
            return
        weights, buffers = self._network.layers[index].shared_weights, work.hidden[index].shared_weights
        if weights and buffers:
            weights.backward(delta, below, buffers, gradient=self._hidden[index], out=out)

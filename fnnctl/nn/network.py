"""The forward and the backward pass of a stack, in the formulas' letters.

    zˡ = Wˡ aˡ⁻¹ + bˡ        aˡ = f(zˡ)
    δᴸ = softmax(zᴸ) − y     δˡ = f′(zˡ) ⊙ (Wˡ⁺¹)ᵀ δˡ⁺¹
    ∂R/∂Wˡ = δˡ (aˡ⁻¹)ᵀ + λ Wˡ      ∂R/∂bˡ = Σ δˡ

(Qiu, section 4.4; δ is divided by the batch's size at the last layer, so that gradients are means.)
Every product is a stacked one, whose slices have the same bits as a single product's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.activations import ACTIVATIONS, Activation, ActivationBuffers
from fnnctl.nn.losses import SoftmaxCrossEntropy
from fnnctl.nn.parameters import ParameterLayout


@dataclass(frozen=True, slots=True)
class HiddenBuffers:
    """A hidden layer's arrays for one batch size."""

    extended: FloatArray
    """Activations with a last row of ones, (K, units + 1, batch)."""
    a: FloatArray
    """The activations alone, a view, (K, units, batch)."""
    delta: FloatArray
    activation: ActivationBuffers


class Workspace:
    """All arrays that a pass over a batch of one size writes to: made once, used at every step."""

    def __init__(
        self,
        layout: ParameterLayout,
        members: int,
        batch: int,
        dtype: np.dtype[np.floating],
        *,
        training: bool,
    ) -> None:
        shape = layout.shape
        self.batch = batch
        self.ones = np.ones((batch, 1), dtype)
        """Sums over the batch are products with this."""
        self.inputs = np.empty((members, batch, shape.inputs + 1), dtype)
        """Rows of the pool, each with a last one."""
        self.labels = np.empty((members, batch), np.intp)
        self.scores = np.empty((members, shape.classes, batch), dtype)
        self.loss = SoftmaxCrossEntropy(members, shape.classes, batch, dtype)
        self.hidden: list[HiddenBuffers] = []
        for layer in shape.hidden:
            extended = np.ones((members, layer.units + 1, batch), dtype)
            a = extended[:, :-1]
            delta = np.empty(a.shape, dtype)
            spare = np.empty(a.shape, dtype) if ACTIVATIONS[layer.activation].learned else delta
            slope = np.empty(a.shape, dtype)
            mask = np.empty(a.shape, np.bool_)
            buffers = ActivationBuffers(mask, slope, spare, training)
            self.hidden.append(HiddenBuffers(extended, a, delta, buffers))

    def gather(self, pool: FloatArray, labels: IntArray, rows: IntArray) -> None:
        """Fetch each member's rows, (K, batch), of the pool of examples, (rows, inputs + 1)."""
        np.take(pool, rows, axis=0, out=self.inputs, mode="clip")
        np.take(labels, rows, out=self.labels, mode="clip")


class Network:
    """K networks of one shape: their parameters as views of one flat (K, P) array."""

    def __init__(self, layout: ParameterLayout, parameters: FloatArray, numbers: FloatArray) -> None:
        """`numbers` holds each hidden layer's activation number, (K, layers)."""
        self.layout = layout
        self.parameters = parameters
        self.gradient = np.zeros_like(parameters)
        self.W = [block.view(parameters) for block in layout.weights]
        self.dW = [block.view(self.gradient) for block in layout.weights]
        self._penalised = layout.penalised.astype(parameters.dtype)
        self._scratch = np.empty_like(parameters)
        self.activations: list[Activation] = []
        for index, layer in enumerate(layout.shape.hidden):
            block = layout.slopes[index]
            number = numbers[:, index, None, None] if block is None else block.view(parameters)
            function = ACTIVATIONS[layer.activation]
            self.activations.append(function(number.astype(parameters.dtype, copy=False)))

    def forward(self, work: Workspace) -> FloatArray:
        """The scores zᴸ, (K, classes, batch), of the inputs in the workspace."""
        a: FloatArray = work.inputs.transpose(0, 2, 1)
        for W, f, layer in zip(self.W, self.activations, work.hidden, strict=False):
            np.matmul(W, a, out=layer.a)
            f.apply(layer.a, layer.activation)
            a = layer.extended
        np.matmul(self.W[-1], a, out=work.scores)
        return work.scores

    def backward(self, work: Workspace) -> None:
        """Fill the gradient from the last layer's error terms, which stand where the scores stood."""
        delta = work.scores
        for index in reversed(range(len(work.hidden))):
            layer, f = work.hidden[index], self.activations[index]
            W, dW = self.W[index + 1], self.dW[index + 1]
            np.matmul(delta, layer.extended.transpose(0, 2, 1), out=dW)
            np.matmul(W[..., :-1].transpose(0, 2, 1), delta, out=layer.delta)
            if (block := self.layout.slopes[index]) is not None:
                block.view(self.gradient)[...] = f.number_gradient(layer.delta, layer.activation)
            delta = layer.delta
            delta *= layer.activation.slope
        np.matmul(delta, work.inputs, out=self.dW[0])

    def add_penalty_gradient(self, l2: FloatArray) -> None:
        """Add λW to the gradient; l2 holds each member's λ, (K, 1)."""
        np.multiply(self.parameters, self._penalised, out=self._scratch)
        self._scratch *= l2
        self.gradient += self._scratch

    def risk_gradient(self, work: Workspace, l2: FloatArray) -> None:
        """Fill the gradient of the structured risk on the gathered batch; its loss is added to the totals."""
        work.loss.error_terms(self.forward(work), work.labels)
        self.backward(work)
        self.add_penalty_gradient(l2)

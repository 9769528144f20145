"""The forward pass of a stack, in the formulas' letters: zˡ = Wˡ aˡ⁻¹ + bˡ, aˡ = f(zˡ) (Qiu, section 4.3)."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.activations import ACTIVATIONS, Activation
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.workspace import Workspace


class Network:
    """K networks of one shape: their parameters as views of one flat (K, P) array."""

    def __init__(self, layout: ParameterLayout, parameters: FloatArray, numbers: FloatArray) -> None:
        """`numbers` holds each hidden layer's activation number, (K, layers)."""
        self.layout = layout
        self.parameters = parameters
        self.W = [block.view(parameters) for block in layout.weights]
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

"""The forward pass of a stack, in the notation of Qiu, section 4.3: zˡ = Wˡ aˡ⁻¹ + bˡ, aˡ = f(zˡ)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.limits import limited
from fnnctl.nn.layers.first_inputs import NO_NETWORKS, PlainProducts, input_groups
from fnnctl.nn.layers.hidden import HiddenLayer
from fnnctl.nn.layers.input_stage import InputStage
from fnnctl.nn.layers.scaled_weights import ScaledWeights
from fnnctl.nn.layers.shared_weights import Heads
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.parameters import LayerSegments, ParameterLayout
from fnnctl.nn.workspace import Workspace

LAYER_HYPERPARAMETERS = ("activation", "dropout", "epsilon", "momentum")
"""The hyperparameters of a hidden layer: the activation's parameter, the dropout rate, and ε and momentum of
the normalization."""


class Network:
    """K networks of one shape: their parameters as views of one flat (K, P) array."""

    def __init__(
        self,
        layout: ParameterLayout,
        parameters: FloatArray,
        statistics: FloatArray,
        hyperparameters: Mapping[str, FloatArray],
        limits: FloatArray | None = None,
        *,
        plain: IntArray = NO_NETWORKS,
    ) -> None:
        """`statistics` is (K, S); `hyperparameters` has (K, layers) for each of LAYER_HYPERPARAMETERS.

        `limits` (K, 2) are the smallest and the largest score of each network, if they have any; `plain` are
        the indices of the networks whose embedding of numbers is not trained.
        """
        self.layout = layout
        with np.errstate(over="ignore"):  # a limit that overflows is none
            self.limits = None if limits is None else limits.astype(parameters.dtype)
        self.parameters, self.statistics, self.hyperparameters = parameters, statistics, hyperparameters
        self.plain = plain
        groups, shape = input_groups(plain, len(parameters)), layout.shape
        self.plain_products: PlainProducts | None = None
        """Those of the first hidden layer, if there are plain networks."""
        if plain.size and shape.stage is not None and shape.hidden:
            fixed, biased = shape.stage.fixed_inputs(shape.inputs), layout.layers[0].biased
            self.plain_products = PlainProducts(groups, fixed, biased=biased)
        self.scaled_weights: ScaledWeights | None = None
        """Those of the first hidden layer, if `NetworkShape.scales_weights`."""
        if shape.scales_weights and layout.stage is not None and layout.stage.scales is not None:
            self.scaled_weights = ScaledWeights(layout.layers[0], layout.stage.scales, parameters)
        self.layers = [
            HiddenLayer(
                layer,
                layout.layers[index],
                parameters,
                statistics,
                {name: values[:, index] for name, values in hyperparameters.items()},
                None if index else self.plain_products,
                None if index else self.scaled_weights,
            )
            for index, layer in enumerate(shape.hidden)
        ]
        self.stage = (
            None if layout.stage is None else InputStage(shape, layout.stage, parameters, statistics, groups)
        )
        self.V = layout.layers[-1].weights.view(parameters)
        """The output layer's weights, with a last column of biases."""
        self.heads = Heads(layout.layers[-1], parameters) if layout.shape.inner_members > 1 else None
        """The output layers of inner members, if there are several."""

    def forward(
        self, work: Workspace, rngs: MemberGenerators | None = None, *, read: bool = True
    ) -> FloatArray:
        """The scores zᴸ, (K, scores, batch), of the inputs in the workspace: (K, scores, N·batch) for N
        inner members.

        `rngs` draw the dropout masks, in a workspace for training. The inputs need not be `read` by the
        input stage if the last pass in the workspace had the same ones, and networks that are plain if these
        are.
        """
        a = self.activations(work, rngs, read=read)
        if self.heads:
            self.heads.forward(a, work.scores)
        else:
            np.matmul(self.V, a, out=work.scores)
        return work.scores

    def activations(
        self, work: Workspace, rngs: MemberGenerators | None = None, *, read: bool = True
    ) -> FloatArray:
        """What the output layer reads, (K, units + 1, batch), with a last row of ones: see `forward`."""
        a: FloatArray = work.inputs_T
        if self.scaled_weights is not None:
            self.scaled_weights.update()
        if self.stage is not None and work.stage is not None:
            a = self.stage.forward(a, work.stage, read=read)
        for layer, buffers in zip(self.layers, work.hidden, strict=True):
            layer.forward(a, buffers, rngs)
            a = buffers.extended
        return a

    def within_limits(self, scores: FloatArray) -> FloatArray:
        """The scores of `forward`, or those of each inner member, (K·N, scores, batch), within the limits.

        Training does without: a score beyond the limits would have no gradient. A single network's scores may
        have any first axis.
        """
        if self.limits is None:
            return scores
        low, high = np.repeat(self.limits, len(scores) // len(self.limits), axis=0).T
        return limited(scores, low[:, None, None], high[:, None, None])


def stacked(networks: Sequence[Network]) -> Network:
    """The networks, each alone in its stack, as one stack."""
    limits = [network.limits for network in networks if network.limits is not None]
    return Network(
        networks[0].layout,
        np.concatenate([network.parameters for network in networks]),
        np.concatenate([network.statistics for network in networks]),
        {
            name: np.concatenate([network.hyperparameters[name] for network in networks])
            for name in LAYER_HYPERPARAMETERS
        },
        np.concatenate(limits) if limits else None,
        plain=np.flatnonzero([network.plain.size for network in networks]),
    )


def for_scoring(network: Network) -> Network:
    """A network, alone in its stack, whose training has ended: it is plain if its embeddings are always 0.

    A saved network does not tell whether it was trained as a plain one. Its bits must not depend on it.
    """
    stage = network.layout.stage
    if stage is None or stage.mixing is None or stage.mixing.view(network.parameters).any():
        plain = NO_NETWORKS
    else:
        plain = np.zeros(1, np.intp)
    return Network(
        network.layout,
        network.parameters,
        network.statistics,
        network.hyperparameters,
        network.limits,
        plain=plain,
    )


def inner_members(network: Network) -> list[Network]:
    """A network's inner members as networks without shared weights, each alone in its stack.

    A layer's weights are W ⊙ sⱼrⱼᵀ. A network with one inner member is returned itself. Raises ValueError if
    there are several networks in the stack.
    """
    if len(network.parameters) != 1:
        raise ValueError(f"{len(network.parameters)} networks cannot be divided into their inner members")
    shape = network.layout.shape
    if shape.inner_members == 1:
        return [network]
    layout = ParameterLayout(replace(shape, inner_members=1))
    networks = []
    for number in range(shape.inner_members):
        parameters = np.empty((1, layout.size), network.parameters.dtype)
        for shared, single in zip(network.layout.layers, layout.layers, strict=True):
            _copy(shared, single, network.parameters, parameters, number)
        if network.layout.stage is not None and layout.stage is not None:
            pairs = zip(network.layout.stage.segments, layout.stage.segments, strict=True)
            for shared_segment, segment in pairs:
                segment.view(parameters)[...] = shared_segment.view(network.parameters)
        networks.append(
            Network(layout, parameters, network.statistics, network.hyperparameters, network.limits)
        )
    return networks


def _copy(
    shared: LayerSegments, single: LayerSegments, source: FloatArray, to: FloatArray, number: int
) -> None:
    """Fill the arrays of a layer of the inner member with this number."""
    if shared.factors is None:
        single.weights.view(to)[0] = shared.weights.view(source)[0, number]
        return
    r = shared.factors.inputs.view(source)[0, :, number]
    s = shared.factors.outputs.view(source)[0, :, number]
    single.weights_alone(to)[0] = shared.weights.view(source)[0] * np.outer(s, r)
    if shared.factors.biases is not None:
        single.weights.view(to)[0, :, -1] = shared.factors.biases.view(source)[0, :, number]
    for name in ("gains", "shifts", "slopes"):
        segment, shared_segment = getattr(single, name), getattr(shared, name)
        if segment is not None:
            segment.view(to)[...] = shared_segment.view(source)

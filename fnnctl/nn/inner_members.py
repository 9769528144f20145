"""Inner members as networks of their own, whose weights are the shared ones times their factors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import Network
from fnnctl.nn.parameters import LayerSegments, ParameterLayout


def inner_members(network: Network) -> list[Network]:
    """A network's inner members, each alone in its stack; the network itself if it has only one.

    A layer's weights are W ⊙ sⱼrⱼᵀ. Raises ValueError if the network is not alone in its stack, too.
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

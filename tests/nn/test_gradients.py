"""Central differences against back-propagation, in float64, for every activation and for the whole risk."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.activations import ACTIVATIONS
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.nn.workspace import Workspace

KINKS = {
    "relu": [0.0],
    "leaky_relu": [0.0],
    "prelu": [0.0],
    "elu": [0.0],
    "selu": [0.0],
    "hard_tanh": [-1.0, 1.0],
}
KINKS["hard_logistic"] = [-2.0, 2.0]
NUMBERS = {"leaky_relu": 0.1, "prelu": 0.3, "elu": 0.7, "swish": 1.3}
FLOAT64 = np.dtype(np.float64)


def network_of(
    shape: NetworkShape, rng: np.random.Generator, members: int, batch: int
) -> tuple[Network, Workspace]:
    layout = ParameterLayout(shape)
    parameters = rng.normal(0.0, 0.7, (members, layout.size))
    numbers = np.array([[NUMBERS.get(layer.activation, 0.0) for layer in shape.hidden]] * members)
    network = Network(layout, parameters, numbers.reshape(members, -1))
    work = Workspace(layout, members, batch, FLOAT64, training=True)
    work.inputs[...] = rng.normal(size=work.inputs.shape)
    work.inputs[..., -1] = 1.0
    work.labels[...] = rng.integers(0, shape.classes, work.labels.shape)
    return network, work


def risk(network: Network, work: Workspace, l2: FloatArray) -> FloatArray:
    """(1/N) Σ loss + ½λ‖W‖², from the definition."""
    scores = network.forward(work)
    total = np.log(np.exp(scores).sum(axis=1))
    picked = np.take_along_axis(scores, work.labels[:, None, :], axis=1)[:, 0]
    norm = sum((W[..., :-1] ** 2).sum(axis=(1, 2)) for W in network.W)
    mean: FloatArray = (total - picked).mean(axis=1) + 0.5 * l2[:, 0] * norm
    return mean


def distance_to_kinks(network: Network, work: Workspace) -> float:
    """How near any pre-activation comes to a kink of its activation."""
    nearest = np.inf
    a = work.inputs.transpose(0, 2, 1)
    for index, layer in enumerate(network.layout.shape.hidden):
        z = np.matmul(network.W[index], a)
        for kink in KINKS.get(layer.activation, []):
            nearest = min(nearest, float(np.abs(z - kink).min()))
        network.forward(work)
        a = work.hidden[index].extended
    return nearest


def assert_gradient_agrees(network: Network, work: Workspace, l2: FloatArray) -> None:
    analytic = BackPropagation(network, l2[:, 0]).risk_gradient(work)
    numeric = np.empty_like(analytic)
    step = 1e-5
    for index in range(network.layout.size):
        kept = network.parameters[:, index].copy()
        network.parameters[:, index] = kept + step
        above = risk(network, work, l2)
        network.parameters[:, index] = kept - step
        below = risk(network, work, l2)
        network.parameters[:, index] = kept
        numeric[:, index] = (above - below) / (2 * step)
    scale = np.abs(numeric).max(axis=1, keepdims=True)
    assert np.abs(analytic - numeric).max() / scale.min() < 1e-8
    relative = np.abs(analytic - numeric) / np.maximum(np.abs(numeric), 1e-4 * scale)
    assert relative.max() < 1e-6


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_with_penalty(activation: str, shared: bool) -> None:
    shape = NetworkShape(3, (HiddenShape(5, activation, shared), HiddenShape(4, activation, shared)), 3)
    for seed in range(100):
        network, work = network_of(shape, np.random.default_rng(seed), members=2, batch=6)
        if distance_to_kinks(network, work) > 1e-3:
            break
    else:
        pytest.fail("no draw keeps away from the kinks")
    assert_gradient_agrees(network, work, l2=np.array([[0.0], [0.37]]))


def test_softmax_regression() -> None:
    network, work = network_of(NetworkShape(4, (), 3), np.random.default_rng(0), members=3, batch=5)
    assert_gradient_agrees(network, work, l2=np.array([[0.0], [0.1], [2.0]]))


def test_mixed_activations_a_layer() -> None:
    layers = tuple(HiddenShape(3, name) for name in ("tanh", "softplus", "prelu", "logistic"))
    for seed in range(100):
        network, work = network_of(NetworkShape(2, layers, 4), np.random.default_rng(seed), 2, 7)
        if distance_to_kinks(network, work) > 1e-3:
            break
    assert_gradient_agrees(network, work, l2=np.array([[0.01], [0.02]]))


def test_biases_and_slopes_are_not_penalised() -> None:
    shape = NetworkShape(2, (HiddenShape(3, "prelu"),), 2)
    network, work = network_of(shape, np.random.default_rng(1), members=1, batch=4)
    without, penalised = (BackPropagation(network, np.array([l2])).risk_gradient(work) for l2 in (0.0, 1.0))
    difference = penalised - without
    for W, block in zip(network.W, network.layout.weights, strict=True):
        part = block.view(difference)
        np.testing.assert_allclose(part[..., :-1], W[..., :-1], rtol=1e-12)
        np.testing.assert_array_equal(part[..., -1], 0.0)
    slopes = network.layout.slopes[0]
    assert slopes is not None
    np.testing.assert_array_equal(slopes.view(difference), 0.0)

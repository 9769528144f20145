"""Inner members against explicit networks whose weights are products of the shared ones and their factors."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.penalties import Penalty
from fnnctl.nn.parameters import LayerSegments, ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace
from tests.nn.gradients import FLOAT64, Case, draw_targets

INNER = 2
HIDDEN = (
    HiddenShape(5, "tanh", residual=True),
    HiddenShape(4, "swish"),
    HiddenShape(4, "gelu", residual=True),
)
SHAPE = NetworkShape(5, HIDDEN, OutputShape(3), inner_members=INNER)


def case_of(shape: NetworkShape) -> Case:
    return Case(shape, seed=3, members=1, batch=7, l2=np.zeros(1))


def factors_of(layer: LayerSegments, flat: FloatArray) -> list[FloatArray]:
    """r, s and b of a layer of a single network."""
    assert layer.factors is not None
    assert layer.factors.biases is not None
    return [
        each.view(flat)[0] for each in (layer.factors.inputs, layer.factors.outputs, layer.factors.biases)
    ]


def explicit_networks(case: Case) -> tuple[Network, Workspace]:
    """The inner members as a stack of networks with weights of their own: W ⊙ s rᵀ and b."""
    inner = case.layout.shape.inner_members
    layout = ParameterLayout(replace(case.layout.shape, inner_members=1))
    parameters = np.zeros((inner, layout.size))
    for shared, plain in zip(case.layout.layers, layout.layers, strict=True):
        rows, weights = plain.weights.view(parameters), shared.weights.view(case.network.parameters)[0]
        for j in range(inner):
            if shared.factors is None:
                rows[j] = weights[j]
                continue
            r, s, b = (each[:, j] for each in factors_of(shared, case.network.parameters))
            rows[j, :, :-1], rows[j, :, -1] = weights * np.outer(s, r), b
    hyperparameters = {name: np.tile(own, (inner, 1)) for name, own in case.network.hyperparameters.items()}
    work = Workspace(layout.shape, inner, case.batch, FLOAT64, training=True)
    work.inputs[...] = case.work.inputs
    work.targets.y[...] = case.work.targets.y
    work.set_targets()
    return Network(layout, parameters, np.empty((inner, 0)), hyperparameters), work


@pytest.mark.parametrize(("output", "classes"), [("softmax", 3), ("logistic", 2), ("squared", 1)])
def test_each_inner_member_is_a_network(output: str, classes: int) -> None:
    case = case_of(replace(SHAPE, output=OutputShape(classes, output)))
    plain, work = explicit_networks(case)
    expected = plain.forward(work)
    case.network.forward(case.work)
    np.testing.assert_allclose(case.work.member_scores(), expected, rtol=1e-12)
    assert np.abs(expected[0] - expected[1]).max() > 0.1


def test_the_gradient_is_that_of_the_mean_of_the_members_losses() -> None:
    """∂L/∂W = ½ Σⱼ sⱼrⱼᵀ ⊙ ∂Lⱼ/∂Wⱼ, and what is a member's own has half the gradient that it has alone."""
    case = case_of(SHAPE)
    plain, work = explicit_networks(case)
    expected = BackPropagation(
        plain, Penalty(plain.layout.weight_mask(FLOAT64), l2=np.zeros(INNER), l1=None)
    ).risk_gradient(work)
    found = case.gradient()
    for shared, own in zip(case.layout.layers, plain.layout.layers, strict=True):
        of_networks, weights = own.weights.view(expected), shared.weights.view(found)[0]
        if shared.factors is None:
            np.testing.assert_allclose(weights, of_networks / 2, rtol=1e-10)
            continue
        W = shared.weights.view(case.network.parameters)[0]
        r, s, _ = factors_of(shared, case.network.parameters)
        dW = of_networks[..., :-1]
        np.testing.assert_allclose(weights, np.einsum("rj,cj,jrc->rc", s, r, dW) / 2, rtol=1e-10)
        of_r, of_s, of_b = factors_of(shared, found)
        np.testing.assert_allclose(of_r, np.einsum("rc,rj,jrc->cj", W, s, dW) / 2, rtol=1e-10)
        np.testing.assert_allclose(of_s, np.einsum("rc,cj,jrc->rj", W, r, dW) / 2, rtol=1e-10)
        np.testing.assert_allclose(of_b, of_networks[..., -1].T / 2, rtol=1e-10)
    np.testing.assert_allclose(
        case.work.loss.totals()[:, 0] / INNER, work.loss.totals().mean(axis=1), rtol=1e-12
    )


@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_members_with_factors_of_1_are_the_plain_network(
    normalization: Literal["batch", "layer"] | None,
) -> None:
    """They have the same output layers; the gradient of W is the plain one, others add up to it."""
    layer = HiddenShape(6, "tanh", normalization=normalization)
    shape = NetworkShape(4, (layer, layer), OutputShape(3), inner_members=3)
    plain = case_of(replace(shape, inner_members=1))
    shared = case_of(shape)
    parameters = shared.network.parameters
    for own, of_plain in zip(shared.layout.layers, plain.layout.layers, strict=True):
        rows = of_plain.weights.view(plain.network.parameters)
        if own.factors is None:
            own.weights.view(parameters)[...] = rows
            continue
        own.weights.view(parameters)[...] = of_plain.weights_alone(plain.network.parameters)
        own.factors.inputs.view(parameters)[...] = own.factors.outputs.view(parameters)[...] = 1.0
        if own.factors.biases is not None:
            own.factors.biases.view(parameters)[...] = rows[..., -1:]
        for name in ("gains", "shifts"):
            if (segment := getattr(own, name)) is not None:
                segment.view(parameters)[...] = getattr(of_plain, name).view(plain.network.parameters)
    copy_batch(plain, shared)
    expected, found = plain.gradient(), shared.gradient()
    for own, of_plain in zip(shared.layout.layers, plain.layout.layers, strict=True):
        wanted, W = of_plain.weights.view(expected), own.weights.view(found)
        if own.factors is None:
            assert_close(W.sum(axis=1), wanted)
            continue
        assert_close(W, of_plain.weights_alone(expected))
        if own.factors.biases is not None:
            assert_close(own.factors.biases.view(found).sum(axis=2), wanted[..., -1])
    scores = plain.network.forward(plain.work).copy()
    shared.network.forward(shared.work)
    assert_close(shared.work.member_scores(), np.repeat(scores, 3, axis=0))


def copy_batch(source: Case, to: Case) -> None:
    """Give a case the inputs, targets and hyperparameters of another one."""
    shape, network = source.layout.shape, to.network
    to.network = Network(to.layout, network.parameters, network.statistics, source.network.hyperparameters)
    targets = draw_targets(shape, np.random.default_rng(8), source.work.targets.y.shape)
    to.work.inputs[...] = source.work.inputs
    for case in (source, to):
        case.work.targets.y[...] = targets
        case.work.set_targets()


def assert_close(found: FloatArray, expected: FloatArray, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-12)

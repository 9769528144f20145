from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.penalties import Penalty
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace
from tests.nn.gradients import FLOAT64, Case
from tests.nn.stages import INPUTS, PIECEWISE

NUMERIC = replace(PIECEWISE, own_edges=True, code="both")
HIDDEN = (HiddenShape(5, "tanh"), HiddenShape(4, "tanh"))
SHAPE = NetworkShape(INPUTS, HIDDEN, OutputShape(3), stage=InputStageShape(NUMERIC, scaled=True))


@pytest.mark.parametrize(
    ("shape", "scales_weights"),
    [
        (SHAPE, True),
        (replace(SHAPE, stage=InputStageShape(NUMERIC)), False),
        (replace(SHAPE, stage=InputStageShape(PIECEWISE, scaled=True)), False),
        (replace(SHAPE, stage=InputStageShape(scaled=True)), False),
        (replace(SHAPE, hidden=()), False),
        (replace(SHAPE, hidden=(HiddenShape(11, "tanh", residual=True),)), False),
        (replace(SHAPE, inner_members=2), False),
    ],
)
def test_weights_are_scaled_if_edges_are_own(shape: NetworkShape, scales_weights: bool) -> None:
    assert shape.scales_weights == scales_weights
    scaled = shape.stage is not None and shape.stage.scaled
    assert shape.scales_inputs == (scaled and not scales_weights)


def product_and_gradient(
    case: Case, plain: list[int], members: slice = slice(None)
) -> tuple[FloatArray, FloatArray]:
    """The scores of some of the networks, and the gradient of their risk."""
    network = case.network
    own = Network(
        case.layout,
        network.parameters[members].copy(),
        network.statistics[members],
        {name: values[members] for name, values in network.hyperparameters.items()},
        plain=np.array(plain, np.intp),
    )
    count = len(own.parameters)
    work = Workspace(case.layout.shape, count, case.batch, FLOAT64, training=True)
    work.inputs[...] = case.work.inputs[members]
    work.targets.y[...] = case.work.targets.y[members]
    work.set_targets()
    penalty = Penalty(case.layout.weight_mask(FLOAT64), l2=np.zeros(count), l1=None)
    scores = own.forward(work).copy()
    return scores, BackPropagation(own, penalty).risk_gradient(work)


@pytest.mark.parametrize("plain", [[], [1, 3]])
def test_scaled_weights_are_weights_of_scaled_inputs(
    plain: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores and gradients are those of networks that scale their inputs, but for rounding."""
    case = Case(SHAPE, seed=2, members=4, batch=6)
    stage = case.layout.stage
    assert stage is not None
    assert stage.mixing is not None
    stage.mixing.view(case.network.parameters)[plain] = 0.0
    scaled = product_and_gradient(case, plain)
    monkeypatch.setattr(NetworkShape, "scales_weights", False)
    for array, expected in zip(scaled, product_and_gradient(case, plain), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("k", [0, 3])
def test_a_network_has_the_bits_that_it_has_alone(k: int) -> None:
    case = Case(SHAPE, seed=5, members=4, batch=6)
    together, alone = product_and_gradient(case, []), product_and_gradient(case, [], slice(k, k + 1))
    assert [array[k].tobytes() for array in together] == [array[0].tobytes() for array in alone]

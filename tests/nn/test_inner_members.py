from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network, inner_members
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace
from tests.nn.gradients import FLOAT64, draw_stage_features
from tests.nn.stages import INPUTS, STAGES

BATCH = (HiddenShape(5, "prelu", normalization="batch"), HiddenShape(4, "mish"))
LAYERS = {
    "plain": (HiddenShape(5, "tanh"), HiddenShape(5, "selu", residual=True)),
    "batch": BATCH,
    "layer": (
        HiddenShape(5, "prelu", shared=True, normalization="layer"),
        HiddenShape(4, "elu", dropout=True),
    ),
    "maxout": (HiddenShape(7, "maxout", pieces=3, residual=True),),
    "none": (),
}


def network_of(shape: NetworkShape, members: int = 1) -> Network:
    """Networks with random parameters."""
    layout, rng = ParameterLayout(shape), np.random.default_rng(0)
    statistics = layout.initial_statistics(members, FLOAT64)
    statistics += rng.uniform(0.1, 1.0, statistics.shape)
    hyperparameters = {key: np.full((members, len(shape.hidden)), 0.1) for key in LAYER_HYPERPARAMETERS}
    return Network(layout, rng.normal(size=(members, layout.size)), statistics, hyperparameters)


@pytest.mark.parametrize(
    "shape",
    [
        *(NetworkShape(INPUTS, hidden, OutputShape(3)) for hidden in LAYERS.values()),
        *(
            NetworkShape(INPUTS, hidden, OutputShape(3), stage=stage)
            for stage in STAGES
            for hidden in ((), BATCH)
        ),
    ],
    ids=repr,
)
def test_inner_members_score_as_in_their_network(shape: NetworkShape) -> None:
    shape, rng = replace(shape, inner_members=3), np.random.default_rng(1)
    network, work = network_of(shape), Workspace(shape, 1, 9, FLOAT64, training=False)
    work.inputs[...] = rng.normal(size=work.inputs.shape)
    work.inputs[..., -1] = 1.0
    draw_stage_features(shape, work.inputs, rng)
    network.forward(work)
    expected = work.member_scores()
    assert np.abs(np.diff(expected, axis=0)).min() > 0.0
    for own, scores in zip(inner_members(network), expected, strict=True):
        assert own.layout.shape == replace(shape, inner_members=1)
        alone = Workspace(own.layout.shape, 1, 9, FLOAT64, training=False, inputs=work.inputs)
        np.testing.assert_allclose(own.forward(alone)[0], scores, rtol=1e-10)


def test_a_network_without_inner_members_is_itself() -> None:
    network = network_of(NetworkShape(2, (), OutputShape(2)))
    assert inner_members(network) == [network]


@pytest.mark.parametrize("inner", [1, 2])
def test_a_stack_of_several_networks_is_refused(inner: int) -> None:
    network = network_of(NetworkShape(2, (), OutputShape(2), inner_members=inner), members=2)
    with pytest.raises(ValueError, match="2 networks cannot be divided into their inner members"):
        inner_members(network)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network, inner_members
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace
from tests.nn.gradients import FLOAT64, draw_stage_features
from tests.nn.stages import INPUTS, STAGES

LAYERS = {
    "plain": (HiddenShape(5, "tanh"), HiddenShape(5, "selu", residual=True)),
    "batch": (HiddenShape(5, "prelu", normalization="batch"), HiddenShape(4, "mish")),
    "layer": (
        HiddenShape(5, "prelu", shared=True, normalization="layer"),
        HiddenShape(4, "elu", dropout=True),
    ),
    "maxout": (HiddenShape(4, "maxout", pieces=3, residual=True),),
    "none": (),
}


def assert_scores_agree(shape: NetworkShape) -> None:
    """Those of a network and those of its inner members, for random parameters."""
    layout, rng = ParameterLayout(shape), np.random.default_rng(0)
    statistics = layout.initial_statistics(1, FLOAT64)
    statistics += rng.uniform(0.1, 1.0, statistics.shape)
    hyperparameters = {key: np.full((1, len(shape.hidden)), 0.1) for key in LAYER_HYPERPARAMETERS}
    network = Network(layout, rng.normal(size=(1, layout.size)), statistics, hyperparameters)
    work = Workspace(shape, 1, 9, FLOAT64, training=False)
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


@pytest.mark.parametrize("name", LAYERS)
def test_inner_members_score_as_in_their_network(name: str) -> None:
    assert_scores_agree(NetworkShape(4, LAYERS[name], OutputShape(3), inner_members=3))


@pytest.mark.parametrize("hidden", [(), (HiddenShape(5, "prelu", normalization="batch"),)])
@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_inner_members_have_the_input_stage_of_their_network(
    stage: InputStageShape, hidden: tuple[HiddenShape, ...]
) -> None:
    assert_scores_agree(NetworkShape(INPUTS, hidden, OutputShape(3), inner_members=3, stage=stage))


def test_a_network_without_inner_members_is_itself() -> None:
    layout = ParameterLayout(NetworkShape(2, (), OutputShape(2)))
    nothing = {key: np.empty((1, 0)) for key in LAYER_HYPERPARAMETERS}
    network = Network(layout, np.zeros((1, layout.size)), np.empty((1, 0)), nothing)
    assert inner_members(network) == [network]


@pytest.mark.parametrize("inner", [1, 2])
def test_a_stack_of_several_networks_is_refused(inner: int) -> None:
    layout = ParameterLayout(NetworkShape(2, (), OutputShape(2), inner_members=inner))
    nothing = {key: np.empty((2, 0)) for key in LAYER_HYPERPARAMETERS}
    network = Network(layout, np.zeros((2, layout.size)), np.empty((2, 0)), nothing)
    with pytest.raises(ValueError, match="2 networks cannot be divided into their inner members"):
        inner_members(network)

"""Central differences against back-propagation for inner members that share weights, in float64."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.losses.cross_entropy import CROSS_ENTROPIES
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from tests.nn.gradients import Case, case_away_from_kinks, outputs_for, pieces_of
from tests.nn.stages import INPUTS, STAGES
from tests.nn.test_gradients import TECHNIQUES, cases


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_with_penalty(activation: str) -> None:
    layers = tuple(HiddenShape(units, activation, pieces=pieces_of(activation)) for units in (4, 3))
    case_away_from_kinks(NetworkShape(3, layers, OutputShape(3), inner_members=2)).assert_gradient_agrees()


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("activation", ["tanh", "maxout"])
def test_normalization(normalization: Literal["batch", "layer"], activation: str) -> None:
    layers = tuple(
        HiddenShape(units, activation, pieces=pieces_of(activation), normalization=normalization)
        for units in (4, 3)
    )
    case_away_from_kinks(NetworkShape(3, layers, OutputShape(3), inner_members=3)).assert_gradient_agrees()


def test_dropout_and_residual_connections() -> None:
    """The first layer's connection passes the network's inputs to every inner member."""
    layers = (
        HiddenShape(4, "tanh", residual=True, dropout=True),
        HiddenShape(4, "softplus", residual=True, dropout=True),
        HiddenShape(4, "maxout", pieces=2, residual=True, normalization="batch"),
    )
    case_away_from_kinks(NetworkShape(4, layers, OutputShape(3), inner_members=3)).assert_gradient_agrees()


@pytest.mark.parametrize(
    ("output", "technique"),
    [
        (output, technique)
        for output in sorted(LOSSES)
        for technique in (*TECHNIQUES, None)
        if technique != "label_smoothing" or output in CROSS_ENTROPIES
    ],
)
def test_techniques(technique: str | None, output: str) -> None:
    shape = NetworkShape(
        3,
        (HiddenShape(5, "tanh"),),
        OutputShape(outputs_for(output, 4), output, loss_parameter=0.7),
        inner_members=3,
    )
    case_away_from_kinks(shape, [technique] if technique else []).assert_gradient_agrees()


@pytest.mark.parametrize("output", sorted(CROSS_ENTROPIES))
def test_no_hidden_layer(output: str) -> None:
    Case(
        NetworkShape(4, (), OutputShape(2, output), inner_members=3), seed=0, members=2, batch=5
    ).assert_gradient_agrees()


def staged(stage: InputStageShape, *hidden: HiddenShape) -> NetworkShape:
    return NetworkShape(INPUTS, hidden, OutputShape(3), inner_members=3, stage=stage)


@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_an_input_stage_below_the_output_layers(stage: InputStageShape) -> None:
    case_away_from_kinks(staged(stage)).assert_gradient_agrees()


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_an_input_stage_below_a_hidden_layer(
    stage: InputStageShape, normalization: Literal["batch", "layer"] | None
) -> None:
    layers = HiddenShape(5, "tanh", normalization=normalization), HiddenShape(4, "relu")
    case_away_from_kinks(staged(stage, *layers)).assert_gradient_agrees()


@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_a_residual_connection_passes_gradients_to_the_input_stage(stage: InputStageShape) -> None:
    """From each member, beside those of the first layer's weights."""
    units = stage.outputs(INPUTS)
    layers = (
        HiddenShape(units, "tanh", residual=True, dropout=True),
        HiddenShape(units, "mish", residual=True),
    )
    case_away_from_kinks(staged(stage, *layers)).assert_gradient_agrees()


@given(cases(), st.integers(2, 3))
def test_random_combinations(plain: Case, inner: int) -> None:
    shape = replace(plain.layout.shape, inner_members=inner)
    case = Case(shape, seed=plain.seed, members=2, batch=plain.batch, techniques=plain.techniques)
    assume(case.distance_to_kinks() > 1e-3)
    case.assert_gradient_agrees()

"""Central differences against back-propagation, in float64, for every part and for random combinations."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.losses.cross_entropy import CROSS_ENTROPIES
from fnnctl.nn.losses.real_values import REAL_VALUE_LOSSES
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from tests.nn.gradients import Case, case_away_from_kinks, outputs_for, pieces_of
from tests.nn.stages import INPUTS, STAGES, input_stages

TECHNIQUES = ("weighted", "label_smoothing", "mixup", "l1")


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_with_penalty(activation: str, shared: bool) -> None:
    layers = tuple(
        HiddenShape(units, activation, shared=shared, pieces=pieces_of(activation)) for units in (5, 4)
    )
    case_away_from_kinks(NetworkShape(3, layers, OutputShape(3))).assert_gradient_agrees()


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "prelu", "maxout"])
def test_normalization(normalization: Literal["batch", "layer"], activation: str) -> None:
    layers = tuple(
        HiddenShape(units, activation, pieces=pieces_of(activation), normalization=normalization)
        for units in (5, 4)
    )
    case_away_from_kinks(NetworkShape(3, layers, OutputShape(3))).assert_gradient_agrees()


@pytest.mark.parametrize("activation", ["selu", "relu", "prelu", "maxout"])
def test_dropout(activation: str) -> None:
    layers = tuple(
        HiddenShape(units, activation, pieces=pieces_of(activation), dropout=True) for units in (6, 5)
    )
    case_away_from_kinks(NetworkShape(3, layers, OutputShape(3))).assert_gradient_agrees()


@pytest.mark.parametrize("activation", ["selu", "relu"])
def test_without_draws_dropout_layers_are_as_if_they_dropped_nothing(activation: str) -> None:
    """Even after a pass that dropped activations."""
    layers = tuple(HiddenShape(units, activation, dropout=True) for units in (6, 5))
    plain = tuple(HiddenShape(units, activation) for units in (6, 5))
    case, other = (
        Case(NetworkShape(3, hidden, OutputShape(3)), seed=0, members=2, batch=6)
        for hidden in (layers, plain)
    )
    dropped = case.gradient().copy()
    kept = BackPropagation(case.network, case.penalty).risk_gradient(case.work)
    np.testing.assert_array_equal(case.network.parameters, other.network.parameters)
    np.testing.assert_allclose(kept, other.gradient(), rtol=1e-12, atol=1e-15)
    assert np.abs(kept - dropped).max() > 1e-3


def test_residual() -> None:
    layers = (
        HiddenShape(4, "tanh"),
        HiddenShape(4, "softplus", residual=True, dropout=True),
        HiddenShape(4, "maxout", pieces=2, residual=True, normalization="batch"),
    )
    case_away_from_kinks(NetworkShape(3, layers, OutputShape(3))).assert_gradient_agrees()


@pytest.mark.parametrize("technique", TECHNIQUES)
@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("output", sorted(CROSS_ENTROPIES))
def test_techniques(technique: str, output: str, positive: int) -> None:
    shape = NetworkShape(3, (HiddenShape(5, "tanh"),), OutputShape(outputs_for(output, 4), output, positive))
    case_away_from_kinks(shape, [technique]).assert_gradient_agrees()


@pytest.mark.parametrize("output", sorted(REAL_VALUE_LOSSES))
@pytest.mark.parametrize("technique", ["weighted", "mixup", "l1", None])
def test_real_values(technique: str | None, output: str) -> None:
    shape = NetworkShape(3, (HiddenShape(5, "tanh"),), OutputShape(1, output, loss_parameter=0.7))
    case_away_from_kinks(shape, [technique] if technique else []).assert_gradient_agrees()


@pytest.mark.parametrize("output", sorted(CROSS_ENTROPIES))
def test_no_hidden_layer(output: str) -> None:
    Case(NetworkShape(4, (), OutputShape(2, output)), seed=0, members=3, batch=5).assert_gradient_agrees()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    output = draw(st.sampled_from(["softmax", *sorted(LOSSES)]))
    is_real = output in REAL_VALUE_LOSSES
    classes = outputs_for(output, draw(st.integers(2, 4)))
    inputs = draw(st.integers(1, 4))
    stage = draw(input_stages(inputs, classes))
    hidden: list[HiddenShape] = []
    for _ in range(draw(st.integers(0, 4))):
        before = hidden[-1].units if hidden else stage.outputs(inputs) if stage else inputs
        residual = draw(st.booleans())
        activation = draw(st.sampled_from(sorted(ACTIVATIONS)))
        layer: dict[str, Any] = {
            "units": before if residual else draw(st.integers(1, 5)),
            "activation": activation,
            "shared": draw(st.booleans()),
            "pieces": draw(st.integers(2, 3)) if ACTIVATIONS[activation].has_pieces else 1,
            "normalization": draw(st.sampled_from([None, None, "batch", "layer"])),
            "dropout": draw(st.booleans()),
            "residual": residual,
        }
        hidden.append(HiddenShape(**layer))
    shape = NetworkShape(
        inputs, tuple(hidden), OutputShape(classes, output, draw(st.integers(0, 1))), stage=stage
    )
    techniques = [name for name in TECHNIQUES if draw(st.booleans())]
    if is_real:
        techniques = [name for name in techniques if name != "label_smoothing"]
    return Case(
        shape,
        seed=draw(st.integers(0, 2**32)),
        members=2,
        batch=draw(st.integers(4, 8)),
        techniques=techniques,
    )


@given(cases())
def test_random_combinations(case: Case) -> None:
    assume(case.distance_to_kinks() > 1e-3)
    case.assert_gradient_agrees()


@pytest.mark.parametrize("hidden", [(), (HiddenShape(5, "tanh", normalization="layer"),)])
@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_input_stage(stage: InputStageShape, hidden: tuple[HiddenShape, ...]) -> None:
    case_away_from_kinks(NetworkShape(INPUTS, hidden, OutputShape(3), stage=stage)).assert_gradient_agrees()


def test_biases_gains_and_slopes_are_not_penalised() -> None:
    shape = NetworkShape(
        2, (HiddenShape(3, "prelu"), HiddenShape(3, "tanh", normalization="layer")), OutputShape(2)
    )
    with_, without = (
        Case(shape, seed=1, members=1, batch=4, l2=np.array([l2])).gradient() for l2 in (1.0, 0.0)
    )
    case = Case(shape, seed=1, members=1, batch=4, l2=np.zeros(1))
    mask = case.layout.weight_mask(np.dtype(np.float64))
    np.testing.assert_allclose(with_ - without, case.network.parameters * mask, rtol=1e-9, atol=1e-12)

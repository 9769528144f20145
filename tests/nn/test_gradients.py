"""Central differences against back-propagation, in float64, for every part and for random combinations.

Also with inner members, which share weights. `tests/contracts` has each activation and each loss alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.nn.backpropagation import BackPropagation
from fnnctl.nn.losses.cross_entropy import CROSS_ENTROPIES
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape, OutputShape
from tests.nn.gradients import Case, case_away_from_kinks, output_of, outputs_for, pieces_of
from tests.nn.stages import INPUTS, STAGES, hidden_layers, input_stages

TECHNIQUES = ("weighted", "label_smoothing", "mixup", "l1")


def two_layers(activation: str, **parts: Any) -> tuple[HiddenShape, ...]:
    return tuple(HiddenShape(units, activation, pieces=pieces_of(activation), **parts) for units in (5, 4))


HIDDEN = {
    "no layer": (),
    "slopes": two_layers("prelu"),
    "shared slopes": two_layers("prelu", shared=True),
    "pieces": two_layers("maxout"),
    "batch normalization": two_layers("tanh", normalization="batch"),
    "batch normalization of pieces": two_layers("maxout", normalization="batch"),
    "layer normalization and slopes": two_layers("prelu", normalization="layer"),
    "layer normalization of pieces": two_layers("maxout", normalization="layer"),
    "dropout": two_layers("relu", dropout=True),
    "dropout of pieces": two_layers("maxout", dropout=True),
    "alpha dropout": two_layers("selu", dropout=True),
    "residual": (
        HiddenShape(4, "tanh", residual=True, dropout=True),
        HiddenShape(4, "softplus", residual=True, dropout=True),
        HiddenShape(4, "maxout", pieces=2, residual=True, normalization="batch"),
    ),
}


@pytest.mark.parametrize("inner", [1, 3])
@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_layers(name: str, inner: int) -> None:
    shape = NetworkShape(4, HIDDEN[name], OutputShape(3), inner_members=inner)
    case_away_from_kinks(shape).assert_gradient_agrees()


def techniques_for(output: str) -> list[str]:
    return [name for name in TECHNIQUES if name != "label_smoothing" or output in CROSS_ENTROPIES]


def shape_with(output: str, inner: int) -> NetworkShape:
    return NetworkShape(3, (HiddenShape(5, "tanh"),), output_of(output, 4, positive=0), inner_members=inner)


@pytest.mark.parametrize(
    ("output", "technique"), [(output, name) for output in sorted(LOSSES) for name in techniques_for(output)]
)
def test_techniques_of_inner_members(output: str, technique: str) -> None:
    case_away_from_kinks(shape_with(output, inner=3), [technique]).assert_gradient_agrees()


@pytest.mark.parametrize("output", sorted(LOSSES))
def test_all_techniques_together(output: str) -> None:
    case_away_from_kinks(shape_with(output, inner=1), techniques_for(output)).assert_gradient_agrees()


@pytest.mark.parametrize(
    ("inner", "hidden"),
    [
        (1, ()),
        (1, (HiddenShape(5, "tanh", normalization="layer"),)),
        (3, ()),
        (3, (HiddenShape(5, "tanh", normalization="batch"), HiddenShape(4, "relu"))),
    ],
)
@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_input_stage(stage: InputStageShape, inner: int, hidden: tuple[HiddenShape, ...]) -> None:
    shape = NetworkShape(INPUTS, hidden, OutputShape(3), inner_members=inner, stage=stage)
    case_away_from_kinks(shape).assert_gradient_agrees()


@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_a_residual_connection_passes_gradients_to_the_input_stage(stage: InputStageShape) -> None:
    """From each inner member, beside those of the first layer's weights."""
    hidden = (HiddenShape(stage.outputs(INPUTS), "tanh", residual=True, dropout=True),)
    shape = NetworkShape(INPUTS, hidden, OutputShape(3), inner_members=3, stage=stage)
    case_away_from_kinks(shape).assert_gradient_agrees()


@st.composite
def cases(draw: st.DrawFn, inner: int) -> Case:
    output = draw(st.sampled_from(["softmax", *sorted(LOSSES)]))
    classes = outputs_for(output, draw(st.integers(2, 4)))
    inputs = draw(st.integers(1, 4))
    stage = draw(input_stages(inputs, classes))
    first = stage.outputs(inputs) if stage else inputs
    hidden = draw(hidden_layers(first, widest=5, most=4))
    last = output_of(output, classes, positive=draw(st.integers(0, 1)))
    return Case(
        NetworkShape(inputs, hidden, last, inner_members=inner, stage=stage),
        seed=draw(st.integers(0, 2**32)),
        members=2,
        batch=draw(st.integers(4, 8)),
        techniques=[name for name in techniques_for(output) if draw(st.booleans())],
    )


@pytest.mark.parametrize("inner", [1, 2, 3])
@given(data=st.data())
def test_random_combinations(data: st.DataObject, inner: int) -> None:
    case = data.draw(cases(inner))
    assume(case.differences[1])
    case.assert_gradient_agrees()


@pytest.mark.parametrize("activation", ["selu", "relu"])
def test_without_draws_dropout_layers_are_as_if_they_dropped_nothing(activation: str) -> None:
    """Even after a pass that dropped activations."""
    dropping, plain = (
        Case(
            NetworkShape(3, two_layers(activation, dropout=dropout), OutputShape(3)),
            seed=0,
            members=2,
            batch=6,
        )
        for dropout in (True, False)
    )
    dropped = dropping.gradient().copy()
    kept = BackPropagation(dropping.network, dropping.penalty).risk_gradient(dropping.work)
    np.testing.assert_array_equal(dropping.network.parameters, plain.network.parameters)
    np.testing.assert_allclose(kept, plain.gradient(), rtol=1e-12, atol=1e-15)
    assert np.abs(kept - dropped).max() > 1e-3

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.shape import HiddenShape, InputStageShape, NetworkShape
from tests.nn.gradients import Case
from tests.nn.stages import INPUTS, PIECEWISE, STAGES

HIDDEN = (HiddenShape(5, "tanh"),)


def case_of(stage: InputStageShape | None) -> Case:
    return Case(NetworkShape(INPUTS, HIDDEN, 3, stage=stage), seed=3, members=2, batch=6)


@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_the_first_layer_reads_the_stage_with_ones_below(stage: InputStageShape) -> None:
    case = case_of(stage)
    case.network.forward(case.work)
    assert case.work.stage is not None
    extended = case.work.stage.extended
    assert extended.shape == (2, case.layout.shape.first_inputs + 1, 6)
    np.testing.assert_array_equal(extended[:, -1], 1.0)
    z = case.network.layers[0].W @ extended
    np.testing.assert_allclose(case.work.hidden[0].a, np.tanh(z), rtol=1e-12)


def test_embeddings_come_after_the_values() -> None:
    """Features: five values, and the coordinates of the first two; the factors multiply all inputs."""
    case = case_of(InputStageShape(PIECEWISE, scaled=True))
    case.work.inputs[1, 0, 5:7] = [2.25, 4.0]
    case.network.forward(case.work)
    assert case.work.stage is not None
    named = case.layout.named_arrays(case.network.parameters[1], np.empty(0))
    functions = np.array([[1, 1, 0.25, 0], [1, 1, 1, 1]])
    embedded = named["input_mixing"] @ functions[:, :, None]
    expected = np.concatenate([case.work.inputs[1, 0, :5], embedded.ravel()]) * named["input_scales"]
    np.testing.assert_allclose(case.work.stage.extended[1, :-1, 0], expected, rtol=1e-13)


def test_factors_of_one_change_no_bits() -> None:
    plain, scaled = case_of(None), case_of(InputStageShape(scaled=True))
    scaled.network.parameters[:, : plain.layout.size] = plain.network.parameters
    scaled.network.parameters[:, plain.layout.size :] = 1.0
    scaled.work.inputs[...] = plain.work.inputs
    outputs = [each.network.forward(each.work).tobytes() for each in (plain, scaled)]
    assert outputs[0] == outputs[1]

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.first_inputs import input_groups
from fnnctl.nn.layers.input_stage import CoordinateFunctions, PiecewiseLinearEmbedding, ScalingLayer
from fnnctl.nn.parameters import Segment
from fnnctl.nn.shape import (
    EmbeddingCode,
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NumericEmbeddingShape,
    OutputShape,
)
from fnnctl.nn.workspace import Workspace
from tests.data.bins import bin_coordinates
from tests.nn.gradients import Case
from tests.nn.stages import INPUTS, PIECEWISE, STAGES, STATISTICS

HIDDEN = (HiddenShape(5, "tanh"),)


def embedding_of(segment: Segment, parameters: FloatArray) -> PiecewiseLinearEmbedding:
    numbers, values, bins = segment.shape
    functions = CoordinateFunctions(NumericEmbeddingShape(numbers, bins, values + 1), None, parameters.dtype)
    groups = input_groups(np.empty(0, np.intp), len(parameters))
    return PiecewiseLinearEmbedding(segment, parameters, functions, groups)


def case_of(stage: InputStageShape | None) -> Case:
    return Case(NetworkShape(INPUTS, HIDDEN, OutputShape(3), stage=stage), seed=3, members=2, batch=6)


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


@pytest.mark.parametrize("training", [False, True])
def test_statistics_stand_between_the_values_and_the_embeddings(training: bool) -> None:
    """Features: three values, the coordinates of the first two, and two codes.

    In training the statistics are those gathered with the batch, else those of the codes.
    """
    stage = InputStageShape(PIECEWISE, STATISTICS)
    case = case_of(stage)
    work = Workspace(case.layout.shape, 2, 6, np.dtype(np.float64), training=training)
    work.inputs[...] = case.work.inputs
    work.inputs[1, 0, 5:7] = [3.0, 1.0]
    for gathered in work.gathered_statistics:
        gathered[...] = np.arange(8.0)
    case.network.forward(work)
    assert work.stage is not None
    tables = case.layout.named_arrays(case.network.parameters[1], case.network.statistics[1])
    of_codes = tables["input_statistics"][[3, 4 + 1]].ravel()
    read = work.stage.extended[1, :-1, 0]
    np.testing.assert_array_equal(read[:3], work.inputs[1, 0, :3])
    np.testing.assert_array_equal(read[3:11], np.arange(8.0) if training else of_codes)
    assert len(read) == 3 + 8 + stage.embedded


def test_factors_of_one_change_no_bits() -> None:
    plain, scaled = case_of(None), case_of(InputStageShape(scaled=True))
    scaled.network.parameters[:, : plain.layout.size] = plain.network.parameters
    scaled.network.parameters[:, plain.layout.size :] = 1.0
    scaled.work.inputs[...] = plain.work.inputs
    assert plain.network.forward(plain.work).tobytes() == scaled.network.forward(scaled.work).tobytes()


EDGES = np.array([-1.0, 0.0, 0.5, 4.0])


@given(st.lists(st.floats(-1.0, 4.0), min_size=1, max_size=8))
def test_components_by_their_definition(numbers: list[float]) -> None:
    """(x − e_i)/(e_{i+1} − e_i), clipped to [0, 1], for each bin; the fourth bin is not used."""
    x, layer = np.array(numbers), embedding_of(Segment(0, (1, 4, 4)), np.eye(4).reshape(1, 16))
    functions, out = np.empty((1, 4, 1, len(x))), np.empty((1, 1, 4, len(x)))
    layer.forward(bin_coordinates(x, EDGES)[None, None], out, functions)
    expected = [np.clip((x - low) / (high - low), 0.0, 1.0) for low, high in pairwise(EDGES)]
    np.testing.assert_allclose(out[0, 0], [*expected, np.zeros(len(x))], atol=1e-12)


@pytest.mark.parametrize(
    ("code", "places", "steps"),
    [("linear", True, False), ("steps", False, True), ("both", True, True)],
)
def test_functions_of_own_edges_by_hand(code: EmbeddingCode, places: bool, steps: bool) -> None:
    """Bins from 0 to 2 and from 2 to 5, and one that is missing; the second network has one bin."""
    shape = NumericEmbeddingShape(1, bins=3, size=2, own_edges=True, code=code)
    edges = np.array([[[0.0, 2.0, 5.0, 5.0]], [[0.0, 5.0, 5.0, 5.0]]])
    functions = CoordinateFunctions(shape, edges, np.dtype(np.float64))
    out = np.empty((2, shape.functions, 1, 3))
    functions.write(np.tile([0.5, 2.0, 5.0], (2, 1, 1)), out, slice(None))
    linear = np.array([[[0.25, 1, 1], [0, 0, 1], [0, 0, 0]], [[0.1, 0.4, 1], [0, 0, 0], [0, 0, 0]]])
    reached = np.array([[[1, 1, 1], [0, 1, 1], [0, 0, 0]], [[1, 1, 1], [0, 0, 0], [0, 0, 0]]])
    parts = [linear] * places + [reached] * steps
    np.testing.assert_allclose(out[:, :, 0], np.concatenate(parts, axis=1))


def test_the_gradient_by_hand() -> None:
    """Two rows of one number with two bins; functions (0.5, 0) and (1, 0.25)."""
    layer, gradient = embedding_of(Segment(1, (1, 1, 2)), np.zeros((1, 3))), np.zeros((1, 3))
    functions, out = np.empty((1, 2, 1, 2)), np.empty((1, 1, 1, 2))
    layer.forward(np.array([[[0.5, 1.25]]]), out, functions)
    layer.backward(np.array([[[[2.0, -4.0]]]]), functions, gradient)
    assert gradient.tolist() == [[0, 2 * 0.5 - 4 * 1, -4 * 0.25]]


def test_the_scaling_layer_by_hand() -> None:
    layer = ScalingLayer(np.array([[[2.0], [-1.0]]]))
    x, scaled = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), np.empty((1, 2, 3))
    layer.forward(x, scaled)
    assert scaled.tolist() == [[[2, 4, 6], [-4, -5, -6]]]
    delta, gradient = np.array([[[1.0, 0.0, 2.0], [1.0, 1.0, 1.0]]]), np.empty((1, 2, 1))
    layer.parameter_gradient(x, delta, gradient)
    assert gradient.ravel().tolist() == [1 + 6, 4 + 5 + 6]
    layer.backward(delta, slice(1, None))
    assert delta.tolist() == [[[1, 0, 2], [-1, -1, -1]]]

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from tests.messages import Messages
from tests.nn.stages import INPUTS, STAGES

SHAPE = NetworkShape(4, (HiddenShape(3, "prelu"), HiddenShape(2, "prelu", shared=True)), OutputShape(5))
NORMALIZED = NetworkShape(3, (HiddenShape(3, "prelu", normalization="batch", residual=True),), OutputShape(2))


@pytest.mark.parametrize("shape", [SHAPE, NORMALIZED])
def test_views_cover_the_row_once(shape: NetworkShape) -> None:
    layout = ParameterLayout(shape)
    flat = np.zeros((2, layout.size))
    statistics = np.zeros((2, layout.statistics_size))
    for layer in layout.layers:
        for block in (layer.weights, layer.slopes, layer.gains, layer.shifts):
            if block is not None:
                block.view(flat)[...] += 1.0
        for block in (layer.means, layer.variances, layer.batches):
            if block is not None:
                block.view(statistics)[...] += 1.0
    np.testing.assert_array_equal(flat, 1.0)
    np.testing.assert_array_equal(statistics, 1.0)


def test_only_weights_are_penalised() -> None:
    """Of 3·(4+1) + 2·(3+1) + 5·(2+1) weights and biases and 3 + 1 slopes."""
    layout = ParameterLayout(SHAPE)
    mask = layout.weight_mask(np.dtype(np.float32))
    assert layout.size == 15 + 8 + 15 + 4
    assert mask.sum() == 3 * 4 + 2 * 3 + 5 * 2
    for layer in layout.layers:
        np.testing.assert_array_equal(layer.weights.view(mask)[..., -1], 0.0)


def test_inner_members_have_factors_biases_and_output_layers() -> None:
    hidden = (HiddenShape(5, "relu"), HiddenShape(4, "relu", normalization="layer"))
    layout = ParameterLayout(NetworkShape(3, hidden, OutputShape(2), inner_members=6))
    named = layout.named_arrays(np.arange(float(layout.size)), np.empty(0))
    assert {name: array.shape for name, array in named.items()} == {
        "weights_1": (5, 3), "input_factors_1": (6, 3), "output_factors_1": (6, 5), "biases_1": (6, 5),
        "weights_2": (4, 5), "input_factors_2": (6, 5), "output_factors_2": (6, 4), "gains_2": (4,),
        "biases_2": (4,), "weights_3": (6, 2, 4), "biases_3": (6, 2),
    }  # fmt: skip
    assert layout.weight_mask(np.dtype(np.float64)).sum() == 5 * 3 + 4 * 5 + 6 * 2 * 4


def test_a_normalized_layer_has_its_biases_after_the_normalization() -> None:
    """2 units of 3 pieces: weights (6, 4), gains and biases of 6; 6 means, 6 variances and a count."""
    hidden = HiddenShape(2, "maxout", pieces=3, normalization="batch")
    layout = ParameterLayout(NetworkShape(4, (hidden,), OutputShape(2)))
    assert layout.size == 6 * 4 + 6 + 6 + 2 * (2 + 1)
    assert layout.statistics_size == 6 + 6 + 1
    row, statistics = np.arange(float(layout.size)), layout.initial_statistics(1, np.dtype(np.float64))[0]
    named = layout.named_arrays(row, statistics)
    assert {name: array.shape for name, array in named.items()} == {
        "weights_1": (6, 4), "gains_1": (6,), "biases_1": (6,), "means_1": (6,), "variances_1": (6,),
        "batches_1": (1,), "weights_2": (2, 2), "biases_2": (2,),
    }  # fmt: skip
    assert named["gains_1"].tolist() == [24.0, 25.0, 26.0, 27.0, 28.0, 29.0]
    assert named["means_1"].tolist() == [0.0] * 6
    assert named["variances_1"].tolist() == [1.0] * 6


STAGED = [NetworkShape(INPUTS, (HiddenShape(3, "relu"),), OutputShape(2), stage=stage) for stage in STAGES]
INNER = [replace(shape, inner_members=3) for shape in STAGED]


@pytest.mark.parametrize("shape", STAGED, ids=lambda shape: repr(shape.stage))
def test_the_arrays_of_an_input_stage_stand_after_those_of_the_layers(shape: NetworkShape) -> None:
    layout = ParameterLayout(shape)
    statistics = np.arange(-float(layout.statistics_size), 0.0)
    named = layout.named_arrays(np.arange(float(layout.size)), statistics)
    layers = 3 * (shape.first_inputs + 1) + 2 * (3 + 1)
    own = [array for name, array in named.items() if name.startswith("input_")]
    numbers = sorted(np.concatenate([array.ravel() for array in own]))
    assert numbers == [*statistics, *range(layers, layout.size)]
    assert not layout.weight_mask(np.dtype(np.float32))[:, layers:].any()


@pytest.mark.parametrize("shape", [SHAPE, NORMALIZED, *STAGED, *INNER])
def test_weights_know_the_inputs_of_their_layer(shape: NetworkShape) -> None:
    layout = ParameterLayout(shape)
    inputs = layout.weight_inputs()
    counts = (shape.first_inputs, *(layer.units for layer in shape.hidden))
    for layer, count in zip(layout.layers, counts, strict=True):
        assert set(layer.weights_alone(inputs).ravel().tolist()) == {float(count)}
    np.testing.assert_array_equal(inputs[layout.weight_mask(np.dtype(np.float64)) == 0.0], 1.0)


@pytest.mark.parametrize("shape", [SHAPE, NORMALIZED, *STAGED, *INNER])
def test_rows_come_back_from_their_arrays(shape: NetworkShape) -> None:
    layout = ParameterLayout(shape)
    row = np.arange(float(layout.size)).astype(np.float32)
    statistics = np.arange(1000.0, 1000.0 + layout.statistics_size).astype(np.float32)
    arrays = {name: array.copy() for name, array in layout.named_arrays(row, statistics).items()}
    again = layout.rows_of(dict(reversed(arrays.items())))
    np.testing.assert_array_equal(again[0], row)
    np.testing.assert_array_equal(again[1], statistics)
    assert again[0].dtype == again[1].dtype == np.float32


def test_arrays_of_another_layout_are_refused(messages: Messages) -> None:
    layout = ParameterLayout(SHAPE)
    arrays = layout.named_arrays(np.zeros(layout.size), np.empty(0))
    vast = ParameterLayout(NetworkShape(10**9, (HiddenShape(10**9, "relu"),), OutputShape(2)))
    for own, changed in (
        (layout, {**arrays, "weights_1": arrays["weights_1"].T}),
        (layout, {**arrays, "biases_2": arrays["biases_2"].astype(np.float32)}),
        (layout, {name.replace("slopes_2", "gains_2"): array for name, array in arrays.items()}),
        (layout, {}),
        (vast, {"weights_1": np.zeros(3)}),  # takes no memory
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            own.rows_of(changed)
        messages.check(caught.value)

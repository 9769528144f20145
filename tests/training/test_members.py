from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.initializers import draw_biases, draw_weights
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import (
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NormalizationKind,
    NumericEmbeddingShape,
    OutputShape,
)
from fnnctl.seeds import Purpose, stream
from fnnctl.training.members import InitialBiases, initial_parameters
from tests.training.recipes import member_of, settings_of

SETTINGS = settings_of(4, ((5, "relu"), (6, "tanh")), 3)
DTYPE = np.dtype(np.float32)


def named_parameters(shape: NetworkShape, *biases: InitialBiases) -> list[dict[str, FloatArray]]:
    """The initial parameters, by name, of members that differ in their biases."""
    members = [member_of(SETTINGS, 10, seed=9, initial_biases=each) for each in biases]
    layout = ParameterLayout(shape)
    statistics = layout.initial_statistics(1, DTYPE)
    parameters = initial_parameters(layout, members, DTYPE)
    return [layout.named_arrays(row, statistics[0]) for row in parameters]


def test_uniform_biases_are_drawn_after_their_layers_weights() -> None:
    """Zero biases take nothing from the stream; other members change no bit."""
    members: list[InitialBiases] = ["zero", "uniform", "zero"]
    for kind, own in zip(members, named_parameters(SETTINGS.shape, *members), strict=True):
        rng = stream(9, Purpose.WEIGHTS)
        for layer, (outputs, inputs) in enumerate([(5, 4), (6, 5), (3, 6)], start=1):
            weights = draw_weights("glorot_uniform", outputs, inputs, rng=rng)
            biases = draw_biases(kind, outputs, inputs, rng=rng)
            np.testing.assert_array_equal(own[f"weights_{layer}"], weights.astype(DTYPE))
            np.testing.assert_array_equal(own[f"biases_{layer}"], biases.astype(DTYPE))


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_biases_after_a_normalization_are_zero(normalization: NormalizationKind) -> None:
    hidden = (HiddenShape(5, "relu", normalization=normalization), HiddenShape(6, "tanh"))
    (first,) = named_parameters(NetworkShape(4, hidden, OutputShape(3)), "uniform")
    assert not first["biases_1"].any()
    assert first["biases_2"].all()
    assert first["biases_3"].all()


def test_an_input_stage_begins_as_if_there_were_none() -> None:
    """Factors of 1, embeddings of 0; the layers are drawn as without a stage."""
    stage = InputStageShape(NumericEmbeddingShape(numbers=2, bins=5, size=2), scaled=True)
    (plain,) = named_parameters(SETTINGS.shape, "uniform")
    (staged,) = named_parameters(replace(SETTINGS.shape, stage=stage), "uniform")
    assert staged.pop("input_scales").tolist() == [1.0] * 4
    assert not staged.pop("input_mixing").any()
    assert staged.keys() == plain.keys()
    for name, array in plain.items():
        np.testing.assert_array_equal(staged[name], array)

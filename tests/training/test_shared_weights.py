"""Inner members that share weights: how they start, and how they are trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import inner_members
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.members import InitialBiases, StackSettings, initial_parameters
from fnnctl.training.scoring import Scorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import blobs, member_of, settings_of


def shared_settings(inner: int, **changes: Any) -> StackSettings:
    settings = settings_of(6, ((7, "relu"), (5, "tanh")), 3, precision="float64", **changes)
    return replace(settings, shape=replace(settings.shape, inner_members=inner))


def initial(settings: StackSettings, **changes: Any) -> dict[str, FloatArray]:
    layout = ParameterLayout(settings.shape)
    (row,) = initial_parameters(layout, [member_of(settings, 20, **changes)], settings.dtype)
    return layout.named_arrays(row, np.empty(0))


@pytest.mark.parametrize("biases", ["zero", "uniform"])
def test_members_begin_with_the_weights_of_the_plain_network_and_signs(biases: InitialBiases) -> None:
    own, fewer = (initial(shared_settings(inner), initial_biases=biases) for inner in (5, 3))
    plain = initial(shared_settings(1), initial_biases=biases)
    for layer in (1, 2):
        np.testing.assert_array_equal(own[f"weights_{layer}"], plain[f"weights_{layer}"])
        np.testing.assert_array_equal(own[f"output_factors_{layer}"], 1.0)
        np.testing.assert_array_equal(own[f"biases_{layer}"], np.tile(plain[f"biases_{layer}"], (5, 1)))
    np.testing.assert_array_equal(own["input_factors_2"], 1.0)
    np.testing.assert_array_equal(np.abs(own["input_factors_1"]), 1.0)
    for name in ("input_factors_1", "weights_3"):
        assert len({each.tobytes() for each in own[name]}) == 5
        np.testing.assert_array_equal(own[name][:3], fewer[name])
    assert [bool(own[f"biases_{layer}"].any()) for layer in (1, 2, 3)] == [biases == "uniform"] * 3


def test_training_columns_are_means_over_the_members() -> None:
    """One batch: its loss and accuracy, and the share of active units, before the step."""
    settings = shared_settings(4, batch_size=30)
    examples = blobs(30, 6, 3, precision="float64")
    member = member_of(settings, 30, epochs=1)
    before = Stack(settings, [member], examples).network
    (trained,) = train_stack(Stack(settings, [member], examples), diagnose=True)
    scores = [Scorer(own, examples).scores(member.train_rows[None])[0] for own in inner_members(before)]
    p, y = [softmax(each, axis=1) for each in scores], examples.targets
    expected = np.mean([-np.log(each[np.arange(30), y]).mean() for each in p])
    assert trained.history["train_loss"] == [pytest.approx(expected, rel=1e-12)]
    accuracy = np.mean([(each.argmax(axis=1) == y).mean() for each in p])
    assert trained.history["train_accuracy"] == [pytest.approx(accuracy, rel=1e-12)]
    active = []
    for own in inner_members(before):
        W = own.layout.layers[0].weights.view(own.parameters)[0]
        active.append((examples.inputs @ W.T > 0.0).mean())
    assert trained.history["active_1"] == [pytest.approx(np.mean(active), rel=1e-12)]


def test_bounded_norms_are_those_of_the_shared_weights() -> None:
    settings = shared_settings(3)
    settings = replace(settings, techniques=("max_norm",))
    member = member_of(settings, 40, epochs=3, learning_rate=0.1, hyperparameters={"max_norm": 0.5})
    (trained,) = train_stack(Stack(settings, [member], blobs(40, 6, 3, precision="float64")))
    layout = ParameterLayout(settings.shape)
    named = layout.named_arrays(trained.parameters, trained.statistics)
    for number in (1, 2):
        assert np.linalg.norm(named[f"weights_{number}"], axis=1).max() <= 0.5 * (1 + 1e-12)
    assert np.linalg.norm(named["weights_3"], axis=2).max() > 0.5

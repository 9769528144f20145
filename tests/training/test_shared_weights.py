"""Inner members that share weights: how they start, how they are trained, and by what they are validated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import softmax

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.real_values import REAL_VALUE_LOSSES
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.nn.network import inner_members
from fnnctl.nn.parameters import LayerSegments, ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.history import Record
from fnnctl.training.members import InitialBiases, Member, StackSettings, initial_parameters
from fnnctl.training.scoring import Scorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, train_stack
from tests.nn.gradients import outputs_for, real_losses
from tests.training.recipes import blobs, member_of, settings_of
from tests.training.test_bits import assert_same_bits, examples_of, stacks

Case = tuple[StackSettings, list[Member], int]


def shared_settings(inner: int, first: str = "relu", **changes: Any) -> StackSettings:
    settings = settings_of(6, ((7, first), (5, "tanh")), 3, precision="float64", **changes)
    return replace(settings, shape=replace(settings.shape, inner_members=inner))


def factors_of(layer: LayerSegments, flat: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """r, s and b of a single network's layer, (inputs or rows, N)."""
    factors = layer.factors
    assert factors is not None
    assert factors.biases is not None
    return factors.inputs.view(flat)[0], factors.outputs.view(flat)[0], factors.biases.view(flat)[0]


def initial(settings: StackSettings, **changes: Any) -> tuple[ParameterLayout, FloatArray]:
    layout = ParameterLayout(settings.shape)
    return layout, initial_parameters(layout, [member_of(settings, 20, **changes)], settings.dtype)


@pytest.mark.parametrize("biases", ["zero", "uniform"])
def test_members_begin_with_the_weights_of_the_plain_network_and_signs(biases: InitialBiases) -> None:
    layout, flat = initial(shared_settings(5), initial_biases=biases)
    plain, of_plain = initial(
        settings_of(6, ((7, "relu"), (5, "tanh")), 3, precision="float64"), initial_biases=biases
    )
    for number in (0, 1):
        own, layer = layout.layers[number], plain.layers[number]
        np.testing.assert_array_equal(own.weights.view(flat), layer.weights_alone(of_plain))
        r, s, b = factors_of(own, flat)
        np.testing.assert_array_equal(np.abs(r), 1.0)
        np.testing.assert_array_equal(s, 1.0)
        np.testing.assert_array_equal(b, np.tile(layer.weights.view(of_plain)[0, :, -1:], 5))
        assert (r == 1.0).all() == (number == 1)
        assert (b == 0.0).all() == (biases == "zero")
    outputs = layout.layers[-1].weights.view(flat)[0]
    assert len({each.tobytes() for each in outputs}) == 5
    assert (outputs[..., -1] == 0.0).all() == (biases == "zero")


def test_more_members_begin_with_the_same_ones() -> None:
    (few, flat), (more, other) = (initial(shared_settings(inner)) for inner in (3, 8))
    r, _, _ = factors_of(few.layers[0], flat)
    np.testing.assert_array_equal(factors_of(more.layers[0], other)[0][:, :3], r)
    np.testing.assert_array_equal(
        more.layers[-1].weights.view(other)[0, :3], few.layers[-1].weights.view(flat)[0]
    )
    assert len({column.tobytes() for column in factors_of(more.layers[0], other)[0].T}) > 3


@pytest.mark.parametrize("output", sorted(LOSSES))
@pytest.mark.parametrize("ensemble", [1, 2])
def test_the_validation_columns_are_those_of_the_average(output: str, ensemble: int) -> None:
    """Of each inner member as a network of its own, scored apart."""
    classes = outputs_for(output)
    settings = shared_settings(3)
    shape = replace(settings.shape, output=OutputShape(classes, output, loss_parameter=0.7))
    settings = replace(settings, shape=shape, ensemble=ensemble)
    examples = examples_of(settings, 40 + 1100)
    members = [member_of(settings, 40, 1100, seed=seed, epochs=3) for seed in range(ensemble)]
    stack = Stack(settings, members, examples)
    record = stack.run_epoch(diagnose=False, should_stop=lambda: False)
    assert record is not None
    rows, scores = members[0].validation_rows, []
    for k in range(ensemble):
        alone = Stack(replace(settings, ensemble=1), members[k : k + 1], examples)
        alone.network.parameters[...] = stack.network.parameters[k]
        for own in inner_members(alone.network):
            scores.append(Scorer(own, examples).scores(rows[None])[0])
    targets = examples.targets[rows]
    if output in REAL_VALUE_LOSSES:
        errors = np.mean(scores, axis=0)[:, 0] - targets
        expected = real_losses(output, errors, 0.7).mean()
    else:
        p = np.mean([softmax(each, axis=1) for each in scores], axis=0)
        expected = -np.log(p[np.arange(len(p)), targets]).mean()
        accuracy = (p.argmax(axis=1) == targets).mean()
        np.testing.assert_allclose(record["validation_accuracy"], [accuracy] * ensemble, rtol=1e-12)
    np.testing.assert_allclose(record["validation_loss"], [expected] * ensemble, rtol=1e-10)


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


def test_lbfgs_minimizes_the_mean_loss() -> None:
    # At relu's kink the gradient stays large, so whether it gets there would depend on rounding.
    settings = shared_settings(3, "softplus", optimizer="lbfgs", batch_size=60)
    numbers = {"gradient_tolerance": 1e-6, "decrease_tolerance": 0.0, "max_evaluations": 20}
    member = member_of(settings, 60, epochs=20_000, l2=0.003, optimizer_hyperparameters=numbers)
    (trained,) = train_stack(Stack(settings, [member], blobs(60, 6, 3, precision="float64")))
    assert trained.outcome is Outcome.CONVERGED
    losses = trained.history["train_loss"]
    assert losses[-1] < losses[0] / 5


@st.composite
def shared_stacks(draw: st.DrawFn) -> Case:
    settings, members, pool_size = draw(stacks())
    shape = replace(settings.shape, inner_members=draw(st.integers(2, 9)))
    return replace(settings, shape=shape), members[:3], pool_size


@given(shared_stacks())
def test_a_network_has_the_same_bits_alone_and_beside_others(case: Case) -> None:
    settings, members, pool_size = case
    examples = examples_of(settings, pool_size)
    together = train_stack(Stack(settings, members, examples), diagnose=True)
    for member, in_stack in zip(members, together, strict=True):
        (alone,) = train_stack(Stack(settings, [member], examples), diagnose=True)
        assert_same_bits(alone, in_stack)


@given(shared_stacks(), st.integers(0, 4))
def test_a_training_continues_from_a_saved_state(case: Case, cut: int) -> None:
    settings, (member, *_), pool_size = case
    examples = examples_of(settings, pool_size)
    kept: dict[int, dict[str, Any]] = {}

    def keep(stack: Stack, record: Record) -> None:
        kept.setdefault(stack.epoch, {name: array.copy() for name, array in stack.state.items()})

    (whole,) = train_stack(Stack(settings, [member], examples), diagnose=True, on_epoch=keep)
    assume(whole.epochs > 1)
    cut = 1 + cut % (whole.epochs - 1)
    (resumed,) = train_stack(Stack(settings, [member], examples, epoch=cut, state=kept[cut]), diagnose=True)
    assert_same_bits(whole, resumed)


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


def test_a_layout_has_the_arrays_by_member() -> None:
    hidden = (HiddenShape(5, "relu"), HiddenShape(4, "relu", normalization="layer"))
    layout = ParameterLayout(NetworkShape(3, hidden, OutputShape(2), inner_members=6))
    row = np.arange(float(layout.size))
    named = layout.named_arrays(row, np.empty(0))
    assert {name: array.shape for name, array in named.items()} == {
        "weights_1": (5, 3), "input_factors_1": (6, 3), "output_factors_1": (6, 5), "biases_1": (6, 5),
        "weights_2": (4, 5), "input_factors_2": (6, 5), "output_factors_2": (6, 4), "gains_2": (4,),
        "biases_2": (4,), "weights_3": (6, 2, 4), "biases_3": (6, 2),
    }  # fmt: skip
    again, _ = layout.rows_of({name: array.copy() for name, array in named.items()})
    np.testing.assert_array_equal(again, row)
    mask = layout.weight_mask(np.dtype(np.float64))
    assert mask.sum() == 5 * 3 + 4 * 5 + 6 * 2 * 4

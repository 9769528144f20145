from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.nn.layers.dropout import DropoutBuffers
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.network import Network
from fnnctl.nn.optimizers.base import Optimizer, StepArrays
from fnnctl.nn.optimizers.share_schedules import flat_cos
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.training.learners.regularization import ScheduledRegularization
from fnnctl.training.members import StackSettings
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import TrainedMember, train_stack
from tests.training.recipes import OPTIMIZER_NUMBERS, blobs, member_of, pool_of, settings_of

DROPPING = NetworkShape(4, (HiddenShape(10, "relu", dropout=True), HiddenShape(10, "selu", dropout=True)), 3)


def optimizer_of(network: Network) -> Optimizer:
    like = network.parameters
    return Optimizer({}, StepArrays(like, np.empty_like(like), np.empty_like(like), np.ones_like(like[:1])))


def dropping(**changes: Any) -> TrainedMember:
    settings = StackSettings(DROPPING, "adam", 8, **changes)
    member = member_of(
        settings, 40, epochs=8, layer_hyperparameters={"activation": (0.0, 0.0), "dropout": (0.5, 0.2)}
    )
    (trained,) = train_stack(Stack(settings, [member], blobs(40, 4, 3)))
    return trained


def test_dropout_is_constant_in_the_first_half() -> None:
    """The first step of the fifth epoch is at t = ½, where the share is still 1; the second has less."""
    constant, falling = dropping(), dropping(dropout_schedule="flat_cos")
    one, other = (trained.history["train_loss"] for trained in (constant, falling))
    assert one[:4] == other[:4]
    assert all(before != after for before, after in zip(one[4:], other[4:], strict=True))


def test_each_layer_drops_the_share_of_its_rate() -> None:
    """Two members with other horizons; kept activations of a relu layer are scaled by 1/(1 − s·rate)."""
    settings = StackSettings(DROPPING, "adam", 8, precision="float64", dropout_schedule="flat_cos")
    rates: FloatArray = np.array([[0.5, 0.2], [0.4, 0.1]])
    members = [
        member_of(settings, 8, horizon=horizon, layer_hyperparameters={"dropout": tuple(own)})
        for horizon, own in zip((3, 4), rates, strict=True)
    ]
    network = Stack(settings, members, blobs(8, 4, 3, precision="float64")).network
    scheduled = ScheduledRegularization(settings, members, network, optimizer_of(network))
    assert scheduled.is_active
    scheduled.begin_epoch(3, 10)
    scheduled.begin_step(6)
    shares = flat_cos(3, 10, np.array([3.0, 4.0]))[6]
    assert 0.0 < shares[0] < shares[1] < 1.0
    a = np.ones((2, 200, 100))
    rngs = MemberGenerators([np.random.default_rng(k) for k in range(2)])
    dropout = network.layers[0].dropout
    assert dropout is not None
    dropout.forward(a, DropoutBuffers(np.empty(a.shape, np.bool_), np.empty_like(a)), rngs)
    for own, share, rate in zip(a, shares, rates[:, 0], strict=True):
        assert set(np.unique(own).tolist()) == {0.0, 1.0 / (1.0 - share * rate)}
        assert abs((own == 0.0).mean() - share * rate) < 0.02


def test_weight_decay_by_hand() -> None:
    """Inputs of 0 give weights no gradient, so only the decay moves them: Π(1 − 0.1·0.5·s) over six steps."""
    settings = settings_of(
        2, (), 2, optimizer="adamw", batch_size=1, precision="float64", weight_decay_schedule="flat_cos"
    )
    numbers = OPTIMIZER_NUMBERS | {"weight_decay": 0.5}
    member = member_of(settings, 2, epochs=3, learning_rate=0.1, l2=0.0, optimizer_hyperparameters=numbers)
    stack = Stack(settings, [member], pool_of(np.zeros((2, 2)), np.array([0, 1])))
    before = stack.network.V[0, :, :-1].copy()
    shares = [1.0, 1.0, 1.0, 1.0, 0.75, 0.25]  # ½(1 + cos πk/3) for k = 1 and 2
    (trained,) = train_stack(stack)
    after = stack.network.V[0, :, :-1]
    assert trained.epochs == 3
    np.testing.assert_allclose(after, before * np.prod([1.0 - 0.05 * s for s in shares]), rtol=1e-13)


def test_nothing_changes_where_nothing_is_scheduled() -> None:
    settings = settings_of(4, ((3, "relu"),), 3)
    member = member_of(settings, 8)
    network = Stack(settings, [member], blobs(8, 4, 3)).network
    optimizer = optimizer_of(network)
    assert not ScheduledRegularization(settings, [member], network, optimizer).is_active
    without_dropout = replace(settings, dropout_schedule="flat_cos")
    assert not ScheduledRegularization(without_dropout, [member], network, optimizer).is_active

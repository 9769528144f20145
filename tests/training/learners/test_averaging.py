"""Averages by hand, and against averages of the weights of a training without averaging."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.seeds import Purpose, stream
from fnnctl.training.learners.averaging import Averaging
from fnnctl.training.learners.batches import Batches
from fnnctl.training.members import AveragingKind, Member, StackSettings, make_network
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import blobs, member_of, settings_of

PLAIN = settings_of(1, (), 2, precision="float32")
EXAMPLES = blobs(4, 1, 2)


class Average:
    """The average of members in which all weights are the same number."""

    def __init__(self, kind: AveragingKind, members: list[Member], first: list[float]) -> None:
        self.members = members
        layout = ParameterLayout(PLAIN.shape)
        self.network = make_network(
            layout, members, self.filled(first), np.empty((len(members), 0), np.float32)
        )
        self.averaging = Averaging(kind, members, self.network, None)
        self.batches = Batches(PLAIN, members, EXAMPLES)

    def filled(self, values: list[float]) -> FloatArray:
        size = ParameterLayout(PLAIN.shape).size
        return np.repeat(np.array(values, np.float32)[:, None], size, axis=1)

    @property
    def now(self) -> list[float]:
        return [float(value) for value in self.averaging.network.parameters[:, -1]]

    def step(self, *values: float) -> list[float]:
        self.averaging.after_step(self.filled(list(values)))
        return self.now

    def epoch(self, epoch: int, *values: float) -> list[float]:
        self.averaging.after_epoch(epoch, self.filled(list(values)), self.batches)
        return self.now


def test_ema_by_hand() -> None:
    """Decays 2/11, 3/12, 4/13, … up to δ: from 1 by way of 12, 2 and 15.

    δ = 0.99: 1·2/11 + 12·9/11 = 10; 10·¼ + 2·¾ = 4; 4·4/13 + 15·9/13 = 151/13. With δ = 0.2 the second and
    third keep a fifth: 10·0.2 + 2·0.8 = 3.6 and 3.6·0.2 + 15·0.8 = 12.72.
    """
    members = [member_of(PLAIN, 4, averaging_hyperparameters={"decay": decay}) for decay in (0.99, 0.2)]
    average = Average("ema", members, [1.0, 1.0])
    assert average.step(12.0, 12.0) == pytest.approx([10.0, 10.0], rel=1e-6)
    assert average.step(2.0, 2.0) == pytest.approx([4.0, 3.6], rel=1e-6)
    assert average.step(15.0, 15.0) == pytest.approx([151 / 13, 12.72], rel=1e-6)
    assert average.epoch(1, 99.0, 99.0) == average.now == pytest.approx([151 / 13, 12.72], rel=1e-6)


def test_swa_by_hand() -> None:
    """The last 2 of 4 epochs; before the first of them, the average has the bits of the weights.

    The horizon of the third member is 8 epochs, of which it averages the last two.
    """
    members = [
        member_of(PLAIN, 4, epochs=4, averaging_hyperparameters={"start": 0.5}),
        member_of(PLAIN, 4, epochs=3, averaging_hyperparameters={"start": 0.0}),
        member_of(PLAIN, 4, epochs=2, horizon=8, averaging_hyperparameters={"start": 0.75}),
    ]
    average = Average("swa", members, [1e8, 1e8, 0.0])
    assert average.step(5.0, 5.0, 5.0) == [1e8, 1e8, 0.0]
    tenth = float(np.float32(0.1))
    assert average.epoch(1, 0.1, 0.1, 1.0) == [tenth, tenth, 1.0]
    assert average.epoch(2, 7e8, 0.5, 2.0) == [float(np.float32(7e8)), pytest.approx(0.3, rel=1e-6), 2.0]
    assert average.epoch(3, 0.1, 3.0, 3.0) == [tenth, pytest.approx(1.2, rel=1e-6), 3.0]
    assert average.epoch(4, 0.3, 0.0, 4.0)[0] == pytest.approx(0.2, rel=1e-6)
    assert [average.epoch(epoch, 0.0, 0.0, float(epoch))[2] for epoch in (6, 7, 8)] == [6.0, 7.0, 7.5]


def weights_by_epoch(settings: StackSettings, member: Member, examples: Examples) -> list[FloatArray]:
    stack, seen = Stack(settings, [member], examples), []
    seen.append(stack.network.parameters[0].astype(np.float64))
    for _ in range(member.epochs):
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
        seen.append(stack.network.parameters[0].astype(np.float64))
    return seen


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_training_ends_with_the_average_of_what_it_went_through(kind: AveragingKind) -> None:
    """One step per epoch, so that a training without averages shows the weights after every step.

    The average is what is validated.
    """
    examples = blobs(40, 3, 3, precision="float64")
    plain = settings_of(3, ((6, "tanh"),), 3, batch_size=30, precision="float64")
    averaged = replace(plain, averaging=kind)
    numbers = {"decay": 0.6, "start": 0.4}
    member = member_of(plain, 30, 10, epochs=10, learning_rate=0.1, averaging_hyperparameters=numbers)
    weights = weights_by_epoch(plain, member, examples)
    expected, last_epochs = weights[0], np.mean(weights[5:], axis=0)
    for t, w in enumerate(weights[1:], start=1):
        decay = min(0.6, (1 + t) / (10 + t))
        expected = decay * expected + (1 - decay) * w
    (trained,) = train_stack(Stack(averaged, [member], examples))
    np.testing.assert_allclose(trained.parameters, expected if kind == "ema" else last_epochs, rtol=1e-12)
    assert np.abs(trained.parameters - weights[-1]).max() > 1e-3
    arrays = ParameterLayout(plain.shape).named_arrays(trained.parameters, trained.statistics)
    hidden = np.tanh(examples.inputs[30:, :-1] @ arrays["weights_1"].T + arrays["biases_1"])
    scores = hidden @ arrays["weights_2"].T + arrays["biases_2"]
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(10), examples.targets[30:]]
    assert trained.history["validation_loss"][-1] == pytest.approx(losses.mean(), rel=1e-12)


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_statistics_are_those_of_a_pass_with_the_averaged_weights(kind: AveragingKind) -> None:
    """They are plain means over the batches of the pass, whatever the layer's momentum."""
    examples = blobs(50, 3, 3, precision="float64")
    hidden = (HiddenShape(4, "tanh", normalization="batch", dropout=True),)
    settings = StackSettings(
        NetworkShape(3, hidden, OutputShape(3)), "adam", 20, precision="float64", averaging=kind
    )
    layer_hyperparameters = {"momentum": (0.9,), "epsilon": (1e-5,), "dropout": (0.5,)}
    member = member_of(
        settings, 50, epochs=4, learning_rate=0.1, layer_hyperparameters=layer_hyperparameters,
        averaging_hyperparameters={"decay": 0.9, "start": 0.5},
    )  # fmt: skip
    (trained,) = train_stack(Stack(settings, [member], examples))
    arrays = ParameterLayout(settings.shape).named_arrays(trained.parameters, trained.statistics)
    z = examples.inputs[:, :-1] @ arrays["weights_1"].T
    order = stream(member.seed, Purpose.ORDER, 4).permutation(50)
    batches = (z[order[:20]], z[order[20:40]])  # the last ten rows are not a full batch
    np.testing.assert_allclose(arrays["means_1"], np.mean([b.mean(axis=0) for b in batches], axis=0))
    variances = np.mean([b.var(axis=0, ddof=1) for b in batches], axis=0)
    np.testing.assert_allclose(arrays["variances_1"], variances, rtol=1e-10)
    assert arrays["batches_1"].tolist() == [2.0]

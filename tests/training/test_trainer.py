from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.members import AveragingKind, StackSettings
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.training.recipes import blobs, member_of, pool_of, settings_of


def test_one_step_by_hand() -> None:
    """Softmax regression from zero weights on x = 2 with label 0 of 2, α = 0.5, λ = 0.

    ŷ = (½, ½), δ = (−½, ½), ∂W = δx = (−1, 1), ∂b = δ: W = (½, −½), b = (¼, −¼).
    """
    settings = settings_of(1, (), 2, optimizer="sgd", batch_size=1, precision="float64")
    examples = pool_of(np.array([[2.0]]), np.array([0]))
    stack = Stack(settings, [member_of(settings, 1, learning_rate=0.5, l2=0.0)], examples)
    stack.network.parameters[...] = 0.0
    record = stack.run_epoch(diagnose=True, should_stop=lambda: False)
    assert stack.network.V[0].tolist() == [[0.5, 0.25], [-0.5, -0.25]]
    assert record is not None
    assert record["train_loss"].tolist() == [np.log(2.0)]
    assert record["train_accuracy"].tolist() == [1.0]
    assert record["gradient_norm"].tolist() == [pytest.approx(np.sqrt(1 + 1 + 0.25 + 0.25))]


def test_a_step_of_the_neural_tangent_parametrization_by_hand() -> None:
    """z = Wx/√4 + b with x = (2, 0, 0, 0), label 0 of 2 and α = 0.5; the stored weights are W/√4.

    ∂W = δx/√4 = (−½, ½), so W moves by ¼ and the stored weight by ⅛; b moves as without it.
    """
    settings = settings_of(
        4, (), 2, optimizer="sgd", batch_size=1, precision="float64", parametrization="neural_tangent"
    )
    examples = pool_of(np.array([[2.0, 0.0, 0.0, 0.0]]), np.array([0]))
    stack = Stack(settings, [member_of(settings, 1, learning_rate=0.5, l2=0.0)], examples)
    stack.network.parameters[...] = 0.0
    stack.run_epoch(diagnose=False, should_stop=lambda: False)
    assert stack.network.V[0].tolist() == [[0.125, 0, 0, 0, 0.25], [-0.125, 0, 0, 0, -0.25]]


def test_a_step_with_hidden_layer_and_penalty_by_hand() -> None:
    """relu, one unit: x = 1, w = 2, b = 0, u = (1, −1), c = 0, label 1, α = 0.1, λ = 0.5.

    z = a = 2, scores (2, −2), ŷ₀ = 1/(1 + e⁻⁴) = p. δ = (p, −p).
    ∂u = (2p + 0.5, −2p − 0.5), ∂c = (p, −p), δ¹ = 1·p + (−1)(−p) = 2p, ∂w = 2p + 1, ∂b = 2p.
    """
    settings = settings_of(1, ((1, "relu"),), 2, optimizer="sgd", batch_size=1, precision="float64")
    examples = pool_of(np.array([[1.0]]), np.array([1]))
    stack = Stack(settings, [member_of(settings, 1, learning_rate=0.1, l2=0.5)], examples)
    stack.network.parameters[0] = [2.0, 0.0, 1.0, 0.0, -1.0, 0.0]
    stack.run_epoch(diagnose=False, should_stop=lambda: False)
    p = 1 / (1 + np.exp(-4.0))
    expected = [2 - 0.1 * (2 * p + 1), -0.2 * p, 0.95 - 0.2 * p, -0.1 * p, -0.95 + 0.2 * p, 0.1 * p]
    np.testing.assert_allclose(stack.network.parameters[0], expected, rtol=1e-14)


@pytest.mark.parametrize("restore_best", [True, False])
def test_early_stopping_keeps_the_best_weights_or_the_last(restore_best: bool) -> None:
    settings, examples = settings_of(6, ((40, "relu"),), 3), blobs(140, 6, 3, seed=5)

    def trained(epochs: int, rule: EarlyStoppingConfig | None = None) -> TrainedMember:
        member = member_of(settings, 40, 100, epochs=epochs, learning_rate=0.03, l2=0.0, stopping=rule)
        return train_stack(Stack(settings, [member], examples))[0]

    stopped = trained(
        300, EarlyStoppingConfig(monitor="validation_loss", patience=4, restore_best=restore_best)
    )
    best = 1 + int(np.argmin(stopped.history["validation_loss"]))
    assert (stopped.outcome, stopped.best_epoch) == (Outcome.STOPPED_EARLY, best)
    assert stopped.epochs == best + 4 < 300
    kept = trained(best if restore_best else stopped.epochs)
    assert kept.parameters.tobytes() == stopped.parameters.tobytes()


@pytest.mark.parametrize(
    ("asked", "epochs", "begun"), [(1, 0, 1), (2, 0, 1), (3, 1, 1), (5, 1, 2), (6, 2, 2)]
)
def test_a_stop_keeps_what_was_trained(asked: int, epochs: int, begun: int) -> None:
    """Three steps per epoch: after the last one the epoch is completed, and none of the next one is taken."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=10)
    answers = iter([False] * (asked - 1) + [True])
    stack = Stack(settings, [member_of(settings, 30, 9)], blobs(39, 4, 3))
    (trained,) = train_stack(stack, should_stop=lambda: next(answers))
    assert (trained.outcome, trained.epochs, stack.epoch) == (Outcome.INTERRUPTED, epochs, begun)
    assert len(trained.history.get("train_loss", ())) == epochs


def test_a_dead_layer_is_seen() -> None:
    """With a bias of −100 no relu unit is ever active; tanh units always are."""
    settings = settings_of(2, ((5, "relu"), (4, "tanh")), 2, batch_size=7)
    stack = Stack(settings, [member_of(settings, 20)], blobs(20, 2, 2))
    stack.network.layers[0].W[:, :3, -1] = -100.0  # three of the five
    stack.network.layers[0].W[:, 3:, -1] = 100.0
    record = stack.run_epoch(diagnose=True, should_stop=lambda: False)
    assert record is not None
    assert record["dead_1"].tolist() == [pytest.approx(0.6)]
    assert record["active_1"].tolist() == [pytest.approx(0.4)]
    assert record["dead_2"].tolist() == [0.0]
    assert record["active_2"].tolist() == [1.0]


def test_divergence_is_found_within_the_epoch_and_disturbs_nobody() -> None:
    """Of 250 steps, a diverging member alone takes the first 100; beside a stable one it takes all."""
    settings = settings_of(4, ((10, "relu"),), 3, optimizer="sgd", batch_size=1)
    rule = EarlyStoppingConfig(monitor="validation_accuracy", patience=9)
    wild = member_of(settings, 250, 30, seed=1, learning_rate=1e18, stopping=rule)
    calm = member_of(settings, 250, 30, seed=2, learning_rate=1e-4, stopping=rule)
    examples = blobs(280, 4, 3)
    steps = {"alone": 0, "together": 0}

    def counting(name: str) -> Callable[[], bool]:
        def count() -> bool:
            steps[name] += 1
            return False

        return count

    (alone,) = train_stack(Stack(settings, [wild], examples), diagnose=True, should_stop=counting("alone"))
    stacked, completed = train_stack(
        Stack(settings, [wild, calm], examples), diagnose=True, should_stop=counting("together")
    )
    assert steps == {"alone": 100, "together": 5 * 250 - 1}  # there is nothing to stop after the last step
    assert (alone.outcome, stacked.outcome) == (Outcome.DIVERGED, Outcome.DIVERGED)
    assert completed.outcome is Outcome.COMPLETED
    assert alone.epochs == stacked.epochs == 1
    assert alone.best_epoch is stacked.best_epoch is None  # the accuracy of NaN weights
    assert repr(alone.history) == repr(stacked.history)
    assert {name for name, values in alone.history.items() if np.isfinite(values[-1])} == {"learning_rate"}
    assert alone.parameters.tobytes() == stacked.parameters.tobytes()
    assert np.isnan(alone.parameters).all()
    (undisturbed,) = train_stack(Stack(settings, [calm], examples), diagnose=True)
    assert completed.parameters.tobytes() == undisturbed.parameters.tobytes()


def test_out_of_time_after_the_first_epoch() -> None:
    """At least one epoch is trained, except in a resumed stack that had none left; members may have ended."""
    settings = settings_of(4, ((10, "relu"),), 3)
    stacks = [
        Stack(settings, [member_of(settings, 90, epochs=n) for n in (1, 5)], blobs(90, 4, 3))
        for _ in range(2)
    ]
    done, late = train_stack(stacks[0], seconds=0.0)
    assert (done.outcome, late.outcome, late.epochs) == (Outcome.COMPLETED, Outcome.OUT_OF_TIME, 1)
    for _ in range(2):
        stacks[1].run_epoch(diagnose=False, should_stop=lambda: False)
    _, resumed = train_stack(stacks[1], seconds=-3.0)
    assert (resumed.outcome, resumed.epochs) == (Outcome.OUT_OF_TIME, 2)


@pytest.mark.parametrize("averaging", ["ema", "swa"])
def test_an_interrupted_first_epoch_keeps_the_weights_themselves(averaging: AveragingKind) -> None:
    """There is no average yet, and averaged weights would have no statistics."""
    shape = NetworkShape(4, (HiddenShape(6, "relu", normalization="batch"),), OutputShape(3))
    settings = StackSettings(shape, "sgd", 10, averaging=averaging)
    member = member_of(
        settings,
        90,
        layer_hyperparameters={"activation": (0.0,), "epsilon": (1e-5,), "momentum": (0.5,)},
        averaging_hyperparameters={"decay": 0.9, "start": 0.5},
    )
    plain = replace(settings, averaging=None)
    results = []
    for own in (settings, plain):
        asked = iter([False, False, True])
        stack = Stack(own, [member], blobs(90, 4, 3))
        (trained,) = train_stack(stack, should_stop=lambda asked=asked: next(asked))  # type: ignore[misc]
        assert (trained.outcome, trained.epochs) == (Outcome.INTERRUPTED, 0)
        results.append((trained.parameters.tobytes(), trained.statistics.tobytes()))
    assert results[0] == results[1]

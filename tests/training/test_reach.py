"""`patience: auto`, on curves by hand: of 8 planned epochs a quarter are 2, and 15 % is the largest fall."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.tasks.epoch_metrics import TRAIN_LOSS
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.history import History
from fnnctl.training.members import Member
from fnnctl.training.reach import Reach, is_out_of_reach
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.training.recipes import member_of, pool_of, settings_of


@pytest.mark.parametrize(
    ("losses", "rates", "is_lost"),
    [
        # At the full rate the last two losses must be above 2 × 1.15 = 2.3.
        ([3, 2, 2.31, 2.31], [1, 1, 1, 1], True),
        ([3, 2, 2.31, 2.29], [1, 1, 1, 1], False),
        ([3, 2, 2.29, 2.31], [1, 1, 1, 1], False),
        ([3, 2, 2.31], [1, 1, 1], False),
        # With a fifth of the largest rate left, above 2 × 1.03 = 2.06.
        ([3, 2, 2.07, 2.07], [0.1, 0.5, 0.3, 0.1], True),
        ([3, 2, 2.05, 2.07], [0.1, 0.5, 0.3, 0.1], False),
        # With nothing left, above the best; an equal loss is not.
        ([3, 2, 2.01, 2.01], [1, 1, 1, 0], True),
        ([3, 2, 2, 2.01], [1, 1, 1, 0], False),
        # Without a learning rate, as at the full one.
        ([3, 2, 2.31, 2.31], None, True),
        ([3, 2, 2.29, 2.31], None, False),
        # A loss that is not finite says nothing.
        ([3, 2, np.nan, 9], [1, 1, 1, 1], False),
        # After the last planned epoch there is nothing to end.
        ([3, 2, 9, 9, 9, 9, 9, 9], [1] * 8, False),
    ],
)
def test_the_best_loss_is_out_of_reach(losses: list[float], rates: list[float] | None, is_lost: bool) -> None:
    of_epochs = None if rates is None else np.array(rates, dtype=np.float64)
    assert is_out_of_reach(np.array(losses, dtype=np.float64), of_epochs, epochs=8) is is_lost


def members_with(*rules: EarlyStoppingConfig | None) -> list[Member]:
    settings = settings_of(1, (), 2)
    return [member_of(settings, 1, epochs=100, horizon=8, stopping=rule) for rule in rules]


def test_only_members_with_this_patience_end_by_it() -> None:
    auto = EarlyStoppingConfig(monitor="validation_loss", patience="auto")
    members = members_with(auto, EarlyStoppingConfig(patience=None), None, auto)
    reach, history = Reach(members, rising=()), History()
    for losses in ([2, 2, 2, 2], [9, 9, 9, 1], [9, 9, 9, 9]):
        history.append({"validation_loss": np.array(losses, dtype=np.float64)})
    assert reach.is_lost(history).tolist() == [True, False, False, False]


def test_a_metric_that_rises_counts_as_its_distance_from_1() -> None:
    """From 0.8 an accuracy of 0.76 is a loss of 0.24, which is above 0.2 × 1.15 = 0.23; 0.78 is not."""
    rule = EarlyStoppingConfig(monitor="validation_accuracy", patience="auto")
    reach, history = Reach(members_with(rule, rule), rising={"validation_accuracy"}), History()
    for accuracies in ([0.8, 0.8], [0.76, 0.78], [0.76, 0.76]):
        history.append({"validation_accuracy": np.array(accuracies)})
    assert reach.is_lost(history).tolist() == [True, False]


def rising_stack(patience: Literal["auto"] | None) -> Stack:
    """A training whose validation loss rises from the first epoch: the validated example's label is wrong."""
    settings = settings_of(1, (), 2, optimizer="sgd", batch_size=1, precision="float64")
    rule = EarlyStoppingConfig(monitor="validation_loss", patience=patience)
    member = member_of(settings, 1, 1, learning_rate=1.0, l2=0.0, epochs=8, stopping=rule)
    return Stack(settings, [member], pool_of(np.zeros((2, 1)), np.array([0, 1])))


def trained(stack: Stack) -> TrainedMember:
    (member,) = train_stack(stack)
    return member


def test_training_ends_with_the_weights_of_the_best_epoch() -> None:
    """b ← b + 1 − σ(2b) from 0: the losses log(1 + e²ᵇ) are 1.31, 1.73, 2.03, and 1.31 × 1.15 is 1.51.

    A resumed training ends in the same epoch.
    """
    whole, stack = trained(rising_stack(None)), rising_stack("auto")
    for _ in range(2):
        stack.run_epoch(diagnose=False, should_stop=lambda: False)
    checkpoint = Checkpoint.of(stack, seconds=0.0)
    resumed = checkpoint.stack(stack.settings, stack.members, stack.pool)
    assert (whole.outcome, whole.epochs, whole.best_epoch) == (Outcome.COMPLETED, 8, 1)
    for ended in (trained(rising_stack("auto")), trained(resumed)):
        assert (ended.outcome, ended.epochs, ended.best_epoch) == (Outcome.STOPPED_EARLY, 3, 1)
        assert ended.history[TRAIN_LOSS] == whole.history[TRAIN_LOSS][:3]
        assert np.array_equal(ended.parameters, whole.parameters)

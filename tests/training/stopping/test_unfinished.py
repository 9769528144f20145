"""The warning that training ended too soon: given only if the loss fell clearly and steps were few."""

from __future__ import annotations

import pytest

from fnnctl.training.stopping.unfinished import unfinished
from fnnctl.training.trainer import Outcome
from tests.training.recipes import settings_of

COMPLETED, STOPPED = Outcome.COMPLETED, Outcome.STOPPED_EARLY


def falling(epochs: int, step: float, last: float, column: str = "validation_loss") -> dict[str, list[float]]:
    """A loss that falls by `step` in every epoch."""
    return {"train_loss": [1.0] * epochs, column: [last + step * k for k in reversed(range(epochs))]}


def test_the_warning() -> None:
    """Of 40 epochs, the last four have the mean 0.2015, the four before 0.2055: 1.95 %; at 0.08, 4.9 %."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    assert not [*unfinished([(COMPLETED, falling(40, 0.001, 0.2))], settings, train_rows=120)]
    (told,) = unfinished([(COMPLETED, falling(40, 0.0025, 0.2))], settings, train_rows=100)
    assert told == (
        "validation_loss was still falling at the last epoch (120 steps, 3 per epoch), by 5% over "
        "the last 4 epochs: raise training.epochs, or lower training.batch_size to 32"
    )


@pytest.mark.parametrize(
    ("step", "last", "is_told"),
    [
        (0.0019, 0.1, True),
        (0.0018, 0.1, False),
        (0.0021, 0.4, True),
        (0.0021, 0.42, False),
        (-0.01, 1.0, False),
    ],
)
def test_a_clear_fall_is_one_of_0_0075_and_of_two_percent(step: float, last: float, is_told: bool) -> None:
    """Over four epochs the fall is 4·step; it is compared with 0.02·(last + 5.5·step)."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    assert bool([*unfinished([(COMPLETED, falling(40, step, last))], settings, train_rows=40)]) is is_told


def test_many_steps_few_epochs_and_other_ends_are_no_reason() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    steep = falling(40, 0.01, 0.1)
    assert not [*unfinished([(STOPPED, steep)], settings, train_rows=40)]
    assert not [*unfinished([(COMPLETED, falling(19, 0.01, 0.1))], settings, train_rows=40)]
    assert [*unfinished([(COMPLETED, steep)], settings, train_rows=50 * 40)]
    assert not [*unfinished([(COMPLETED, steep)], settings, train_rows=51 * 40)]


def test_without_a_validation_part_the_training_loss_counts() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=30)
    (told,) = unfinished([(COMPLETED, falling(40, 0.01, 0.1, "train_loss"))], settings, train_rows=40)
    assert told.startswith("train_loss was")
    assert told.endswith(": raise training.epochs")  # the batches are small


def test_half_of_the_folds_are_enough_and_the_median_is_shown() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, optimizer="lbfgs", batch_size=40)
    steep, flat = falling(40, 0.01, 0.1), falling(40, 0.0, 0.1)
    assert not [
        *unfinished([(COMPLETED, steep), (STOPPED, flat), (COMPLETED, flat)], settings, train_rows=40)
    ]
    ended = [(STOPPED, falling(25, 0.0, 0.1)), (COMPLETED, steep), (COMPLETED, flat), (COMPLETED, steep)]
    (told,) = unfinished(ended, settings, train_rows=40)
    assert told == (
        "validation_loss was still falling in 2 of 4 folds at the last epoch (40 steps, 1 per "
        "epoch), by 26% over the last 4 epochs: raise training.epochs"
    )

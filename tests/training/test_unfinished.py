"""The warning that training ended too soon: given only if the loss fell clearly and steps were few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from fnnctl.messages import sentences
from fnnctl.training.trainer import Outcome
from fnnctl.training.warnings import unfinished
from tests.training.recipes import settings_of

COMPLETED, STOPPED = Outcome.COMPLETED, Outcome.STOPPED_EARLY


@dataclass(frozen=True)
class Training:
    """How a training ended."""

    outcome: Outcome
    history: dict[str, list[float]]
    best_epoch: int | None = None


def falling(epochs: int, step: float, last: float, column: str = "validation_loss") -> dict[str, list[float]]:
    """A loss that falls by `step` in every epoch."""
    return {"train_loss": [1.0] * epochs, column: [last + step * k for k in reversed(range(epochs))]}


def test_the_warning() -> None:
    """Of 40 epochs, the last four have the mean 0.2015, the four before 0.2055: 1.95 %; at 0.08, 4.9 %."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    assert not [*unfinished([Training(COMPLETED, falling(40, 0.001, 0.2))], settings, train_rows=120)]
    (told,) = sentences(unfinished([Training(COMPLETED, falling(40, 0.0025, 0.2))], settings, train_rows=100))
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
    assert (
        bool([*unfinished([Training(COMPLETED, falling(40, step, last))], settings, train_rows=40)])
        is is_told
    )


def test_many_steps_few_epochs_and_other_ends_are_no_reason() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    steep = falling(40, 0.01, 0.1)
    assert not [*unfinished([Training(STOPPED, steep)], settings, train_rows=40)]
    assert [*unfinished([Training(COMPLETED, steep)], settings, train_rows=50 * 40)]
    assert not [*unfinished([Training(COMPLETED, falling(40, 0.0035, 0.5))], settings, train_rows=51 * 40)]
    assert [*unfinished([Training(COMPLETED, falling(40, 0.0035, 0.5))], settings, train_rows=50 * 40)]


@pytest.mark.parametrize("column", ["validation_loss", "train_loss"])
def test_after_few_epochs_the_last_must_clearly_be_the_best(column: str) -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    (told,) = sentences(
        unfinished([Training(COMPLETED, falling(2, 0.01, 0.2, column))], settings, train_rows=40)
    )
    assert told == (
        "only 2 epochs were trained (2 steps), and the last was the best: raise training.epochs, or lower "
        "training.batch_size to 32"
    )
    (told,) = sentences(
        unfinished([Training(COMPLETED, falling(1, 0.0, 0.2, column))], settings, train_rows=100)
    )
    assert told.startswith("only 1 epoch was trained (3 steps): raise training.epochs, or")
    for epochs, slope, is_told in (
        (19, 0.02, True),
        (19, 0.001, False),
        (20, 0.001, False),
        (19, 0.0, False),
        (2, -0.1, False),
    ):
        ended = [Training(COMPLETED, falling(epochs, slope, 0.9, column))]
        assert bool([*unfinished(ended, settings, train_rows=40)]) is is_told


def test_after_few_epochs_a_kept_earlier_epoch_is_no_reason() -> None:
    settings, two = settings_of(4, ((5, "relu"),), 3, batch_size=40), falling(2, 0.1, 0.2)
    (told,) = sentences(unfinished([Training(COMPLETED, two, 2)], settings, train_rows=40))
    assert told.endswith(": raise training.epochs, or lower training.batch_size to 32")
    assert not [*unfinished([Training(COMPLETED, two, 1)], settings, train_rows=40)]
    assert not [*unfinished([Training(STOPPED, two, 2)], settings, train_rows=40)]


def test_after_few_epochs_half_of_the_folds_are_enough() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=20)
    better, worse = (Training(COMPLETED, falling(3, slope, 0.9)) for slope in (0.1, -0.1))
    (told,) = sentences(unfinished([worse, better], settings, train_rows=40))
    assert told == (
        "only 3 epochs were trained (6 steps), and the last was the best in 1 of 2 folds: raise "
        "training.epochs"
    )
    assert not [*unfinished([worse, better, worse], settings, train_rows=40)]


def test_after_many_steps_the_loss_must_fall_fast() -> None:
    """Over four of 40 epochs it falls by 4·step, compared with 0.02 and with 0.03·(last + 5.5·step)."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    for step, last, is_told in ((0.0051, 0.5, True), (0.0049, 0.5, False), (0.0051, 0.7, False)):
        ended = [Training(COMPLETED, falling(40, step, last))]
        assert bool([*unfinished(ended, settings, train_rows=51 * 40)]) is is_told


def test_there_is_no_warning_if_the_weights_of_an_earlier_epoch_are_kept() -> None:
    """With 40 epochs, the last four: what early stopping monitors, such as the accuracy, was best before."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    steep = falling(40, 0.01, 0.1)
    for best_epoch, is_told in ((36, False), (37, True), (40, True)):
        ended = [Training(COMPLETED, steep, best_epoch)]
        assert bool([*unfinished(ended, settings, train_rows=40)]) is is_told


def annealed(epochs: int, losses: list[float]) -> dict[str, list[float]]:
    """A cosine that ends at 0, and these losses."""
    rates = 0.5 * (1 + np.cos(np.pi * np.arange(1, epochs + 1) / epochs))
    return {"learning_rate": rates.tolist(), "train_loss": [1.0] * epochs, "validation_loss": losses}


@pytest.mark.parametrize(("half", "last", "is_told"), [
    (0.65, 0.6, True), (0.64, 0.615, False), (1.0, 0.96, False), (1.0, 0.94, True),
])  # fmt: skip
def test_a_loss_that_falls_with_the_rate_is_compared_with_the_first_half(
    half: float, last: float, is_told: bool
) -> None:
    """It fell steeply in the last epochs, by 0.3; from the first half to the end by (half − last)."""
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    losses = [*np.linspace(2.0, half, 20), *[last + 0.3] * 16, *[last] * 4]
    ended = [Training(COMPLETED, annealed(40, losses))]
    told = [*unfinished(ended, settings, train_rows=40)]
    assert bool(told) is is_told
    assert all("over the last 20 epochs" in str(message) for message in told)
    assert not [*unfinished(ended, settings, train_rows=51 * 40)]  # after many steps this is no sign


def test_a_rate_that_hardly_falls_does_not_excuse_a_falling_loss() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=40)
    history = falling(40, 0.01, 0.1)
    for factor, is_told in ((0.9, True), (0.8, False)):  # to the fourth power: 0.66, 0.41
        rates = {"learning_rate": [factor**epoch for epoch in range(40)]}
        steady = {**history, "validation_loss": [1.0] * 20 + history["validation_loss"][20:]}
        steady["validation_loss"][0] = 0.1
        ended = [Training(COMPLETED, {**rates, **steady})]
        assert bool([*unfinished(ended, settings, train_rows=40)]) is is_told


def test_without_a_validation_part_the_training_loss_counts() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, batch_size=30)
    (told,) = sentences(
        unfinished([Training(COMPLETED, falling(40, 0.01, 0.1, "train_loss"))], settings, train_rows=40)
    )
    assert told.startswith("train_loss was")
    assert told.endswith(": raise training.epochs")  # the batches are small
    trained = [Training(COMPLETED, falling(40, 0.01, 0.1, "train_loss"))]
    (told,) = sentences(unfinished(trained, settings, train_rows=40, advice="raise search.budget.max_epochs"))
    assert told.endswith(": raise search.budget.max_epochs")


def test_half_of_the_folds_are_enough_and_the_median_is_shown() -> None:
    settings = settings_of(4, ((5, "relu"),), 3, optimizer="lbfgs", batch_size=40)
    steep, flat = falling(40, 0.01, 0.1), falling(40, 0.0, 0.1)
    assert not [
        *sentences(
            unfinished(
                [Training(COMPLETED, steep), Training(STOPPED, flat), Training(COMPLETED, flat)],
                settings,
                train_rows=40,
            )
        )
    ]
    ended = [
        Training(STOPPED, falling(25, 0.0, 0.1)),
        Training(COMPLETED, steep),
        Training(COMPLETED, flat),
        Training(COMPLETED, steep),
    ]
    (told,) = sentences(unfinished(ended, settings, train_rows=40))
    assert told == (
        "validation_loss was still falling in 2 of 4 folds at the last epoch (40 steps, 1 per "
        "epoch), by 26% over the last 4 epochs: raise training.epochs"
    )

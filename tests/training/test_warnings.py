"""Warnings of a training that ended too soon, with a useless network, or with dead units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fnnctl.messages import sentences
from fnnctl.training.diagnostics import dead_layer_notes, dead_layers
from fnnctl.training.trainer import Outcome
from fnnctl.training.warnings import exploded, unfinished
from tests.messages import Messages
from tests.training.recipes import settings_of

COMPLETED, STOPPED = Outcome.COMPLETED, Outcome.STOPPED_EARLY
SHAPE = settings_of(4, ((5, "relu"),), 3).shape
STEPS_51 = 51 * 40
"""Rows of 51 steps per epoch, so that 40 epochs are more than 2,000 steps."""


@dataclass(frozen=True)
class Training:
    """How a training ended."""

    outcome: Outcome
    history: dict[str, list[float]]
    best_epoch: int | None = None


def falling(epochs: int, step: float, last: float, column: str = "validation_loss") -> dict[str, list[float]]:
    """A loss that falls by `step` in every epoch."""
    return {"train_loss": [1.0] * epochs, column: [last + step * k for k in reversed(range(epochs))]}


def completed(*arguments: Any, best: int | None = None) -> Training:
    return Training(COMPLETED, falling(*arguments), best)


def warning(
    *trained: Training,
    rows: int = 40,
    optimizer: str = "adam",
    batch_size: int = 40,
    advice: str | None = None,
) -> str:
    settings = settings_of(4, ((5, "relu"),), 3, optimizer=optimizer, batch_size=batch_size)
    return "\n".join(sentences(unfinished(trained, settings, train_rows=rows, advice=advice)))


STEEP, FLAT = completed(40, 0.01, 0.1), completed(40, 0.0, 0.1)
RISING = completed(3, -0.1, 0.9)
TOLD: dict[str, tuple[list[Training], dict[str, Any]]] = {
    # of 40 epochs, the last four have the mean 0.20375, the four before 0.21375: 4.7 %
    "a fall": ([completed(40, 0.0025, 0.2)], {"rows": 100}),
    "a fall of the training loss, with small batches": (
        [completed(40, 0.01, 0.1, "train_loss")],
        {"batch_size": 30},
    ),
    "other advice": ([STEEP], {"advice": "raise search.budget.max_epochs"}),
    "in half of the folds, with the median": (
        [Training(STOPPED, falling(25, 0.0, 0.1)), STEEP, FLAT, STEEP],
        {"optimizer": "lbfgs"},
    ),
    "two epochs": ([completed(2, 0.01, 0.2)], {}),
    "a single epoch, by the training loss": ([completed(1, 0.0, 0.2, "train_loss")], {"rows": 100}),
    "few epochs in half of the folds": ([RISING, completed(3, 0.1, 0.9)], {"batch_size": 20}),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_of_a_training_that_ended_too_soon(name: str, messages: Messages) -> None:
    trained, options = TOLD[name]
    messages.check(warning(*trained, **options))


@pytest.mark.parametrize(
    ("step", "last", "rows", "is_warned"),
    [
        # Over four epochs the fall is 4·step. It has to be 0.0075, and 0.02·(last + 5.5·step).
        (0.0019, 0.1, 40, True),
        (0.0018, 0.1, 40, False),
        (0.0021, 0.4, 40, True),
        (0.0021, 0.42, 40, False),
        (-0.01, 1.0, 40, False),
        # 2,000 steps are few. After more it has to be 0.02, and 0.03·(last + 5.5·step).
        (0.0035, 0.5, 50 * 40, True),
        (0.0035, 0.5, STEPS_51, False),
        (0.0051, 0.5, STEPS_51, True),
        (0.0049, 0.5, STEPS_51, False),
        (0.0051, 0.7, STEPS_51, False),
    ],
)
def test_a_clear_fall(step: float, last: float, rows: int, is_warned: bool) -> None:
    assert bool(warning(completed(40, step, last), rows=rows)) is is_warned


@pytest.mark.parametrize(
    ("epochs", "slope", "is_warned"),
    [(19, 0.02, True), (19, 0.001, False), (20, 0.001, False), (19, 0.0, False), (2, -0.1, False)],
)
def test_after_few_epochs_the_last_must_clearly_be_the_best(
    epochs: int, slope: float, is_warned: bool
) -> None:
    for column in ("validation_loss", "train_loss"):
        assert bool(warning(completed(epochs, slope, 0.9, column))) is is_warned


@pytest.mark.parametrize(
    ("ended", "is_warned"),
    [
        ([Training(STOPPED, STEEP.history)], False),
        ([Training(STOPPED, falling(2, 0.1, 0.2), 2)], False),
        ([completed(40, 0.01, 0.1, best=36)], False),
        ([completed(40, 0.01, 0.1, best=37)], True),
        ([completed(2, 0.1, 0.2, best=1)], False),
        ([completed(2, 0.1, 0.2, best=2)], True),
        ([RISING, completed(3, 0.1, 0.9), RISING], False),
        ([STEEP, Training(STOPPED, FLAT.history), FLAT], False),
    ],
)
def test_other_ends_earlier_epochs_and_few_folds_are_no_reason(
    ended: list[Training], is_warned: bool
) -> None:
    """The weights of an epoch before the last tenth are kept, because what is monitored was best there."""
    assert bool(warning(*ended)) is is_warned


@pytest.mark.parametrize(
    ("half", "last", "is_warned"),
    [(0.65, 0.6, True), (0.64, 0.615, False), (1.0, 0.96, False), (1.0, 0.94, True)],
)
def test_a_loss_that_falls_with_the_rate_is_compared_with_the_first_half(
    half: float, last: float, is_warned: bool
) -> None:
    """It fell steeply in the last epochs, by 0.3; from the first half to the end by (half − last)."""
    losses = [*np.linspace(2.0, half, 20).tolist(), *[last + 0.3] * 16, *[last] * 4]
    rates = (0.5 * (1 + np.cos(np.pi * np.arange(1, 41) / 40))).tolist()
    history = {"learning_rate": rates, "train_loss": [1.0] * 40, "validation_loss": losses}
    assert ("over the last 20 epochs" in warning(Training(COMPLETED, history))) is is_warned
    assert not warning(Training(COMPLETED, history), rows=STEPS_51)  # after many steps this is no sign


@pytest.mark.parametrize(("factor", "is_warned"), [(0.9, True), (0.8, False)])
def test_a_rate_that_hardly_falls_does_not_excuse_a_falling_loss(factor: float, is_warned: bool) -> None:
    """To the fourth power it is 0.66 or 0.41."""
    losses = [0.1, *[1.0] * 19, *STEEP.history["validation_loss"][20:]]
    rates = [factor**epoch for epoch in range(40)]
    history = {"learning_rate": rates, "train_loss": [1.0] * 40, "validation_loss": losses}
    assert bool(warning(Training(COMPLETED, history))) is is_warned


def ending_at(train: float, validation: float | None) -> dict[str, list[float]]:
    """Losses that were 1 before."""
    both = {"train_loss": train, "validation_loss": validation}
    return {name: [1.0, loss] for name, loss in both.items() if loss is not None}


def explosion_warning(
    *trained: tuple[Outcome, dict[str, list[float]]], rate: float | None = 0.05, scaled: bool = True
) -> str:
    return "\n".join(sentences(exploded(trained, SHAPE, steadier_rate=rate, scaled=scaled)))


def test_what_is_told_of_a_loss_that_exploded(messages: Messages) -> None:
    """Of folds one is enough, because it affects the means."""
    huge = COMPLETED, ending_at(3.0, 2.4e14)
    messages.check(explosion_warning(huge))
    messages.check(explosion_warning(huge, scaled=False))
    messages.check(explosion_warning(huge, rate=None))
    messages.check(explosion_warning((COMPLETED, ending_at(1e9, None))))
    messages.check(explosion_warning(*[(COMPLETED, ending_at(0.1, loss)) for loss in (0.2, 1e5, 3e4)]))


@pytest.mark.parametrize(
    ("train", "validation", "is_warned"),
    [
        (0.0, 30.0, False),  # the worst network that memorized random labels
        (0.0, 99.0, False),
        (0.0, 101.0, True),
        (9.0, 50.0, False),
        (11.0, 9.0, False),
        (11.0, 12.0, True),
        (50.0, None, False),
        (101.0, None, True),
        (float("inf"), 0.5, False),
    ],
)
def test_in_multiples_of_the_loss_of_guessing(
    train: float, validation: float | None, is_warned: bool
) -> None:
    losses = ending_at(math.log(3) * train, None if validation is None else math.log(3) * validation)
    assert bool(explosion_warning((COMPLETED, losses))) is is_warned


def test_a_loss_that_came_back_or_a_training_without_an_end_has_not_exploded() -> None:
    nothing = {"train_loss": [math.nan], "validation_loss": [math.nan]}
    came_back = {"train_loss": [1.0, 1e9, 0.5], "validation_loss": [1.0, 1e9, 0.6]}
    huge = ending_at(1.0, 1e9)
    assert not explosion_warning(
        (COMPLETED, came_back), (Outcome.DIVERGED, nothing), (Outcome.INTERRUPTED, huge)
    )
    assert explosion_warning((STOPPED, huge))


@pytest.mark.parametrize(
    ("dead", "notes", "warnings"),
    [
        (0.49, [False, False], [False, False]),
        (0.5, [False, False], [True, False]),
        (0.74, [False, False], [True, False]),
        (0.75, [True, True], [True, False]),
        (0.89, [True, True], [True, False]),
        (0.9, [True, False], [True, True]),
    ],
)
def test_dead_units_are_warned_of_and_with_a_recipe_noted_before(
    dead: float, notes: list[bool], warnings: list[bool]
) -> None:
    history = {"dead_1": [0.2, dead]}
    assert [bool([*dead_layer_notes(history, SHAPE, below=most)]) for most in (math.inf, 0.9)] == notes
    assert [bool([*dead_layers(history, SHAPE, has_recipe=has)]) for has in (False, True)] == warnings


def test_what_is_told_of_dead_units(messages: Messages) -> None:
    (warning,) = sentences(dead_layers({"dead_1": [0.2, 0.95]}, SHAPE))
    messages.check(warning)
    (note,) = dead_layer_notes({"dead_1": [0.2, 0.95]}, SHAPE)
    messages.check(note)

"""The warning about an exploded loss: given for networks that failed, not for those that overfit."""

from __future__ import annotations

import math

import pytest

from fnnctl.messages import sentences
from fnnctl.training.trainer import Outcome
from fnnctl.training.warnings import exploded
from tests.training.recipes import settings_of

SHAPE = settings_of(4, ((5, "relu"),), 3).shape
GUESSING = math.log(3)
COMPLETED = Outcome.COMPLETED


def ending_at(train: float, validation: float | None) -> dict[str, list[float]]:
    history = {"train_loss": [1.0, train]}
    return history if validation is None else {**history, "validation_loss": [1.0, validation]}


def told(
    *trained: tuple[Outcome, dict[str, list[float]]], rate: float | None = 0.05, scaled: bool = True
) -> str:
    return "\n".join(sentences(exploded(trained, SHAPE, steadier_rate=rate, scaled=scaled)))


def test_the_warning() -> None:
    huge = COMPLETED, ending_at(3.0, 2.4e14)
    assert told(huge) == (
        "validation_loss exploded: it ended at 2.4e+14, but guessing gives 1.1. "
        "Try a smaller training.optimizer.learning_rate, such as 0.05"
    )
    assert told(huge, scaled=False).endswith("such as 0.05, or data.scaling: standardize")
    assert told(huge, rate=None).endswith(
        "Try a larger training.l2, or another training.optimizer, such as adam"
    )
    assert told((COMPLETED, ending_at(1e9, None))).startswith("train_loss exploded: it ended at 1e+09")


@pytest.mark.parametrize(
    ("train", "validation", "is_told"),
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
def test_in_multiples_of_the_loss_of_guessing(train: float, validation: float | None, is_told: bool) -> None:
    losses = ending_at(GUESSING * train, None if validation is None else GUESSING * validation)
    assert bool(told((COMPLETED, losses))) is is_told


def test_a_loss_that_came_back_is_none() -> None:
    assert not told((COMPLETED, {"train_loss": [1.0, 1e9, 0.5], "validation_loss": [1.0, 1e9, 0.6]}))


def test_no_warning_after_divergence_or_interruption() -> None:
    nothing = {"train_loss": [math.nan], "validation_loss": [math.nan]}
    assert not told((Outcome.DIVERGED, nothing), (Outcome.INTERRUPTED, ending_at(1.0, 1e9)))
    assert told((Outcome.STOPPED_EARLY, ending_at(1.0, 1e9)))


def test_of_folds_one_is_enough() -> None:
    """It affects the means."""
    folds = [(COMPLETED, ending_at(0.1, loss)) for loss in (0.2, 1e5, 3e4)]
    assert told(*folds).startswith("validation_loss exploded in 2 of 3 folds: it ended at 1e+05, but")

"""A regression is compared with the mean by two paired tests."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.messages import Message
from fnnctl.tasks.regression.warnings import baseline_warning
from fnnctl.tasks.warnings import NO_BETTER, TrainingOutcome

HERE = "on the test part"


def warning(rows: int, gain: float, seed: int = 0) -> Message | None:
    """The warning for estimates that explain the share `gain` of normal targets' deviations."""
    targets = np.random.default_rng(seed).normal(10, 2, size=rows)
    return baseline_warning(targets, 10 + gain * (targets - 10), np.full(rows, 10.0), where=HERE)


@pytest.mark.parametrize(("gain", "is_told"), [(0.9, False), (0.1, False), (0.0, True), (-0.1, True)])
def test_smaller_errors_are_better(gain: float, is_told: bool) -> None:
    assert (warning(200, gain) is not None) is is_told


def test_the_warning() -> None:
    rng = np.random.default_rng(1)
    targets, noise = rng.normal(10, 2, size=(2, 80))
    told = baseline_warning(targets, noise, np.full(80, 10.0), where=HERE)
    assert told is not None
    own, guessed = (np.sqrt(np.mean(np.square(targets - each))) for each in (noise, 10.0))
    assert told.is_severe
    assert told == Message(
        NO_BETTER,
        f"the root mean squared error on the test part, {own:.4g}, is not smaller than with the mean of the "
        f"training targets ({guessed:.4g}) by more than chance (p = 1.000): try more epochs, another "
        "learning rate or other columns",
    )


def test_the_best_epoch_decides_the_advice() -> None:
    targets = np.random.default_rng(1).normal(10, 2, size=80)
    told = baseline_warning(
        targets, np.zeros(80), np.full(80, 10.0), where=HERE, training=TrainingOutcome(32, 4)
    )
    assert told is not None
    assert told.sentence.endswith("more epochs will not help; the columns may say nothing about the target")


def test_few_rows_are_said_to_be_few() -> None:
    """With five rows the sign test has p = 1/32 at best, and half the level is 0.025; six have 1/64."""
    targets = np.array([1.0, 2.0, 3.0, 4.0, 90.0, 5.0])
    for rows, is_told in ((5, True), (6, False)):
        told = baseline_warning(targets[:rows], targets[:rows] + 0.1, np.zeros(rows), where=HERE)
        assert (told is not None) is is_told
        assert told is None or told.sentence.endswith("5 rows are too few to tell")


def test_a_single_huge_error_does_not_hide_what_was_learned() -> None:
    """All estimates but one are nearly right. The t-test has no power; the sign test has."""
    targets = np.array([*np.linspace(-1, 1, 40), 100.0])
    estimates = np.array([*np.linspace(-1, 1, 40) * 0.9, 1.0])
    assert baseline_warning(targets, estimates, np.zeros(41), where=HERE) is None


def test_errors_that_are_often_smaller_but_larger_on_average_are_not_better() -> None:
    targets = np.array([*np.full(40, 1.0), *np.full(10, 5.0)])
    estimates = np.array([*np.full(40, 0.9), *np.full(10, -5.0)])
    assert baseline_warning(targets, estimates, np.zeros(50), where=HERE) is not None


def test_guesses_are_rarely_taken_for_knowledge() -> None:
    rng, silent = np.random.default_rng(0), 0
    for _ in range(400):
        targets = rng.normal(size=60)
        estimates = 0.05 * rng.normal(size=60)
        silent += baseline_warning(targets, estimates, np.zeros(60), where=HERE) is None
    assert silent < 0.08 * 400


def test_targets_unlike_those_of_the_training_part_are_told() -> None:
    """The network is right to expect less than 100, but the mean of these rows would be better still."""
    targets = np.linspace(1.0, 3.0, 60)
    told = baseline_warning(targets, targets + 5, np.full(60, 100.0), where=HERE)
    assert told == Message(
        "shifted_targets",
        "R² on the test part is negative although the errors are smaller than with the mean of the training "
        "targets: that mean is 100, and here it is 2; if the rows are ordered by time or come from several "
        "groups, see data.split",
    )
    assert baseline_warning(targets, targets + 0.1, np.full(60, 100.0), where=HERE) is None


def test_large_numbers_are_written_as_in_reports() -> None:
    targets = 38_000 * np.linspace(1.0, 3.0, 60)
    told = baseline_warning(targets, targets + 190_000, np.full(60, 3_800_000.0), where=HERE)
    assert "that mean is 3,800,000, and here it is 76,000; " in str(told)

"""A regression is compared with the mean by two paired tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.messages import Message
from fnnctl.metrics.rows import ErrorRows
from fnnctl.tasks.regression.warnings import baseline_warning
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome
from tests.messages import Messages

HERE = "on the test part"


def warning_of(
    targets: FloatArray, estimates: FloatArray, baseline: FloatArray, **context: Any
) -> Message | None:
    return baseline_warning(ErrorRows(targets, estimates), baseline, **context)


def warning(rows: int, gain: float, seed: int = 0) -> Message | None:
    """The warning for estimates that explain the share `gain` of normal targets' deviations."""
    targets = np.random.default_rng(seed).normal(10, 2, size=rows)
    return warning_of(targets, 10 + gain * (targets - 10), np.full(rows, 10.0), where=HERE)


@pytest.mark.parametrize(("gain", "is_told"), [(0.9, False), (0.1, False), (0.0, True), (-0.1, True)])
def test_smaller_errors_are_better(gain: float, is_told: bool) -> None:
    assert (warning(200, gain) is not None) is is_told


def test_the_warning(messages: Messages) -> None:
    """The root mean squared errors are 2.531 and 1.688."""
    targets, noise = np.random.default_rng(1).normal(10, 2, size=(2, 80))
    assert np.sqrt(np.square(targets - noise).mean()) == pytest.approx(2.531, abs=5e-4)
    assert np.sqrt(np.square(targets - 10).mean()) == pytest.approx(1.688, abs=5e-4)
    for training in (UNKNOWN, TrainingOutcome(32, 4)):
        no_better = warning_of(targets, noise, np.full(80, 10.0), where=HERE, training=training)
        assert no_better is not None
        assert (no_better.kind, no_better.is_severe) == (NO_BETTER, True)
        messages.check(no_better)


def test_few_rows_are_said_to_be_few(messages: Messages) -> None:
    """With five rows the sign test has p = 1/32 at best, and half the level is 0.025; six have 1/64."""
    targets = np.array([1.0, 2.0, 3.0, 4.0, 90.0, 5.0])
    five, six = (
        warning_of(targets[:rows], targets[:rows] + 0.1, np.zeros(rows), where=HERE) for rows in (5, 6)
    )
    messages.check(five)
    assert six is None


def test_a_single_huge_error_does_not_hide_what_was_learned() -> None:
    """All estimates but one are nearly right. The t-test has no power; the sign test has."""
    targets = np.array([*np.linspace(-1, 1, 40), 100.0])
    estimates = np.array([*np.linspace(-1, 1, 40) * 0.9, 1.0])
    assert warning_of(targets, estimates, np.zeros(41), where=HERE) is None


def test_errors_that_are_often_smaller_but_larger_on_average_are_not_better() -> None:
    targets = np.array([*np.full(40, 1.0), *np.full(10, 5.0)])
    estimates = np.array([*np.full(40, 0.9), *np.full(10, -5.0)])
    assert warning_of(targets, estimates, np.zeros(50), where=HERE) is not None


def test_guesses_are_rarely_taken_for_knowledge() -> None:
    rng, silent = np.random.default_rng(0), 0
    for _ in range(400):
        targets = rng.normal(size=60)
        estimates = 0.05 * rng.normal(size=60)
        silent += warning_of(targets, estimates, np.zeros(60), where=HERE) is None
    assert silent < 0.08 * 400


def test_targets_unlike_those_of_the_training_part_are_told(messages: Messages) -> None:
    """The network is right to expect less than 100, but the mean of these rows would be better still."""
    targets, means = np.linspace(1.0, 3.0, 60), np.full(60, 100.0)
    for scale in (1, 38_000):
        messages.check(warning_of(scale * targets, scale * (targets + 5), scale * means, where=HERE))
    assert warning_of(targets, targets + 0.1, means, where=HERE) is None

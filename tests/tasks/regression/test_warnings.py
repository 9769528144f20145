"""A regression is compared with the mean by two paired tests."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.messages import Message
from fnnctl.metrics.rows import ErrorRows, Quantiles
from fnnctl.tasks.regression import warnings
from fnnctl.tasks.warnings import NO_BETTER, UNKNOWN, TrainingOutcome
from tests.messages import Messages

HERE = "on the test part"


def baseline_warning(
    targets: FloatArray, estimates: FloatArray, baseline: FloatArray, training: TrainingOutcome = UNKNOWN
) -> Message | None:
    rows, constant = ErrorRows(targets, estimates), ErrorRows(targets, baseline)
    return warnings.baseline_warning(rows, constant, where=HERE, training=training)


def warning(rows: int, gain: float, seed: int = 0) -> Message | None:
    """The warning for estimates that explain the share `gain` of normal targets' deviations."""
    targets = np.random.default_rng(seed).normal(10, 2, size=rows)
    return baseline_warning(targets, 10 + gain * (targets - 10), np.full(rows, 10.0))


@pytest.mark.parametrize(("gain", "is_told"), [(0.9, False), (0.1, False), (0.0, True), (-0.1, True)])
def test_smaller_errors_are_better(gain: float, is_told: bool) -> None:
    assert (warning(200, gain) is not None) is is_told


def test_the_warning(messages: Messages) -> None:
    """The root mean squared errors are 2.531 and 1.688."""
    targets, noise = np.random.default_rng(1).normal(10, 2, size=(2, 80))
    assert np.sqrt(np.square(targets - noise).mean()) == pytest.approx(2.531, abs=5e-4)
    assert np.sqrt(np.square(targets - 10).mean()) == pytest.approx(1.688, abs=5e-4)
    for training in (UNKNOWN, TrainingOutcome(32, 4)):
        no_better = baseline_warning(targets, noise, np.full(80, 10.0), training=training)
        assert no_better is not None
        assert (no_better.kind, no_better.is_severe) == (NO_BETTER, True)
        messages.check(no_better)


def test_few_rows_are_said_to_be_few(messages: Messages) -> None:
    """With five rows the sign test has p = 1/32 at best, and half the level is 0.025; six have 1/64."""
    targets = np.array([1.0, 2.0, 3.0, 4.0, 90.0, 5.0])
    five, six = (baseline_warning(targets[:rows], targets[:rows] + 0.1, np.zeros(rows)) for rows in (5, 6))
    messages.check(five)
    assert six is None


def test_a_single_huge_error_does_not_hide_what_was_learned() -> None:
    """All estimates but one are nearly right. The t-test has no power; the sign test has."""
    targets = np.array([*np.linspace(-1, 1, 40), 100.0])
    estimates = np.array([*np.linspace(-1, 1, 40) * 0.9, 1.0])
    assert baseline_warning(targets, estimates, np.zeros(41)) is None


def test_errors_that_are_often_smaller_but_larger_on_average_are_not_better() -> None:
    targets = np.array([*np.full(40, 1.0), *np.full(10, 5.0)])
    estimates = np.array([*np.full(40, 0.9), *np.full(10, -5.0)])
    assert baseline_warning(targets, estimates, np.zeros(50)) is not None


def test_guesses_are_rarely_taken_for_knowledge() -> None:
    rng, silent = np.random.default_rng(0), 0
    for _ in range(400):
        targets = rng.normal(size=60)
        estimates = 0.05 * rng.normal(size=60)
        silent += baseline_warning(targets, estimates, np.zeros(60)) is None
    assert silent < 0.08 * 400


def test_targets_unlike_those_of_the_training_part_are_told(messages: Messages) -> None:
    """The network is right to expect less than 100, but the mean of these rows would be better still."""
    targets, means = np.linspace(1.0, 3.0, 60), np.full(60, 100.0)
    for scale in (1, 38_000):
        messages.check(baseline_warning(scale * targets, scale * (targets + 5), scale * means))
    assert baseline_warning(targets, targets + 0.1, means) is None


def test_quantiles_are_compared_by_their_pinball_loss(messages: Messages) -> None:
    """Of a normal target with mean 10 and deviation 2, and of one whose mean is known up to 0.2."""
    rng = np.random.default_rng(0)
    means = rng.normal(10, 2, 100)
    targets, constant = means + rng.normal(0, 0.2, 100), np.full(100, 10.0)

    def rows(medians: FloatArray, distance: float) -> ErrorRows:
        values = medians[:, None] + distance * np.array([-1.0, 0.0, 1.0])
        return ErrorRows(targets, medians, quantiles=Quantiles((0.1, 0.5, 0.9), values))

    baseline = rows(constant, 2.6)
    assert warnings.baseline_warning(rows(means, 0.26), baseline, where=HERE) is None
    messages.check(warnings.baseline_warning(rows(constant + 1.0, 2.6), baseline, where=HERE))

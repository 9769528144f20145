"""The rules that stop trials, by hand and against curves whose continuation is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fnnctl.search.curves import Curves, chance_to_beat, extrapolation_reason, median_reason

T = np.arange(1.0, 82.0)


def curves(own: list[float], others: list[list[float]], best: float | None = None, full: int = 81) -> Curves:
    """What is known of whole curves, of which `own` is the shortest that counts."""
    n = len(own)
    means = sorted(math.fsum(each[:n]) / n for each in others if len(each) >= n)
    return Curves(range(1, n + 1), own, means, best, full)


def chance(best: float, losses: list[float], *, full: int) -> float:
    return chance_to_beat(best, losses, range(1, len(losses) + 1), full=full)


OTHERS = [[1.0, 0.5], [1.0, 0.7], [0.8, 0.4], [0.9, 0.9], [0.6, 0.2]]
"""Their means over two epochs are 0.75, 0.85, 0.6, 0.9 and 0.4: the median is 0.75."""


@pytest.mark.parametrize(("own", "stops"), [([2.0, 0.76], True), ([2.0, 0.75], False), ([0.7, 5.0], False)])
def test_the_best_loss_so_far_is_compared_with_the_median_of_the_others_means(
    own: list[float], stops: bool
) -> None:
    assert (median_reason(curves(own, OTHERS)) is not None) is stops


def test_the_median_is_that_of_the_same_epoch() -> None:
    longer = [[*each, 0.0, 0.0] for each in OTHERS]
    assert median_reason(curves([2.0, 0.76], longer)) == "worse than the median of 5 other trials"


def test_trials_that_have_not_come_so_far_do_not_count() -> None:
    assert median_reason(curves([2.0, 0.76], [*OTHERS[:4], [0.1]])) is None


def test_a_diverged_trial_is_worse_than_any() -> None:
    assert median_reason(curves([2.0, 0.9], [[1.0, math.inf], [2.0, math.inf], *OTHERS[:3]])) is not None
    assert median_reason(curves([2.0, 0.9], [[math.inf, math.inf]] * 3 + OTHERS[:2])) is None


def test_without_a_finished_trial_or_with_few_epochs_nothing_is_extrapolated() -> None:
    flat = [0.9, 0.9, 0.9, 0.9, 0.9]
    assert extrapolation_reason(curves(flat, [], None)) is None
    assert extrapolation_reason(curves(flat[:3], [], 0.1)) is None
    assert extrapolation_reason(curves(flat, [], 0.1)) == "a chance of 0.0% to beat the best trial"


@pytest.mark.parametrize("noise", [0.0, 0.005, 0.02])
@pytest.mark.parametrize("seen", [9, 18, 45])
@pytest.mark.parametrize(
    "curve", [0.1 + 0.9 / T, 0.2 + 0.6 * T**-0.5, 0.1 + 0.8 * np.exp(-T / 16), np.full(81, 0.3)]
)
def test_what_a_curve_will_beat_and_what_not(curve: np.ndarray, seen: int, noise: float) -> None:
    """A best trial far above its end is beaten; one below anything that it comes to is not.

    What falls steadily may fall further: such a curve has a chance until it bends.
    """
    y = curve + np.random.default_rng(3).normal(0, noise, 81) if noise else curve
    losses = list(map(float, y[:seen]))
    assert chance(float(curve[-1]) + 0.2, losses, full=81) > 0.5
    still_falls = curve[seen - 1] - curve[-1] > 0.1
    assert chance(float(curve[-1]) - 0.3, losses, full=81) < (0.9 if still_falls else 0.1)


def test_the_chance_grows_with_the_best_loss_and_is_a_probability() -> None:
    losses = list(map(float, (0.2 + 0.6 / T + np.random.default_rng(1).normal(0, 0.01, 81))[:18]))
    chances = [chance(best, losses, full=81) for best in np.linspace(-1, 2, 61)]
    assert chances == sorted(chances)
    assert chances[0] == pytest.approx(0, abs=1e-6)
    assert chances[-1] == pytest.approx(1, abs=1e-6)


def test_the_chances_are_calibrated_roughly() -> None:
    """Of curves that follow a power law with noise, about as many end below a bound as are said to."""
    rng = np.random.default_rng(0)
    said, happened = [], []
    for _ in range(400):
        a, b, c = rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.8), rng.choice([0.5, 1.0, 1.5])
        y = a + b * T**-c + rng.normal(0, 0.01, 81)
        best = float(y[-1] + rng.normal(0, 0.03))
        said.append(chance(best, list(map(float, y[:18])), full=81))
        happened.append(y[-1] < best)
    assert np.mean(said) == pytest.approx(np.mean(happened), abs=0.07)
    unlikely = np.array(happened)[np.array(said) < 0.05]
    assert unlikely.size > 50
    assert unlikely.mean() < 0.1


def test_direction_and_scale_do_not_matter() -> None:
    losses = list(map(float, 0.2 + 0.6 / T[:18] + np.random.default_rng(2).normal(0, 0.01, 18)))
    plain = chance(0.25, losses, full=81)
    scaled = chance(2500.0, [each * 1e4 for each in losses], full=81)
    assert scaled == pytest.approx(plain, rel=1e-6)
    shifted = chance(0.25 - 0.9, [each - 0.9 for each in losses], full=81)
    assert shifted == pytest.approx(plain, rel=1e-6)


def test_losses_after_some_epochs_only_say_about_the_same() -> None:
    """The curve 0.1 + 0.9/t after each ninth epoch: its end is 0.111."""
    epochs = range(9, 55, 9)
    losses = [0.1 + 0.9 / t for t in epochs]
    assert chance_to_beat(0.13, losses, epochs, full=81) > 0.9
    assert chance_to_beat(0.09, losses, epochs, full=81) < 0.1


def test_the_median_of_an_even_number_is_the_middle_of_two() -> None:
    assert median_reason(curves([0.7], [[0.5], [0.6], [0.8], [0.9]])) is None
    assert median_reason(curves([0.71], [[0.5], [0.6], [0.8], [0.9]])) is not None

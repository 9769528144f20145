from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import erfcx
from scipy.stats import norm

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.acquisition import (
    ASYMPTOTIC_BELOW,
    NEAR,
    STARTS,
    log_h,
    log_improvement,
    log_improvement_with_gradient,
    near_best,
    promising,
    spread,
    starts,
)
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.process import Parameters, Process
from tests.search.spaces import space

RNG = np.random.default_rng(0)
POINTS, OTHERS = RNG.random((20, 2)), RNG.random((10, 2))
PROCESS = Process(POINTS, np.sin(6 * POINTS).sum(axis=1), Parameters(np.array([9.0, 4.0]), 1.0, 1e-6))


class TestLogH:
    def test_near_0_and_above(self) -> None:
        z = np.linspace(-3, 40, 87)
        np.testing.assert_allclose(log_h(z)[0], np.log(norm.pdf(z) + z * norm.cdf(z)), rtol=1e-12, atol=1e-12)

    def test_below_0(self) -> None:
        """φ(z) + zΦ(z) = φ(z) (1 + √(π/2) z erfcx(−z/√2))."""
        z = -np.linspace(1, 60, 500)
        expected = norm.logpdf(z) + np.log1p(np.sqrt(np.pi / 2) * z * erfcx(-z / np.sqrt(2)))
        # the reference itself loses z² units in the last place
        np.testing.assert_allclose(log_h(z)[0], expected, rtol=1e-10)

    def test_very_far_below_0(self) -> None:
        """h is the integral of Φ, and about φ/z²."""
        z = np.array([-1e3, -1e5, -1e8])
        np.testing.assert_allclose(log_h(z)[0], norm.logpdf(z) - 2 * np.log(-z), rtol=1e-11)
        assert np.isfinite(log_h(z)[1]).all()

    def test_the_slope_agrees_with_central_differences(self) -> None:
        z = np.array([-500.0, -30.0, -19.0, -3.0, 0.0, 2.0, 9.0])
        step = 1e-5 * np.maximum(1.0, np.abs(z))
        numeric = (log_h(z + step)[0] - log_h(z - step)[0]) / (2 * step)
        np.testing.assert_allclose(log_h(z)[1], numeric, rtol=1e-6)

    def test_both_formulas_meet(self) -> None:
        z = np.array([np.nextafter(ASYMPTOTIC_BELOW, -np.inf), ASYMPTOTIC_BELOW])
        (below, above), (left, right) = log_h(z)
        np.testing.assert_allclose(below, above, rtol=1e-13)
        np.testing.assert_allclose(left, right, rtol=1e-10)


class TestImprovement:
    def test_it_is_the_expectation(self) -> None:
        mean, variance = (float(part[0]) for part in PROCESS.predict(OTHERS[:1]))
        best = mean + 0.1
        draws = mean + np.sqrt(variance) * np.random.default_rng(1).standard_normal(400_000)
        expected = np.maximum(best - draws, 0.0).mean()
        np.testing.assert_allclose(np.exp(log_improvement(PROCESS, OTHERS[:1], best)[0]), expected, rtol=0.01)

    def test_the_gradient_agrees_with_central_differences(self) -> None:
        for best in (-3.0, -1.0, 0.5):
            value, gradient = log_improvement_with_gradient(PROCESS, OTHERS, best)
            np.testing.assert_allclose(value, log_improvement(PROCESS, OTHERS, best), rtol=1e-7)
            for k, move in enumerate(np.eye(2) * 1e-6):
                up, down = (log_improvement(PROCESS, OTHERS + sign * move, best) for sign in (1, -1))
                np.testing.assert_allclose(gradient[:, k], (up - down) / 2e-6, rtol=1e-5, atol=1e-5)


OPEN: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"uniform": [0, 1]}}
MIXED: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"integer": [1, 900]}}
LEVELS: dict[str, Any] = {"x": {"integer": [1, 500]}, "y": {"integer": [1, 900]}}
SMALL: dict[str, Any] = {"x": {"integer": [1, 20]}, "y": {"integer": [1, 30]}}


def process(seed: int, made: Cube) -> Process:
    points = made.snapped(np.random.default_rng(seed).random((12, 2)))
    y = np.square(points - [0.3, 0.8]).sum(axis=1) * 6 - 1
    return Process(points, y, Parameters(np.array([3.0, 6.0]), 1.0, 1e-6))


def everything(points: FloatArray) -> FloatArray:
    return points


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("plain", [OPEN, MIXED, LEVELS, SMALL], ids=["open", "mixed", "levels", "small"])
def test_it_finds_the_best_point_of_a_fine_grid(plain: dict[str, Any], seed: int) -> None:
    made = Cube(space(plain))
    model = process(seed, made)
    best = float(model.y.min())
    side = np.linspace(0, 1, 201)
    grid = made.snapped(np.stack([each.ravel() for each in np.meshgrid(side, side)], axis=1))
    highest = log_improvement(model, grid, best).max()
    found = promising(model, made, best, np.random.default_rng(0), everything)
    values = log_improvement(model, found, best)
    assert values[0] >= highest - 1e-9
    assert (np.diff(values) <= 0).all()
    np.testing.assert_array_equal(found, made.snapped(found))


@pytest.mark.parametrize("plain", [OPEN, SMALL], ids=["open", "small"])
def test_drawn_points_fulfil_the_constraints(plain: dict[str, Any]) -> None:
    made = Cube(space(plain))
    model, rng = process(0, made), np.random.default_rng(0)
    points = promising(model, made, float(model.y.min()), rng, lambda points: points[points[:, 0] > 0.5])
    assert (points[:, 0] > 0.5).sum() > 200
    assert (points[:, 0] <= 0.5).sum() <= STARTS
    assert promising(model, made, 0.0, rng, lambda points: points[:0]).shape == (0, 2)


@pytest.mark.parametrize("size", [1, 2, 6, 20])
def test_points_are_spread_evenly(size: int) -> None:
    points = spread(1000, size, np.random.default_rng(0))
    assert points.shape == (1000, size)
    assert ((points >= 0) & (points < 1)).all()
    for column in points.T:
        assert (np.abs(np.sort(column) - (np.arange(1000) + 0.5) / 1000) <= 0.0005).all()


def test_near_points_are_at_distances_of_all_magnitudes() -> None:
    model = process(0, Cube(space(OPEN)))
    centres = model.points[np.argsort(model.y)[:3]]
    found = near_best(model, np.random.default_rng(0))
    distance = np.abs(found[:, None] - centres).max(axis=2).min(axis=1)
    counts, _ = np.histogram(np.log10(distance + 1e-12), [-6, -4, -3, -2, 0])
    assert len(found) == NEAR
    assert (counts > NEAR / 20).all()


def test_starts_contain_the_best_points() -> None:
    values = np.random.default_rng(0).normal(size=100)
    chosen = starts(values, 70, np.random.default_rng(1)).tolist()
    assert int(np.argmax(values)) in chosen
    assert set((70 + np.argsort(-values[70:])[:2]).tolist()) <= set(chosen)
    assert len(set(chosen)) == len(chosen) <= STARTS

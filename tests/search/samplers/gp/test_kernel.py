from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import Matern

from fnnctl.search.samplers.gp.process import matern, squared_differences, weighted_distance

RNG = np.random.default_rng(0)
POINTS, OTHERS, WEIGHTS = RNG.random((6, 3)), RNG.random((4, 3)), np.array([0.3, 2.0, 40.0])


def test_it_is_scikit_learns_kernel() -> None:
    expected = Matern(1.0 / np.sqrt(WEIGHTS), nu=2.5)(POINTS, OTHERS)
    np.testing.assert_allclose(matern(weighted_distance(POINTS, OTHERS, WEIGHTS))[0], expected, rtol=1e-13)


def test_the_slope_agrees_with_central_differences() -> None:
    distance, step = np.array([0.01, 0.5, 3.0, 50.0]), 1e-6
    numeric = (matern(distance + step)[0] - matern(distance - step)[0]) / (2 * step)
    np.testing.assert_allclose(matern(distance)[1], numeric, atol=1e-9)


def test_at_distance_0() -> None:
    value, slope = matern(np.zeros(1))
    assert value[0] == 1.0
    assert slope[0] == pytest.approx(-5 / 6)


def test_pairs_are_in_the_order_of_a_matrix() -> None:
    found = (squared_differences(POINTS) @ WEIGHTS).reshape(6, 6)
    np.testing.assert_allclose(found, weighted_distance(POINTS, POINTS, WEIGHTS), rtol=1e-12, atol=1e-15)


def test_points_near_each_other_have_exact_distances() -> None:
    point, near = np.array([[0.7, 0.3]]), np.array([[0.7 + 2.0**-30, 0.3]])
    assert weighted_distance(point, near, np.ones(2))[0, 0] == pytest.approx(2.0**-60, rel=1e-6)

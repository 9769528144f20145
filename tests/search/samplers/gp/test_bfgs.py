from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.bfgs import Bounds, minimize

WIDE = np.full(2, -10.0), np.full(2, 10.0)


def rosenbrock(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    a, b = x.T
    slope = np.stack([2 * (a - 1) - 400 * a * (b - a**2), 200 * (b - a**2)], axis=1)
    return (a - 1) ** 2 + 100 * (b - a**2) ** 2, slope


def found(
    starts: list[list[float]], bounds: Bounds = WIDE, evaluations: int = 200
) -> tuple[FloatArray, FloatArray]:
    return minimize(
        rosenbrock, np.array(starts), bounds, scale=np.ones(2), evaluations=evaluations, tolerance=1e-9
    )


def test_it_finds_the_minimum_from_every_start() -> None:
    """Searches do not depend on one another, and one that starts from the minimum stays there."""
    starts = [[-1.2, 1.0], [3.0, -2.0], [0.0, 0.0], [1.0, 1.0]]
    x, value = found(starts)
    np.testing.assert_allclose(x, np.ones((4, 2)), atol=1e-6)
    np.testing.assert_array_less(value, 1e-12)
    assert [*x[3], value[3]] == [1.0, 1.0, 0.0]
    for start, end in zip(starts, x, strict=True):
        np.testing.assert_allclose(found([start])[0][0], end, atol=1e-8)


@pytest.mark.parametrize("high", [[0.5, 10.0], [10.0, 0.3], [0.2, 0.2], [-0.5, -0.5]])
def test_between_bounds_it_finds_what_scipy_finds(high: list[float]) -> None:
    low = np.full(2, -2.0)
    x, value = found([[-1.2, -1.0]], (low, np.array(high)))
    theirs = scipy_minimize(
        lambda point: tuple(part[0] for part in rosenbrock(point[None])),
        [-1.2, -1.0],
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"ftol": 1e-15, "gtol": 1e-10},
    )
    np.testing.assert_allclose(x[0], theirs.x, atol=1e-5)
    assert value[0] == pytest.approx(theirs.fun, rel=1e-8, abs=1e-12)


def test_no_more_evaluations_than_allowed() -> None:
    calls = []

    def counted(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        calls.append(len(x))
        return rosenbrock(x)

    minimize(counted, np.zeros((3, 2)), WIDE, scale=np.ones(2), evaluations=7, tolerance=0.0)
    assert len(calls) == 7


def test_it_never_ends_above_its_start() -> None:
    starts = np.random.default_rng(0).uniform(-3, 3, (40, 2))
    for evaluations in (1, 2, 5):
        _, value = found(starts.tolist(), evaluations=evaluations)
        assert (value <= rosenbrock(starts)[0]).all()


def test_values_that_are_not_finite_are_avoided() -> None:
    def walled(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, slope = rosenbrock(x)
        return np.where(x[:, 0] > 1.5, np.inf, value), np.where(x[:, :1] > 1.5, np.nan, slope)

    x, value = minimize(
        walled,
        np.array([[0.0, 0.0], [2.0, 2.0]]),
        WIDE,
        scale=np.full(2, 5.0),
        evaluations=200,
        tolerance=1e-9,
    )
    np.testing.assert_allclose(x[0], 1.0, atol=1e-6)
    assert value[1] == np.inf
    np.testing.assert_array_equal(x[1], 2.0)

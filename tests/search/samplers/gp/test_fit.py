from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.process import (
    MIN_NOISE,
    Parameters,
    fitted_parameters,
    negative_log_posterior,
    squared_differences,
    triangular_inverse,
)

RNG = np.random.default_rng(0)
POINTS = RNG.random((25, 3))
Y = np.sin(5 * POINTS[:, 0]) + POINTS[:, 1] ** 2 + 0.1 * RNG.standard_normal(25)


def density(logs: FloatArray, y: FloatArray = Y) -> float:
    return negative_log_posterior(logs, squared_differences(POINTS), y)[0]


@pytest.mark.parametrize("seed", range(2))
def test_the_gradient_agrees_with_central_differences(seed: int) -> None:
    logs, step = np.random.default_rng(seed).normal(size=5), 1e-5
    gradient = negative_log_posterior(logs, squared_differences(POINTS), Y)[1]
    numeric = [
        (density(logs + move) - density(logs - move)) / (2 * step) for move in np.eye(len(logs)) * step
    ]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)


def test_the_likelihood_is_scikit_learns_and_the_priors_are_optunas() -> None:
    """Compared are differences, because the constant is left out."""

    def expected(logs: FloatArray) -> float:
        *w, s2, v = np.exp(logs).tolist()
        lengths = 1.0 / np.sqrt(w)
        kernel = ConstantKernel(s2) * Matern(lengths, nu=2.5) + WhiteKernel(v + MIN_NOISE)
        model = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(POINTS, Y)
        prior = -sum(0.1 / each + 0.1 * each for each in w) + np.log(s2) - s2 + 0.1 * np.log(v) - 30 * v
        return -float(model.log_marginal_likelihood_value_ + prior)

    one, other = RNG.normal(size=(2, 5))
    assert density(one) - density(other) == pytest.approx(expected(one) - expected(other), rel=1e-9)


def test_a_fit_is_a_stationary_point() -> None:
    found = fitted_parameters(POINTS, Y, [Parameters.default(3)], evaluations=200)
    gradient = negative_log_posterior(found.logs, squared_differences(POINTS), Y)[1]
    assert np.abs(gradient).max() <= 0.01


def test_of_several_starts_the_best_is_taken() -> None:
    bad = Parameters(np.full(3, 1e5), 1.0, 1e-4)
    found = fitted_parameters(POINTS, Y, [bad, Parameters.default(3)], evaluations=60)
    alone = fitted_parameters(POINTS, Y, [Parameters.default(3)], evaluations=60)
    assert density(found.logs) == pytest.approx(density(alone.logs), abs=1e-6)
    assert density(found.logs) < density(fitted_parameters(POINTS, Y, [bad], evaluations=1).logs) - 1.0


def test_a_dimension_without_effect_gets_a_long_lengthscale() -> None:
    found = fitted_parameters(POINTS, np.sin(6 * POINTS[:, 0]), [Parameters.default(3)], evaluations=100)
    assert found.weights[0] > 10 * max(found.weights[1:])


def test_noise_is_learned() -> None:
    points, rng = np.linspace(0, 1, 60)[:, None], np.random.default_rng(1)
    clean = np.sin(6 * points[:, 0])
    noisy = clean + 0.3 * rng.standard_normal(60)
    start = [Parameters.default(1)]
    assert fitted_parameters(points, clean, start, evaluations=100).noise < 1e-5
    assert 0.04 < fitted_parameters(points, noisy, start, evaluations=100).noise < 0.2


def test_parameters_and_their_logs() -> None:
    parameters = Parameters(np.array([0.5, 3.0]), 2.0, 1e-3)
    back = Parameters.of_logs(parameters.logs)
    np.testing.assert_allclose(back.weights, parameters.weights)
    assert (back.variance, back.noise) == pytest.approx((2.0, 1e-3))
    assert np.isfinite(Parameters(np.ones(1), 1.0, MIN_NOISE).logs).all()


@pytest.mark.parametrize("n", [1, 31, 33, 101])
def test_the_inverse_of_a_triangular_matrix(n: int) -> None:
    L = np.tril(np.random.default_rng(n).normal(size=(n, n)) / np.sqrt(n)) + 2 * np.eye(n)
    inverse = triangular_inverse(L)
    np.testing.assert_allclose(inverse @ L, np.eye(n), atol=1e-12)
    np.testing.assert_array_equal(inverse, np.tril(inverse))


def test_a_matrix_that_is_not_positive_definite_has_an_infinite_value() -> None:
    squares = squared_differences(POINTS)
    logs = np.array([-30.0, -30.0, -30.0, 40.0, -30.0])
    value, gradient = negative_log_posterior(logs, squares, Y)
    assert value == np.inf
    assert np.isfinite(gradient).all()

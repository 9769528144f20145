from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from fnnctl.search.samplers.gp.process import Parameters, Process, cholesky

RNG = np.random.default_rng(0)
POINTS, OTHERS = RNG.random((40, 3)), RNG.random((20, 3))
Y = np.sin(5 * POINTS[:, 0]) + POINTS[:, 1] ** 2
PARAMETERS = Parameters(np.array([8.0, 2.0, 0.2]), 1.7, 1e-3)


def process(noise: float = 1e-3) -> Process:
    return Process(POINTS, Y, Parameters(PARAMETERS.weights, PARAMETERS.variance, noise))


def test_the_posterior_is_scikit_learns() -> None:
    lengths = 1.0 / np.sqrt(PARAMETERS.weights)
    function = ConstantKernel(PARAMETERS.variance) * Matern(lengths, nu=2.5)
    kernel = function + WhiteKernel(PARAMETERS.noise)
    model = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(POINTS, Y)
    expected, deviation = model.predict(OTHERS, return_std=True)
    mean, variance = process().predict(OTHERS)
    np.testing.assert_allclose(mean, expected, atol=1e-8)
    np.testing.assert_allclose(variance + PARAMETERS.noise, deviation**2, atol=1e-8)


def test_gradients_agree_with_central_differences() -> None:
    model, step = process(), 1e-5
    mean, variance, mean_slope, variance_slope = model.predict_with_gradients(OTHERS)
    np.testing.assert_allclose((mean, variance), model.predict(OTHERS), atol=1e-10)
    for k, move in enumerate(np.eye(3) * step):
        up, down = model.predict(OTHERS + move), model.predict(OTHERS - move)
        np.testing.assert_allclose(mean_slope[:, k], (up[0] - down[0]) / (2 * step), atol=1e-6)
        np.testing.assert_allclose(variance_slope[:, k], (up[1] - down[1]) / (2 * step), atol=1e-6)


def test_with_hardly_any_noise_it_interpolates() -> None:
    """And far from all points it is the prior."""
    mean, variance = process(1e-10).predict(POINTS)
    np.testing.assert_allclose(mean, Y, atol=1e-6)
    assert ((variance > 0.0) & (variance < 1e-8)).all()
    assert np.ravel(process().predict(np.full((1, 3), 100.0))) == pytest.approx([0.0, PARAMETERS.variance])


def test_what_is_expected_changes_no_mean_and_lowers_the_variance() -> None:
    before, after = process(), process().with_expected(OTHERS[:2])
    np.testing.assert_allclose(after.predict(OTHERS)[0], before.predict(OTHERS)[0], atol=1e-9)
    assert (after.predict(OTHERS)[1] <= before.predict(OTHERS)[1] + 1e-12).all()
    assert (after.predict(OTHERS[:2])[1] < 0.5 * before.predict(OTHERS[:2])[1]).any()
    assert before.with_expected(OTHERS[:0]) is before


def test_what_is_expected_is_told_without_noise() -> None:
    noisy = process(0.3)
    after = noisy.with_expected(OTHERS[:1]).with_expected(OTHERS[1:2])
    assert (noisy.predict(OTHERS[:2])[1] > 0.01).all()
    assert (after.predict(OTHERS[:2])[1] < 1e-8).all()
    assert (after.predict(POINTS)[1] > 1e-3).any()


def test_the_least_mean_is_that_of_a_known_or_an_expected_point() -> None:
    noisy = process(0.3)
    assert noisy.least_mean() == noisy.predict(POINTS)[0].min() > noisy.y.min()
    everywhere = np.random.default_rng(1).random((1000, 3))
    mean = noisy.predict(everywhere)[0]
    lowest = everywhere[[np.argmin(mean)]]
    assert mean.min() < noisy.least_mean() - 1e-3
    assert noisy.with_expected(lowest).least_mean() == pytest.approx(mean.min(), abs=1e-8)


def test_equal_points_need_no_noise() -> None:
    points = np.concatenate([POINTS, POINTS])
    model = Process(points, np.concatenate([Y, Y]), Parameters(PARAMETERS.weights, 1.7, 0.0))
    np.testing.assert_allclose(model.predict(POINTS)[0], Y, atol=1e-3)


def test_more_is_added_only_if_a_matrix_is_not_positive_definite() -> None:
    good = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(cholesky(good) @ cholesky(good).T, good, rtol=1e-15)
    singular = np.ones((3, 3))
    np.testing.assert_allclose(cholesky(singular) @ cholesky(singular).T, singular, atol=2e-6)
    with pytest.raises(np.linalg.LinAlgError):
        cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))

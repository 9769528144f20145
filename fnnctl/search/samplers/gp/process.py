"""A Gaussian process: its kernel, the fit of its parameters, and the posterior.

The kernel is Matérn's of smoothness 5/2, with a lengthscale for each dimension: (1 + r + r²/3) exp(−r) with r
= √(5D), where D = Σ wᵢ(xᵢ − x′ᵢ)² is the squared distance, weighted by the inverse squared lengthscales. Its
derivative by D is −5/6 (1 + r) exp(−r), which is smooth at D = 0 too.

The model is y ~ N(0, s²k + v) with weights w in the kernel k. The fit is the mode of the posterior density
with Optuna's priors, which keep the lengthscales near the size of the unit cube and the noise low:
Gamma(2, 1) of s², Gamma(1.1, 30) of v, and exp(−0.1/w − 0.1w) of each weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.bfgs import minimize

MIN_NOISE: Final = 1e-10
"""Optuna has 1e-6; with less, searches of functions without noise come nearer to the optimum."""
FIRST_NOISE: Final = 1e-4
TOLERANCE: Final = 1e-2
MAX_WEIGHT, MAX_VARIANCE, MAX_NOISE = 1e6, 1e4, 1e1
"""Bounds, far out: the priors decide."""
MIN_LEARNED_NOISE: Final = 1e-13
"""The noise that is learned comes on top of the least noise."""
SMALL: Final = 32
"""A matrix of this size is inverted by LAPACK."""
JITTERS: Final = (0.0, 1e-12, 1e-10, 1e-8)
"""Shares of the variance; the first is added with which the covariance matrix is positive definite."""
MAX_JITTER: Final = 1e-6
"""With so much it always is: rounding errors are below n² units in the last place."""
MIN_VARIANCE: Final = 1e-14
"""As a share of the prior variance: smaller posterior variances are rounding errors."""


def matern(distance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The kernel, and its derivative by the weighted squared distance D."""
    r = np.sqrt(5.0 * distance)
    decay = np.exp(-r)
    r += 1.0
    r *= decay
    decay *= distance
    decay *= 5.0 / 3.0
    decay += r
    r *= -5.0 / 6.0
    return decay, r


def squared_differences(points: FloatArray) -> FloatArray:
    """For all pairs of n points, the squared differences of their d coordinates: (n², d)."""
    differences: FloatArray = points[:, None, :] - points[None, :, :]
    return np.square(differences).reshape(-1, points.shape[1])


def weighted_distance(points: FloatArray, other_points: FloatArray, weights: FloatArray) -> FloatArray:
    """The distances D between m and n points, (m, n).

    They are sums of squared differences: |x|² + |x′|² − 2xᵀx′ would be rounded away for points that are near
    each other, as those around an optimum are.
    """
    total = np.zeros((len(points), len(other_points)))
    roots = np.sqrt(weights)
    for column, other_column in zip((points * roots).T, (other_points * roots).T, strict=True):
        difference = column[:, None] - other_column
        difference *= difference
        total += difference
    return total


@dataclass(frozen=True)
class Parameters:
    """The parameters of a process."""

    weights: FloatArray
    """The inverse squared lengthscale of each dimension."""
    variance: float
    """Of the function."""
    noise: float
    """The variance of an observation around the function."""

    @classmethod
    def default(cls, dimensions: int) -> Self:
        """Where the first fit starts."""
        return cls(np.ones(dimensions), 1.0, FIRST_NOISE)

    @property
    def logs(self) -> FloatArray:
        """The variables of a fit: log w, log s² and log v, without the least noise."""
        noise = max(self.noise - MIN_NOISE, MIN_LEARNED_NOISE)
        return np.log([*self.weights, self.variance, noise])

    @classmethod
    def of_logs(cls, logs: FloatArray) -> Self:
        """The inverse of `logs`."""
        values = np.exp(logs)
        return cls(values[:-2], float(values[-2]), float(values[-1]) + MIN_NOISE)


def fitted_parameters(
    points: FloatArray, y: FloatArray, starts: list[Parameters], *, evaluations: int
) -> Parameters:
    """The best parameters that are found from these starts."""
    squares = squared_differences(points)

    def function(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        results = [negative_log_posterior(row, squares, y) for row in rows]
        return np.array([value for value, _ in results]), np.array([gradient for _, gradient in results])

    weights = np.full(points.shape[1], MAX_WEIGHT)
    high = np.log([*weights, MAX_VARIANCE, MAX_NOISE])
    low = np.log([*(1.0 / weights), 1.0 / MAX_VARIANCE, MIN_LEARNED_NOISE])
    logs, values = minimize(
        function,
        np.array([start.logs for start in starts]),
        (low, high),
        scale=np.ones(len(low)),
        evaluations=evaluations,
        tolerance=TOLERANCE,
    )
    return Parameters.of_logs(logs[np.argmin(values)])


def negative_log_posterior(logs: FloatArray, squares: FloatArray, y: FloatArray) -> tuple[float, FloatArray]:
    """The negative log density of the parameters given y, up to a constant, and its gradient.

    `squares` are the `squared_differences` of the points. The value is infinite if the covariance matrix is
    not positive definite.
    """
    n = len(y)
    w, (s2, v) = np.exp(logs[:-2]), np.exp(logs[-2:]).tolist()
    k, slope = matern((squares @ w).reshape(n, n))
    covariance = s2 * k
    covariance.flat[:: n + 1] += v + MIN_NOISE
    try:
        L = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return np.inf, np.zeros_like(logs)
    root = triangular_inverse(L)
    inverse = root.T @ root
    alpha = inverse @ y
    value = 0.5 * float(y @ alpha) + float(np.log(np.diagonal(L)).sum())
    # the derivative by a parameter is the sum of this, times that of the covariance matrix
    by_covariance = 0.5 * (inverse - alpha[:, None] * alpha)
    gradient = np.empty_like(logs)
    gradient[-2] = s2 * np.vdot(by_covariance, k)
    gradient[-1] = v * np.trace(by_covariance)
    slope *= by_covariance
    gradient[:-2] = s2 * w * (slope.reshape(-1) @ squares)

    value += float((0.1 / w + 0.1 * w).sum()) + (s2 - logs[-2]) + (30.0 * v - 0.1 * logs[-1])
    gradient[:-2] += 0.1 * w - 0.1 / w
    gradient[-2] += s2 - 1.0
    gradient[-1] += 30.0 * v - 0.1
    return float(value), gradient


def triangular_inverse(L: FloatArray) -> FloatArray:
    """The inverse of a lower triangular matrix, by halves, so that most of it is products of matrices."""
    n = len(L)
    if n <= SMALL:
        return np.linalg.inv(L)
    half = n // 2
    inverse = np.zeros_like(L)
    inverse[:half, :half] = upper = triangular_inverse(L[:half, :half])
    inverse[half:, half:] = lower = triangular_inverse(L[half:, half:])
    inverse[half:, :half] = -lower @ (L[half:, :half] @ upper)
    return inverse


class Process:
    """A process that was told the values y at n points; the last `exact` of them are without noise."""

    def __init__(self, points: FloatArray, y: FloatArray, parameters: Parameters, exact: int = 0) -> None:
        self.points, self.y, self.parameters, self._exact = points, y, parameters, exact
        covariance = parameters.variance * matern(weighted_distance(points, points, parameters.weights))[0]
        noise = np.repeat([parameters.noise, MIN_NOISE], [len(points) - exact, exact])
        covariance.flat[:: len(points) + 1] += noise
        self._root = triangular_inverse(cholesky(covariance))
        self._alpha = self._root.T @ (self._root @ y)

    def predict(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The mean and the variance of the function, without noise, at m points."""
        distance = weighted_distance(points, self.points, self.parameters.weights)
        k = self.parameters.variance * matern(distance)[0]
        return k @ self._alpha, self._variance(k @ self._root.T)

    def predict_with_gradients(
        self, points: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The mean, the variance, and the gradients of both, (m, d), at m points."""
        differences = points[:, None, :] - self.points
        k, slope = matern(np.square(differences) @ self.parameters.weights)
        k *= self.parameters.variance
        slope *= 2.0 * self.parameters.variance
        whitened = k @ self._root.T
        by_weight = np.einsum("mnd,mn->md", differences, slope * self._alpha)
        by_variance = np.einsum("mnd,mn->md", differences, slope * (whitened @ self._root))
        return (
            k @ self._alpha,
            self._variance(whitened),
            by_weight * self.parameters.weights,
            by_variance * (-2.0 * self.parameters.weights),
        )

    def with_expected(self, points: FloatArray) -> Process:
        """The process after it was told its own mean at further points: it is only surer around them.

        It is told so without noise. With noise, improvement would still be expected at those points, and a
        batch would gather around one of them.
        """
        if not len(points):
            return self
        y = np.concatenate([self.y, self.predict(points)[0]])
        exact = self._exact + len(points)
        return Process(np.concatenate([self.points, points]), y, self.parameters, exact)

    def least_mean(self) -> float:
        """The least mean at the points that it was told of.

        Noise lifts no such value above the others, as it does with the best observation.
        """
        return float(self.predict(self.points)[0].min())

    def _variance(self, whitened: FloatArray) -> FloatArray:
        prior = self.parameters.variance
        variance: FloatArray = np.maximum(prior - np.vecdot(whitened, whitened), MIN_VARIANCE * prior)
        return variance


def cholesky(covariance: FloatArray) -> FloatArray:
    """The Cholesky factor of a covariance matrix, to whose diagonal as much is added as is necessary."""
    size = covariance.diagonal().max() * np.eye(len(covariance))
    for jitter in JITTERS:
        try:
            return np.linalg.cholesky(covariance + jitter * size)
        except np.linalg.LinAlgError:
            continue
    return np.linalg.cholesky(covariance + MAX_JITTER * size)

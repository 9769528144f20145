"""The parameters of a Gaussian process, fitted to what it is told.

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
from fnnctl.search.samplers.gp.kernel import matern, squared_differences

LEAST_NOISE: Final = 1e-10
"""Optuna has 1e-6; with less, searches of functions without noise come nearer to the optimum."""
FIRST_NOISE: Final = 1e-4
TOLERANCE: Final = 1e-2
MOST_WEIGHT, MOST_VARIANCE, MOST_NOISE = 1e6, 1e4, 1e1
"""Bounds, far out: the priors decide."""
LEAST_LEARNED_NOISE: Final = 1e-13
"""The noise that is learned comes on top of the least noise."""
SMALL: Final = 32
"""A matrix of this size is inverted by LAPACK."""


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
        noise = max(self.noise - LEAST_NOISE, LEAST_LEARNED_NOISE)
        return np.log([*self.weights, self.variance, noise])

    @classmethod
    def of_logs(cls, logs: FloatArray) -> Self:
        """The inverse of `logs`."""
        values = np.exp(logs)
        return cls(values[:-2], float(values[-2]), float(values[-1]) + LEAST_NOISE)


def fitted(points: FloatArray, y: FloatArray, starts: list[Parameters], *, evaluations: int) -> Parameters:
    """The best parameters that are found from these starts."""
    squares = squared_differences(points)

    def function(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = [negative_log_posterior(row, squares, y) for row in rows]
        return np.array([value for value, _ in found]), np.array([gradient for _, gradient in found])

    weights = np.full(points.shape[1], MOST_WEIGHT)
    high = np.log([*weights, MOST_VARIANCE, MOST_NOISE])
    low = np.log([*(1.0 / weights), 1.0 / MOST_VARIANCE, LEAST_LEARNED_NOISE])
    found, values = minimize(
        function,
        np.array([start.logs for start in starts]),
        (low, high),
        scale=np.ones(len(low)),
        evaluations=evaluations,
        tolerance=TOLERANCE,
    )
    return Parameters.of_logs(found[np.argmin(values)])


def negative_log_posterior(logs: FloatArray, squares: FloatArray, y: FloatArray) -> tuple[float, FloatArray]:
    """The negative log density of the parameters given y, up to a constant, and its gradient.

    `squares` are the `squared_differences` of the points. The value is infinite if the covariance matrix is
    not positive definite.
    """
    n = len(y)
    w, (s2, v) = np.exp(logs[:-2]), np.exp(logs[-2:]).tolist()
    k, slope = matern((squares @ w).reshape(n, n))
    covariance = s2 * k
    covariance.flat[:: n + 1] += v + LEAST_NOISE
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

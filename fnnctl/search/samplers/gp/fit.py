"""The parameters of a Gaussian process: those of highest posterior density.

y ~ N(0, s²(k(x, x′)) + v I). The parameters are log w (of each dimension), log s² and log v. Their priors are
those of Optuna: they keep lengthscales near the size of the unit cube and the noise low.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.bfgs import minimize
from fnnctl.search.samplers.gp.kernel import LOG_2_PI, matern, squared_differences

LEAST_NOISE: Final = 1e-10
"""Of the variance of y; it keeps the matrices positive definite."""
FIRST_NOISE: Final = 1e-4


@dataclass(frozen=True)
class Parameters:
    """The parameters of a process."""

    weights: FloatArray
    """The inverse squared lengthscale of each dimension."""
    variance: float
    noise: float

    @classmethod
    def default(cls, dimensions: int) -> Self:
        """Where a fit starts: lengthscales and variance 1."""
        return cls(np.ones(dimensions), 1.0, FIRST_NOISE)

    @property
    def logs(self) -> FloatArray:
        """As a vector: log w, log s², log (v − least)."""
        noise = max(self.noise - LEAST_NOISE, 1e-3 * LEAST_NOISE)
        return np.log([*self.weights, self.variance, noise])

    @classmethod
    def of_logs(cls, logs: FloatArray) -> Self:
        """The inverse of `logs`."""
        values = np.exp(logs)
        return cls(values[:-2], float(values[-2]), float(values[-1]) + LEAST_NOISE)


def negative_log_posterior(
    logs: FloatArray, squares: FloatArray, y: FloatArray
) -> tuple[float, FloatArray]:
    """The negative log density of the parameters given y, without the evidence, and its gradient.

    `squares` are the `squared_differences` of the points. The value is infinite if the covariance matrix is
    not positive definite.
    """
    n = len(y)
    values = np.exp(logs)
    w, s2, v = values[:-2], values[-2], values[-1]
    k, dk = matern((squares @ w).reshape(n, n))
    K = s2 * k
    K.flat[:: n + 1] += v + LEAST_NOISE
    try:
        L = np.linalg.cholesky(K)
    except np.linalg.LinAlgError:
        return np.inf, np.zeros_like(logs)
    inverse = inverse_of(L)
    alpha = inverse @ y
    value = 0.5 * (y @ alpha) + np.log(np.diagonal(L)).sum() + 0.5 * n * LOG_2_PI
    G = 0.5 * (inverse - alpha[:, None] * alpha)
    gradient = np.empty_like(logs)
    gradient[:-2] = w * s2 * ((G * dk).reshape(-1) @ squares)
    gradient[-2] = s2 * np.vdot(G, k)
    gradient[-1] = v * np.trace(G)

    value += 0.1 * (1.0 / w + w).sum() - (logs[-2] - s2) - (0.1 * logs[-1] - 30.0 * v)
    gradient[:-2] += 0.1 * (w - 1.0 / w)
    gradient[-2] += s2 - 1.0
    gradient[-1] += 30.0 * v - 0.1
    return float(value), gradient


def inverse_of(L: FloatArray) -> FloatArray:
    """The inverse of LLᵀ."""
    root = triangular_inverse(L)
    return root.T @ root


def triangular_inverse(L: FloatArray) -> FloatArray:
    """The inverse of a lower triangular matrix, by halves: nearly all of it is products of matrices."""
    n = len(L)
    if n <= 32:
        return np.linalg.inv(L)
    half = n // 2
    found = np.zeros_like(L)
    found[:half, :half] = a = triangular_inverse(L[:half, :half])
    found[half:, half:] = b = triangular_inverse(L[half:, half:])
    found[half:, :half] = -b @ (L[half:, :half] @ a)
    return found


def fit(
    points: FloatArray, y: FloatArray, starts: FloatArray, *, evaluations: int, tolerance: float = 1e-2
) -> Parameters:
    """The best parameters that are found from these starts, rows of logs."""
    squares = squared_differences(points)

    def function(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = [negative_log_posterior(row, squares, y) for row in rows]
        return np.array([value for value, _ in found]), np.array([gradient for _, gradient in found])

    d = points.shape[1]
    bounds = (np.array([-16.0] * d + [-10.0, -30.0]), np.array([16.0] * d + [10.0, 2.0]))
    found, values = minimize(
        function, starts, bounds, scale=np.ones(d + 2), evaluations=evaluations, tolerance=tolerance
    )
    return Parameters.of_logs(found[np.argmin(values)])

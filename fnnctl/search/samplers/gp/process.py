"""The posterior of a Gaussian process, given its parameters."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.fit import Parameters, triangular_inverse
from fnnctl.search.samplers.gp.kernel import matern, weighted_distance

JITTERS: Final = (0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4)
LEAST_VARIANCE: Final = 1e-14


class Process:
    """A process that knows the values y at n points, up to noise."""

    def __init__(self, points: FloatArray, y: FloatArray, parameters: Parameters) -> None:
        self.points, self.y, self.parameters = points, y, parameters
        covariance = parameters.variance * matern(weighted_distance(points, points, parameters.weights))[0]
        L = cholesky(covariance, parameters.noise)
        self._root = triangular_inverse(L)
        self._alpha = self._root.T @ (self._root @ y)

    def predict(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The mean and the variance of the function, without noise, at m points."""
        distance = weighted_distance(points, self.points, self.parameters.weights)
        k = self.parameters.variance * matern(distance)[0]
        v = k @ self._root.T
        return k @ self._alpha, self._clipped(self.parameters.variance - np.vecdot(v, v))

    def gradients(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The mean, the variance, and their gradients, (m, d), at m points."""
        weights, variance = self.parameters.weights, self.parameters.variance
        differences = points[:, None, :] - self.points
        distance = np.square(differences) @ weights
        k, dk = matern(distance)
        k *= variance
        dk *= 2.0 * variance
        v = k @ self._root.T
        whitened = v @ self._root
        mean_slope = np.einsum("mnd,mn->md", differences, dk * self._alpha) * weights
        slope = np.einsum("mnd,mn->md", differences, dk * whitened) * (-2.0 * weights)
        return k @ self._alpha, self._clipped(variance - np.vecdot(v, v)), mean_slope, slope

    def _clipped(self, variance: FloatArray) -> FloatArray:
        return np.maximum(variance, LEAST_VARIANCE * self.parameters.variance)


def cholesky(covariance: FloatArray, noise: float) -> FloatArray:
    """The Cholesky factor of a covariance matrix with noise, and more of it if it must be."""
    n = len(covariance)
    size = float(np.trace(covariance)) / max(n, 1)
    for jitter in JITTERS:
        noisy = covariance.copy()
        noisy.flat[:: n + 1] += noise + jitter * size
        try:
            return np.linalg.cholesky(noisy)
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError("the covariance matrix is not positive definite")

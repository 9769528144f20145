"""The posterior of a Gaussian process with given parameters."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.fit import LEAST_NOISE, Parameters, triangular_inverse
from fnnctl.search.samplers.gp.kernel import matern, weighted_distance

JITTERS: Final = (0.0, 1e-12, 1e-10, 1e-8)
"""Shares of the variance; the first is added with which the covariance matrix is positive definite."""
MOST_JITTER: Final = 1e-6
"""With so much it always is: rounding errors are below n² units in the last place."""
LEAST_VARIANCE: Final = 1e-14
"""As a share of the prior variance: smaller posterior variances are rounding errors."""


class Process:
    """A process that was told the values y at n points; the last `exact` of them are without noise."""

    def __init__(self, points: FloatArray, y: FloatArray, parameters: Parameters, exact: int = 0) -> None:
        self.points, self.y, self.parameters, self._exact = points, y, parameters, exact
        covariance = parameters.variance * matern(weighted_distance(points, points, parameters.weights))[0]
        noise = np.repeat([parameters.noise, LEAST_NOISE], [len(points) - exact, exact])
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
        found: FloatArray = np.maximum(prior - np.vecdot(whitened, whitened), LEAST_VARIANCE * prior)
        return found


def cholesky(covariance: FloatArray) -> FloatArray:
    """The Cholesky factor of a covariance matrix, to whose diagonal as much is added as is necessary."""
    size = covariance.diagonal().max() * np.eye(len(covariance))
    for jitter in JITTERS:
        try:
            return np.linalg.cholesky(covariance + jitter * size)
        except np.linalg.LinAlgError:
            continue
    return np.linalg.cholesky(covariance + MOST_JITTER * size)

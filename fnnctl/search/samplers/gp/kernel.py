"""The Matérn kernel of smoothness 5/2, with a lengthscale for each dimension.

With D = Σ wᵢ(xᵢ − x′ᵢ)², where wᵢ is the inverse squared lengthscale, and r = √(5D), its value is
(1 + r + r²/3) exp(−r). As a function of D it has the derivative −5/6 (1 + r) exp(−r), without a kink at 0.
"""

from __future__ import annotations

import math

import numpy as np

from fnnctl.arrays import FloatArray


def matern(distance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The kernel's values and its derivatives by the weighted squared distance D."""
    r = np.sqrt(5.0 * distance)
    decay = np.exp(-r)
    slope = (1.0 + r) * decay
    return slope + (5.0 / 3.0) * distance * decay, slope * (-5.0 / 6.0)


def squared_differences(points: FloatArray) -> FloatArray:
    """For all pairs of n points, the squared differences of their d coordinates: (n², d)."""
    differences: FloatArray = points[:, None, :] - points[None, :, :]
    return np.square(differences).reshape(-1, points.shape[1])


def weighted_distance(points: FloatArray, others: FloatArray, weights: FloatArray) -> FloatArray:
    """The distances D between two sets of points, (m, n), from differences of coordinates.

    One dimension after the other: it is as fast as a matrix product, and exact for points near each other.
    """
    total = np.zeros((len(points), len(others)))
    scaled, other_scaled = points * np.sqrt(weights), others * np.sqrt(weights)
    for k in range(points.shape[1]):
        difference = scaled[:, k, None] - other_scaled[None, :, k]
        difference *= difference
        total += difference
    return total


LOG_2_PI = math.log(2.0 * math.pi)

"""The Matérn kernel of smoothness 5/2, with a lengthscale for each dimension.

It is (1 + r + r²/3) exp(−r) with r = √(5D), where D = Σ wᵢ(xᵢ − x′ᵢ)² is the squared distance, weighted by
the inverse squared lengthscales. Its derivative by D is −5/6 (1 + r) exp(−r), which is smooth at D = 0 too.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray


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


def weighted_distance(points: FloatArray, others: FloatArray, weights: FloatArray) -> FloatArray:
    """The distances D between m and n points, (m, n).

    They are sums of squared differences: |x|² + |x′|² − 2xᵀx′ would be rounded away for points that are near
    each other, as those around an optimum are.
    """
    total = np.zeros((len(points), len(others)))
    roots = np.sqrt(weights)
    for own, other in zip((points * roots).T, (others * roots).T, strict=True):
        difference = own[:, None] - other
        difference *= difference
        total += difference
    return total

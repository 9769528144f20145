"""The logarithm of the expected improvement.

EI = σ h(z) with z = (best − μ)/σ and h(z) = φ(z) + zΦ(z). Far from improvement it is smaller than any float,
but its logarithm still has a slope that leads to improvement (Ament et al., NeurIPS 2023).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.gp.kernel import LOG_2_PI

FAR: Final = -20.0
"""Below it, h and Φ are computed from their asymptotic series."""
TERMS: Final = 9


def log_h(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """log h and its derivative, Φ/h."""
    near = np.maximum(z, FAR)
    cumulative = np.array([0.5 * math.erfc(-each) for each in (near / math.sqrt(2.0)).ravel().tolist()])
    cumulative = cumulative.reshape(z.shape)
    h = np.exp(-0.5 * np.square(near) - 0.5 * LOG_2_PI) + near * cumulative
    value, slope = np.log(h), cumulative / h
    far = z < FAR
    if far.any():
        value[far], slope[far] = _far(z[far])
    return value, slope


def _far(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Φ = φ/|z| (1 − 1/z² + 3/z⁴ − …) and h = φ/z² (1 − 3/z² + 15/z⁴ − …)."""
    inverse = 1.0 / np.square(z)
    mills, series = np.ones_like(z), np.ones_like(z)
    term = np.ones_like(z)
    for k in range(1, TERMS + 1):
        term = term * (-(2 * k - 1) * inverse)
        mills += term
        series += (2 * k + 1) * term
    value = -0.5 * np.square(z) - 0.5 * LOG_2_PI - 2.0 * np.log(-z) + np.log(series)
    return value, -z * mills / series


def log_improvement(mean: FloatArray, variance: FloatArray, best: float) -> FloatArray:
    """log EI of a value below `best`."""
    deviation = np.sqrt(variance)
    return log_h((best - mean) / deviation)[0] + np.log(deviation)


def log_improvement_slope(
    mean: FloatArray,
    variance: FloatArray,
    mean_slope: FloatArray,
    variance_slope: FloatArray,
    best: float,
) -> tuple[FloatArray, FloatArray]:
    """log EI and its gradient, from those of the mean and the variance."""
    deviation = np.sqrt(variance)
    z = (best - mean) / deviation
    value, slope = log_h(z)
    relative = variance_slope / (2.0 * variance)[:, None]
    gradient = slope[:, None] * (-mean_slope / deviation[:, None] - z[:, None] * relative) + relative
    return value + np.log(deviation), gradient

"""The logarithm of the expected improvement.

EI = σh(z) with z = (best − μ)/σ and h(z) = φ(z) + zΦ(z). Where hardly any improvement is expected, EI is 0 in
floating point, but its logarithm still has a slope (Ament et al., NeurIPS 2023).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.normal import normal_cdf
from fnnctl.search.samplers.gp.process import Process

FAR: Final = -20.0
"""Below it, φ(z) + zΦ(z) would be lost in rounding, and asymptotic series are exact."""
TERMS: Final = 9
LOG_SQRT_2_PI: Final = 0.5 * math.log(2.0 * math.pi)


def log_improvement(process: Process, points: FloatArray, best: float) -> FloatArray:
    """log EI of values below `best`, at m points."""
    mean, variance = process.predict(points)
    deviation = np.sqrt(variance)
    return log_h((best - mean) / deviation)[0] + np.log(deviation)


def log_improvement_with_gradient(
    process: Process, points: FloatArray, best: float
) -> tuple[FloatArray, FloatArray]:
    """log EI and its gradient, (m, d)."""
    mean, variance, mean_slope, variance_slope = process.predict_with_gradients(points)
    deviation = np.sqrt(variance)[:, None]
    z = (best - mean[:, None]) / deviation
    value, slope = log_h(z)
    relative = variance_slope / (2.0 * variance[:, None])
    gradient = slope * (-mean_slope / deviation - z * relative) + relative
    return (value + np.log(deviation))[:, 0], gradient


def log_h(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """log h and its derivative, Φ/h."""
    near = np.maximum(z, FAR)
    cumulative = normal_cdf(near)  # exact in the tail, where h is a small difference: no table would do
    h = np.exp(-0.5 * np.square(near) - LOG_SQRT_2_PI) + near * cumulative
    value, slope = np.log(h), cumulative / h
    far = z < FAR
    value[far], slope[far] = _log_h_far(z[far])
    return value, slope


def _log_h_far(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Φ = φ/|z| (1 − 1/z² + 1·3/z⁴ − …) and h = φ/z² (1 − 3/z² + 3·5/z⁴ − …)."""
    term = np.ones_like(z)
    of_cumulative, of_h = term.copy(), term.copy()
    for k in range(1, TERMS + 1):
        term *= (1 - 2 * k) / np.square(z)
        of_cumulative += term
        of_h += (2 * k + 1) * term
    value = -0.5 * np.square(z) - LOG_SQRT_2_PI - 2.0 * np.log(-z) + np.log(of_h)
    return value, -z * of_cumulative / of_h

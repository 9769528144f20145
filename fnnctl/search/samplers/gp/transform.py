"""Losses as a Gaussian process models them: with mean 0, variance 1 and no long tails."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray

POWERS: Final = np.linspace(-2.0, 2.0, 41)


def standardized(losses: FloatArray) -> FloatArray:
    """Losses with mean 0 and variance 1; infinite ones count as the largest finite one."""
    finite = np.isfinite(losses)
    clipped = np.where(finite, losses, losses[finite].max(initial=-np.inf))
    centred = clipped - clipped.mean()
    deviation = centred.std()
    return centred / deviation if deviation > 0.0 else np.zeros_like(centred)


def powered(y: FloatArray) -> FloatArray:
    """The Yeo-Johnson transform under which the values look most like a normal sample, standardized."""
    best, found = -np.inf, y
    for power in POWERS:
        moved = yeo_johnson(y, power)
        variance = moved.var()
        if variance > 0.0:
            slope = (power - 1.0) * (np.sign(y) * np.log1p(np.abs(y))).sum()
            likelihood = slope - 0.5 * len(y) * np.log(variance)
            if likelihood > best:
                best, found = likelihood, moved
    return standardized(found)


def yeo_johnson(y: FloatArray, power: float) -> FloatArray:
    """A power of 1 + y above 0, and of 1 − y below, so that the curve is smooth and increasing."""
    return np.where(
        y >= 0.0, _box_cox(1.0 + np.maximum(y, 0.0), power), -_box_cox(1.0 - np.minimum(y, 0.0), 2.0 - power)
    )


def _box_cox(y: FloatArray, power: float) -> FloatArray:
    return np.log(y) if abs(power) < 1e-12 else np.expm1(power * np.log(y)) / power

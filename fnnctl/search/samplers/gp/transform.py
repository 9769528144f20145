"""Losses as a Gaussian process models them: with mean 0, variance 1 and without a long tail."""

from __future__ import annotations

from typing import Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.search.samplers.losses import bounded

POWERS: Final = tuple(np.linspace(-2.0, 2.0, 41).tolist())


def normalized(losses: FloatArray) -> FloatArray:
    """Losses in the order of trials, made as normal as a power can make them, and standardized.

    The power is that of the Yeo-Johnson transform under which a normal sample is likeliest, as in HEBO
    (Cowen-Rivers et al., JAIR 2022). At least one loss must be finite.
    """
    y = standardized(bounded(losses))
    logs = float((np.sign(y) * np.log1p(np.abs(y))).sum())
    best, found = -np.inf, y
    for power in POWERS:
        moved = yeo_johnson(y, power)
        variance = float(moved.var())
        likelihood = (power - 1.0) * logs - 0.5 * len(y) * np.log(variance) if variance > 0.0 else -np.inf
        if likelihood > best:
            best, found = likelihood, moved
    return standardized(found)


def standardized(values: FloatArray) -> FloatArray:
    """Values with mean 0 and variance 1; zeros if all are equal."""
    if values.min() == values.max():
        return np.zeros_like(values)
    scaled = values / np.abs(values).max()  # so that no square overflows
    centred = scaled - scaled.mean()
    found: FloatArray = centred / centred.std()
    return found


def yeo_johnson(y: FloatArray, power: float) -> FloatArray:
    """(1 + y)ᵖ above 0 and (1 − y)²⁻ᵖ below, shifted and scaled: smooth and increasing."""
    above, below = np.maximum(y, 0.0), np.maximum(-y, 0.0)
    return _box_cox(above, power) - _box_cox(below, 2.0 - power)


def _box_cox(y: FloatArray, power: float) -> FloatArray:
    return np.log1p(y) if abs(power) < 1e-9 else np.expm1(power * np.log1p(y)) / power

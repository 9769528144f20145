"""Unit deviances of the distributions whose variance grows with a power of the mean.

They are Poisson's for the power 1, the gamma distribution's for 2, and Tweedie's compound ones between them,
which may be 0 (Jørgensen, The Theory of Dispersion Models, 1997, chapter 4).
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray


def half_deviances(targets: FloatArray, means: FloatArray, power: float) -> FloatArray:
    """Half the unit deviance of targets y from means m > 0, of one shape, for a power from 1 to 2.

    With q = y/m it is m^(2 − p) (q (q^(1 − p) − 1)/(1 − p) − (q^(2 − p) − 1)/(2 − p)), where (qᵃ − 1)/a is
    log q for a = 0; it loses no digits if p is near 1 or 2.
    """
    ratios = targets / means
    tiny = np.finfo(ratios.dtype).tiny
    logs = np.log(np.maximum(ratios, tiny))
    # 0 times a finite number is 0, and 0 to the power of 2 − p is 0 exactly.
    powers = grown(np.where(ratios > 0.0, logs, -np.inf), 2.0 - power)
    halves: FloatArray = ratios * grown(logs, 1.0 - power) - powers
    if power != 2.0:
        halves *= np.exp((2.0 - power) * np.log(means))
    return halves


def grown(logs: FloatArray, exponent: float) -> FloatArray:
    """(exp(a·x) − 1)/a for logarithms x of any shape and an exponent a; x itself for a = 0."""
    if exponent == 0.0:
        return logs
    powers: FloatArray = np.expm1(exponent * logs)
    powers /= exponent
    return powers

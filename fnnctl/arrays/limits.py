"""Limits of values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import FloatArray


def limited(values: FloatArray, low: npt.ArrayLike, high: npt.ArrayLike) -> FloatArray:
    """Values limited to [low, high], which broadcast to their shape, in the values' type.

    NaN and infinity stay as they are, so that an overflow is not hidden.
    """
    result: FloatArray = values.copy()
    np.clip(values, low, high, out=result, where=np.isfinite(values))
    return result

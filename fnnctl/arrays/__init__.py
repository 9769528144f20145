"""The array types used in signatures, each defined once, and the choice of evenly spaced indices."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
UnsignedArray: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


def evenly_spaced(count: int, most: int) -> IntArray:
    """At most `most` of the indices 0 … count − 1, evenly spaced, including both ends."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))

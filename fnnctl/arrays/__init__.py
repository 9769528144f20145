"""The array types used in signatures, each defined once."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
UnsignedArray: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

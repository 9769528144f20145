"""The functions of the BLAS that NumPy is linked with, found through NumPy's own library.

NumPy has no call for the number of threads or for the kernels that its BLAS chose; the BLAS has.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def blas_function(names: Sequence[str], *, takes: Sequence[Any], gives: Any) -> Callable[..., Any] | None:
    """Return the first of these functions that there is, with its C types; None where there is none."""
    library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    for name in names:
        if hasattr(library, name):
            function: Callable[..., Any] = getattr(library, name)
            function.argtypes, function.restype = list(takes), gives  # type: ignore[attr-defined]
            return function
    return None

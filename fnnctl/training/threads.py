"""How many threads a matrix product uses: a part of every result, so it is set and recorded.

The sum behind one number of a product may be split between threads, and then its last bit changes.
NumPy has no call for it; its BLAS has.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from fnnctl.nn.parameters import ParameterLayout

WIDE = 100_000
"""Parameters from which two threads a product are faster than one: see tests/benchmarks/threads.py."""

_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)


def default_threads(layout: ParameterLayout) -> int:
    """The threads for a network of this size, on any machine: a number of processors is no part of it."""
    return 1 if layout.size < WIDE else 2


def set_blas_threads(count: int) -> bool:
    """Let matrix products use so many threads; False where NumPy's BLAS has no such setting."""
    setter = _setter()
    if setter is None:
        return False
    setter(count)
    return True


def _setter() -> Callable[[int], object] | None:
    """The function of the BLAS that NumPy is linked with, found through NumPy's own library."""
    library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    for name in _SETTERS:
        if hasattr(library, name):
            function = getattr(library, name)
            function.argtypes, function.restype = [ctypes.c_int], None
            return function  # type: ignore[no-any-return]
    return None

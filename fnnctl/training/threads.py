"""How many threads a matrix product uses: a part of every result, so it is set and recorded.

The sum behind one number of a product may be split between threads, and then its last bit changes.
"""

from __future__ import annotations

import ctypes

from fnnctl.blas import blas_function
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
    setter = blas_function(_SETTERS, takes=[ctypes.c_int], gives=None)
    if setter is None:
        return False
    setter(count)
    return True

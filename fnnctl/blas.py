"""Functions of the BLAS that NumPy is linked with, found through NumPy's own library.

NumPy has no function that sets the number of BLAS threads or names the kernels in use, but the BLAS does.
"""

from __future__ import annotations

import ctypes
import mmap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import numpy as np

_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)
_GETTERS = (
    "scipy_openblas_get_num_threads64_",
    "scipy_openblas_get_num_threads",
    "openblas_get_num_threads64_",
    "openblas_get_num_threads",
    "MKL_Get_Max_Threads",
)
BLAS_BYTES: Final = 33 * 2**20
"""OpenBLAS maps 32 MB and a page for each thread that computes, as `VmSize` shows after a first product."""


@cache  # finding the library takes longer than a small prediction
def blas_function(names: tuple[str, ...], *, takes: tuple[Any, ...], gives: Any) -> Callable[..., Any] | None:
    """Return the first of these functions that exists, with its C types set; None if none exists."""
    library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    for name in names:
        if hasattr(library, name):
            function: Callable[..., Any] = getattr(library, name)
            function.argtypes, function.restype = list(takes), gives  # type: ignore[attr-defined]
            return function
    return None


def can_set_blas_threads() -> bool:
    """Whether NumPy's BLAS has a setting for the threads of its matrix products."""
    return _thread_setter() is not None


def set_blas_threads(count: int) -> int | None:
    """Let matrix products use `count` threads; return it, or None if NumPy's BLAS has no such setting.

    A number that is set already is not set again. After a fork OpenBLAS would start all threads that it had,
    even for a count of one, and each of them keeps a processor busy for up to a tenth of a second.
    """
    setter = _thread_setter()
    if setter is None:
        return None
    if blas_threads() != count:
        setter(count)
    return count


@cache  # forked workers have it, too
def reserve_blas_memory() -> None:
    """Have the BLAS take the memory that its products need; raises MemoryError if there is too little.

    OpenBLAS takes it for its first product and keeps it. If it cannot get it then, it ends the process.
    """
    try:
        mmap.mmap(-1, BLAS_BYTES).close()
    except OSError as error:
        raise MemoryError from error
    matrix = np.ones((8, 8), np.float32)
    np.matmul(matrix, matrix.T)  # by syrk: other small products need no memory on some processors


def blas_threads() -> int | None:
    """How many threads matrix products may use; None if NumPy's BLAS does not tell."""
    getter = blas_function(_GETTERS, takes=(), gives=ctypes.c_int)
    return None if getter is None else int(getter())


def _thread_setter() -> Callable[..., Any] | None:
    return blas_function(_SETTERS, takes=(ctypes.c_int,), gives=None)


class _Restoring:
    """Calls that overlap in time, in several threads: the last one to end restores the number of threads."""

    def __init__(self) -> None:
        self._lock, self._calls = threading.Lock(), 0
        self._before: int | None = None

    def begin(self, count: int | None) -> None:
        """Remember the present number, unless another call has, and set `count`, if it is given."""
        with self._lock:
            if not self._calls:
                self._before = blas_threads()
            self._calls += 1
            if count is not None:
                set_blas_threads(count)

    def end(self) -> None:
        """Restore the number that was remembered, unless another call still runs."""
        with self._lock:
            self._calls -= 1
            if not self._calls and self._before is not None:
                set_blas_threads(self._before)


_RESTORING: Final = _Restoring()


@contextmanager
def restored_blas_threads(count: int | None = None) -> Iterator[None]:
    """Within the block, matrix products may use `count` threads, or what the block sets; then as before.

    The number is one of the whole process: blocks that overlap in several threads should want the same one.
    """
    _RESTORING.begin(count)
    try:
        yield
    finally:
        _RESTORING.end()

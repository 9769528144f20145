"""One array of an NPY file, or of a member of an NPZ archive, with all that its header says checked first.

Nothing is unpickled, no memory is taken before the file is seen to hold what the header promises, and large
arrays are gone through a block of rows at a time.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from fnnctl.errors import DataError, Problem
from fnnctl.memory import available_bytes

BLOCK_BYTES = 2**20
_HEADER_READERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What an array's bytes mean, and where they begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    columns_first: bool
    """Fortran order."""
    start: int

    @property
    def nbytes(self) -> int:
        """Of the array's elements."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: BinaryIO, size: int, place: str) -> NpyHeader:
    """Read the header of an array that has `size` bytes with it; `place` names file and array.

    Raises DataError where it is no array of numbers, booleans or text, or its bytes are too few or too many.
    """
    try:
        version = npy_format.read_magic(file)
        shape, columns_first, dtype = _HEADER_READERS[version](file)
    except KeyError:
        which = ".".join(map(str, version))
        raise fault(place, f"is in version {which} of NumPy's format: numbers are saved in 1.0") from None
    except (ValueError, EOFError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise fault(
            place, "is no array in NumPy's format, or its header is damaged: save it again"
        ) from error
    if dtype.hasobject:
        advice = "save it as numbers, or text as an array of type str"
        raise fault(place, f"holds Python objects, which are not loaded since they can run code: {advice}")
    if dtype.names is not None or dtype.subdtype is not None or dtype.kind not in "biufUS":
        raise fault(place, f"is of type {dtype}: numbers, booleans or text are needed")
    header = NpyHeader(dtype, shape, columns_first, file.tell())
    if min(shape, default=0) < 0 or header.start + header.nbytes != size:
        promised = f"its header promises {header.nbytes:,} bytes for the shape {shape}"
        raise fault(place, f"is damaged: {promised}, and the file has {size - header.start:,}")
    return header


def read_whole(file: BinaryIO, header: NpyHeader, place: str) -> npt.NDArray[Any]:
    """Read an array after its header."""
    refuse_too_large(header.nbytes, place)
    content = file.read(header.nbytes)
    if len(content) != header.nbytes:
        raise fault(place, "ends too soon: copy it again")
    return as_array(content, header)


def as_array(content: Any, header: NpyHeader, start: int = 0) -> npt.NDArray[Any]:
    """The array whose bytes these are, without a copy."""
    count = math.prod(header.shape)
    if not header.dtype.itemsize or not count:  # text without a character, or nothing
        return np.zeros(header.shape, header.dtype)
    array = np.frombuffer(content, header.dtype, count, start)
    return array.reshape(header.shape, order="F" if header.columns_first else "C")


def row_blocks(file: BinaryIO, header: NpyHeader, place: str) -> Iterator[npt.NDArray[Any]]:
    """Read (N, p) or (N,) values after their header as blocks of rows, (n, p) or (n, 1).

    Columns that lie one after the other are read piece by piece from a file of their own; from an archive,
    where that would unpack all again and again, they are read whole first.
    """
    if header.columns_first and not isinstance(file, io.BufferedReader):
        whole = read_whole(file, header, place)
        step = _rows_at_once(header)
        yield from (whole[start : start + step] for start in range(0, len(whole), step))
        return
    rows, columns = header.shape[0], math.prod(header.shape[1:])
    step = _rows_at_once(header)
    for start in range(0, rows, step):
        n = min(step, rows - start)
        if header.columns_first:
            block = np.empty((columns, n), header.dtype)
            for j in range(columns):
                file.seek(header.start + (j * rows + start) * header.dtype.itemsize)
                block[j] = _read_array(file, header.dtype, (n,), place)
            yield block.T
        else:
            yield _read_array(file, header.dtype, (n, columns), place)


def _read_array(file: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, ...], place: str) -> npt.NDArray[Any]:
    nbytes = math.prod(shape) * dtype.itemsize
    content = file.read(nbytes)
    if len(content) != nbytes:
        raise fault(place, "ends too soon: copy it again")
    return np.frombuffer(content, dtype).reshape(shape)


def refuse_too_large(nbytes: int, place: str) -> None:
    """Raise DataError where so many bytes are not to be had."""
    available = available_bytes()
    if available is not None and nbytes > available:
        raise fault(
            place, f"would take {nbytes / 1e9:,.1f} GB of memory, and {available / 1e9:,.1f} GB are available"
        )


def fault(place: str, message: str) -> DataError:
    """The error for an array; `place` is its file, or its file and its name there."""
    return DataError(Problem(message, file=place))


def _rows_at_once(header: NpyHeader) -> int:
    """More of columns that lie apart, which are read with a seek each."""
    nbytes = BLOCK_BYTES * (16 if header.columns_first else 1)
    return max(1, nbytes // max(1, math.prod(header.shape[1:]) * header.dtype.itemsize))

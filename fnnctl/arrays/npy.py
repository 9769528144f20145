"""Reads NumPy's NPY format, for users' data and stored models, without trusting the headers.

Nothing is unpickled. Callers compare the size in the header with that of the file before they read, so that
a false header cannot make them allocate memory.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

_PARSERS = {
    (1, 0): (2, npy_format.read_array_header_1_0),
    (2, 0): (4, npy_format.read_array_header_2_0),
}
"""For each version: the size of the length field in bytes, and the function that parses the header."""
_LONGEST_HEADER = 2**16
_MAX_DIMENSIONS = 32


class NpyError(ValueError):
    """The bytes are not a safely readable array. The message says why; the caller names the array."""


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """The type and layout of an array, and where its elements begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    columns_first: bool
    """Whether the elements are in Fortran order."""
    start: int

    @property
    def nbytes(self) -> int:
        """The size of the elements in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes]) -> NpyHeader:
    """Read the header at the beginning of a file; its shape may still need more bytes than the file has.

    Raises NpyError if there is no valid header or if no array can have this shape. Errors from reading the
    file propagate.
    """
    magic = file.read(npy_format.MAGIC_LEN)
    if len(magic) < npy_format.MAGIC_LEN or not magic.startswith(npy_format.MAGIC_PREFIX):
        raise NpyError("it is not an array in NumPy's format")
    version = magic[-2], magic[-1]
    if version not in _PARSERS:
        raise NpyError(
            f"it is in version {version[0]}.{version[1]} of NumPy's format; only 1.0 and 2.0 can be read"
        )
    length_bytes, parse = _PARSERS[version]
    length = file.read(length_bytes)
    header = file.read(min(int.from_bytes(length, "little"), _LONGEST_HEADER))
    try:
        with warnings.catch_warnings():  # Python's about the header's code, NumPy's about Python 2
            warnings.simplefilter("ignore")
            shape, columns_first, dtype = parse(io.BytesIO(length + header))
    except Exception as error:  # NumPy parses Python code, and crafted code raises almost anything
        raise NpyError("it is not an array in NumPy's format, or its header is damaged") from error
    # NumPy multiplies the other dimensions even if one is 0, so their product must not overflow either.
    largest = math.prod(n for n in shape if n) * dtype.itemsize
    if len(shape) > _MAX_DIMENSIONS or min(shape, default=0) < 0 or not 0 < largest < 2**63:
        raise NpyError("its header promises a shape that no array can have")
    return NpyHeader(dtype, shape, columns_first, npy_format.MAGIC_LEN + length_bytes + len(header))


def read_elements(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Read the elements that follow, in C order; raises NpyError if the file ends too early."""
    nbytes = math.prod(shape) * dtype.itemsize
    try:
        content = file.read(nbytes)
    except (MemoryError, OverflowError) as error:
        raise NpyError("it does not fit into memory") from error
    if len(content) != nbytes:
        raise NpyError("it ends too early")
    return np.frombuffer(content, dtype).reshape(shape)


def read_array(file: IO[bytes], header: NpyHeader) -> npt.NDArray[Any]:
    """Read an array after its header; it is read-only. Raises NpyError if the file ends too early."""
    if header.columns_first:
        return read_elements(file, header.dtype, header.shape[::-1]).T
    return read_elements(file, header.dtype, header.shape)


def as_array(content: Any, header: NpyHeader) -> npt.NDArray[Any]:
    """The array in the bytes of a whole file, without a copy."""
    array = np.frombuffer(content, header.dtype, math.prod(header.shape), header.start)
    return array.reshape(header.shape, order="F" if header.columns_first else "C")

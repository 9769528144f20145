"""The one reader of NumPy's NPY format, for users' data and stored models: it trusts no header.

Nothing is unpickled. A caller compares a header with the bytes that are there before it reads them, so that
no header can claim memory.
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
"""For each version the bytes of the header's length, and what reads the length and the header."""
_LONGEST_HEADER = 2**16
_MOST_DIMENSIONS = 32


class NpyError(ValueError):
    """The bytes are no array that can be read safely. The message says why; the caller names the array."""


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What an array's bytes mean, and where they begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    columns_first: bool
    """Whether the elements are in Fortran order."""
    start: int

    @property
    def nbytes(self) -> int:
        """The bytes of the array's elements."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes]) -> NpyHeader:
    """Read the header at the beginning of a file; the shape may still promise more bytes than there are.

    Raises NpyError for anything that is no header, or promises what no array can have. What reading the file
    raises passes through.
    """
    magic = file.read(npy_format.MAGIC_LEN)
    if len(magic) < npy_format.MAGIC_LEN or not magic.startswith(npy_format.MAGIC_PREFIX):
        raise NpyError("it is no array in NumPy's format")
    version = magic[-2], magic[-1]
    if version not in _PARSERS:
        raise NpyError(f"it is in version {version[0]}.{version[1]} of NumPy's format, not in 1.0")
    length_bytes, parse = _PARSERS[version]
    length = file.read(length_bytes)
    header = file.read(min(int.from_bytes(length, "little"), _LONGEST_HEADER))
    try:
        with warnings.catch_warnings():  # of Python, about the code, and of NumPy, about Python 2
            warnings.simplefilter("ignore")
            shape, columns_first, dtype = parse(io.BytesIO(length + header))
    except Exception as error:  # NumPy parses Python code, and crafted code raises almost anything
        raise NpyError("it is no array in NumPy's format, or its header is damaged") from error
    # An array without elements has a shape too, whose other dimensions NumPy multiplies.
    largest = math.prod(n for n in shape if n) * dtype.itemsize
    if len(shape) > _MOST_DIMENSIONS or min(shape, default=0) < 0 or not 0 < largest < 2**63:
        raise NpyError("its header promises a shape that no array has")
    return NpyHeader(dtype, shape, columns_first, npy_format.MAGIC_LEN + length_bytes + len(header))


def read_elements(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Read the elements that come next, the last index first; raises NpyError if the file ends before."""
    nbytes = math.prod(shape) * dtype.itemsize
    try:
        content = file.read(nbytes)
    except (MemoryError, OverflowError) as error:
        raise NpyError("it does not fit into memory") from error
    if len(content) != nbytes:
        raise NpyError("it ends too soon")
    return np.frombuffer(content, dtype).reshape(shape)


def read_array(file: IO[bytes], header: NpyHeader) -> npt.NDArray[Any]:
    """Read an array after its header; it is read-only. Raises NpyError if the file ends before."""
    if header.columns_first:
        return read_elements(file, header.dtype, header.shape[::-1]).T
    return read_elements(file, header.dtype, header.shape)


def as_array(content: Any, header: NpyHeader) -> npt.NDArray[Any]:
    """A whole file's bytes as the array, without a copy."""
    array = np.frombuffer(content, header.dtype, math.prod(header.shape), header.start)
    return array.reshape(header.shape, order="F" if header.columns_first else "C")

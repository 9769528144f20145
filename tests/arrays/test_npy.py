from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays.npy import NpyError, as_array, read_array, read_elements, read_header
from tests.arrays.crafted import CRAFTED, header_of, with_shape


def saved(array: npt.NDArray[Any], version: tuple[int, int] = (1, 0)) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, version)
    return content.getvalue()


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(24, dtype=">i2").reshape(2, 3, 4)),
        np.array(["a", "bcd"]),
        np.array(7.0),
        np.empty((0, 4)),
    ],
)
def test_what_numpy_writes(array: npt.NDArray[Any], version: tuple[int, int]) -> None:
    content = saved(array, version)
    file = io.BytesIO(content)
    header = read_header(file)
    assert (header.dtype, header.shape, header.start) == (array.dtype, array.shape, file.tell())
    assert header.start + header.nbytes == len(content)
    read, viewed = read_array(file, header), as_array(content, header)
    assert read.flags.c_contiguous == array.flags.c_contiguous
    np.testing.assert_array_equal(read, array)
    np.testing.assert_array_equal(viewed, array)


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_header_is_the_one_error(name: str) -> None:
    content, words = CRAFTED[name]
    with pytest.raises(NpyError, match=words):
        read_header(io.BytesIO(content))


@pytest.mark.parametrize("end", [0, 5, 8, 9, 40])
def test_a_header_that_is_cut(end: int) -> None:
    with pytest.raises(NpyError, match="is not an array in NumPy's format"):
        read_header(io.BytesIO(header_of((3,))[:end]))


@pytest.mark.parametrize(("shape", "read"), [("(3L, 2L)", (3, 2)), ("(1if 1else 2,)", None)])
def test_a_header_that_python_or_numpy_warns_of(shape: str, read: tuple[int, ...] | None) -> None:
    """Python 2 wrote the first header. No warning is printed: if a header is wrong, the error says so."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        if read is None:
            with pytest.raises(NpyError, match="is not an array in NumPy's format"):
                read_header(io.BytesIO(with_shape(shape)))
        else:
            assert read_header(io.BytesIO(with_shape(shape))).shape == read
    assert told == []


def test_an_unknown_version() -> None:
    with pytest.raises(NpyError, match=r"is in version 9\.0 of NumPy's format"):
        read_header(io.BytesIO(b"\x93NUMPY\x09\x00" + bytes(100)))


def test_elements_that_end_too_soon_or_claim_all_memory() -> None:
    with pytest.raises(NpyError, match="ends too early"):
        read_elements(io.BytesIO(bytes(23)), np.dtype("<f8"), (3,))
    with Path("/dev/zero").open("rb") as endless, pytest.raises(NpyError, match="does not fit into memory"):
        read_elements(endless, np.dtype("<f8"), (2**59,))


@given(st.data())
def test_a_changed_header_is_read_or_reported(data: st.DataObject) -> None:
    content = bytearray(header_of((2, 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(6, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        header = read_header(io.BytesIO(content))
    except NpyError:
        return
    assert header.nbytes >= 0

"""`model.npz`: arrays in, bytes out, and back without trusting what the file says of itself.

Equal arrays give equal bytes, which `numpy.savez` does not promise: its archive carries the time of writing.
A model is read only where its arrays' names, types and shapes are those that `model.json` lists. No array
takes more memory than the file really holds.
"""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fnnctl.store.atomic import damaged

Array = npt.NDArray[Any]

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
NUMBER_KINDS = "fiub"


def to_npz(arrays: Mapping[str, Array]) -> bytes:
    """The arrays as an uncompressed .npz file, which `numpy.load` reads; raises ValueError for objects."""
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), member.getvalue())
    return archive_bytes.getvalue()


def array_list(arrays: Mapping[str, Array]) -> dict[str, dict[str, Any]]:
    """What `model.json` says of each array: its shape and type."""
    return {name: {"shape": list(array.shape), "dtype": array.dtype.name} for name, array in arrays.items()}


def read_listed_npz(content: bytes, expected: object, path: Path) -> dict[str, Array]:
    """The arrays in a file's content, which must be those of `expected` (made by `array_list`).

    Raises `DataError`, which names `path`, where they are not, or where the file is damaged.
    """
    if not isinstance(expected, dict):
        raise damaged(path, "cannot be read: model.json does not list its arrays")
    arrays = read_npz(content, path)
    listed = array_list(arrays)
    if sorted(listed) != sorted(expected):
        raise damaged(path, "is damaged: its arrays are not those that model.json lists")
    for name, found in listed.items():
        if found != expected[name]:
            what = f"'{name}' is {found['dtype']} {found['shape']}, model.json says {expected[name]}"
            raise damaged(path, f"is damaged: {what}")
    return {name: arrays[name] for name in expected}


def read_npz(content: bytes, path: Path) -> dict[str, Array]:
    """The arrays in a file's content, of any names; raises `DataError`, which names `path`, for damage."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                member.filename.removesuffix(".npy"): _read_array(archive, member, path)
                for member in archive.infolist()
            }
    except (zipfile.BadZipFile, RuntimeError, ValueError, OverflowError, EOFError) as error:
        raise damaged(path, f"is damaged: {error}") from error


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> Array:
    if member.compress_type != zipfile.ZIP_STORED:
        raise damaged(path, f"is damaged: '{member.filename}' is compressed, which fnnctl never does")
    with archive.open(member) as file:
        shape, fortran_order, dtype = _read_header(file)
        if dtype.kind not in NUMBER_KINDS:
            raise damaged(path, f"is damaged: '{member.filename}' is {dtype.name}, which fnnctl never writes")
        data = file.read()
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise damaged(
            path, f"is damaged: '{member.filename}' holds {len(data)} bytes, not what its shape needs"
        )
    # A copy, because an array over bytes cannot be written to.
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C").copy()


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"version {version} of an array's header is not one that fnnctl writes")
    try:
        return np.lib.format.read_array_header_1_0(file)
    except (SyntaxError, tokenize.TokenError, TypeError) as error:
        raise ValueError(f"an array's header cannot be read ({error})") from error

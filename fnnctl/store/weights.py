"""`model.npz`: writes arrays as bytes, and reads them back without trusting the file's headers.

Equal arrays give equal bytes; `numpy.savez` does not promise this, because it stores the time of writing. A
model is read only if its arrays have the names, types and shapes that `model.json` lists. No array takes more
memory than the file has bytes for it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fnnctl.arrays.npy import NpyError, read_array, read_header
from fnnctl.errors import is_out_of_memory
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.text import cut, quoted

Array = npt.NDArray[Any]

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
NUMBER_KINDS = "fiub"

ERRORS: Final = "errors."
"""The names of arrays that describe the model's errors begin with it."""
BACKGROUND: Final = "background."
"""The names of arrays with training rows begin with it."""
HISTOGRAMS: Final = "histograms."
"""The names of arrays that describe the training rows begin with it."""


def to_npz(arrays: Mapping[str, Array]) -> bytes:
    """The arrays as an uncompressed NPZ file, which `numpy.load` reads; raises ValueError for objects."""
    archive_bytes = io.BytesIO()
    try:
        with zipfile.ZipFile(archive_bytes, "w", zipfile.ZIP_STORED) as archive:
            for name, array in arrays.items():
                member = io.BytesIO()
                np.lib.format.write_array(member, array, allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), member.getvalue())
    except ValueError as error:  # also of closing the archive, after its bytes could not grow
        if is_out_of_memory(error):
            raise MemoryError from error
        raise
    return archive_bytes.getvalue()


def array_list(arrays: Mapping[str, Array]) -> dict[str, dict[str, Any]]:
    """The entry of `model.json` for each array: its shape and type."""
    return {name: {"shape": list(array.shape), "dtype": array.dtype.name} for name, array in arrays.items()}


def read_listed_npz(content: bytes, expected: object, path: Path) -> dict[str, Array]:
    """The arrays in a file's content, which must be those of `expected` (made by `array_list`).

    Raises `DataError`, which names `path`, if they are not, or if the file is damaged.
    """
    if not isinstance(expected, dict):
        raise damaged(path.with_name(names.MODEL), f"is damaged: it does not list the arrays of {path.name}")
    arrays = read_npz(content, path)
    entries = array_list(arrays)
    if sorted(entries) != sorted(expected):
        raise damaged(path, "is damaged: its arrays are not those that model.json lists")
    for name, entry in entries.items():
        if entry != expected[name]:
            listed_as = _in_words(expected[name])
            difference = f"{quoted(name)} is {_in_words(entry)}, but {names.MODEL} lists {listed_as}"
            raise damaged(path, f"is damaged: {difference}")
    return {name: arrays[name] for name in expected}


def _in_words(entry: object) -> str:
    """An entry of the list of arrays, which may be damaged: `float32 [63, 118]`."""
    match entry:
        case {"shape": shape, "dtype": dtype}:
            return cut(f"{dtype} {shape}")
    return cut(str(entry))


def read_npz(content: bytes, path: Path) -> dict[str, Array]:
    """The arrays in a file's content, with any names; raises `DataError`, which names `path`, if damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                member.filename.removesuffix(".npy"): _read_member(archive, member, path)
                for member in archive.infolist()
            }
    except (zipfile.BadZipFile, RuntimeError, ValueError, OverflowError, EOFError) as error:
        is_archive = zipfile.is_zipfile(io.BytesIO(content))
        problem = (
            "its bytes have changed since it was written" if is_archive else "it is incomplete or no NPZ file"
        )
        raise damaged(path, f"is damaged: {problem}") from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> Array:
    name = quoted(member.filename)
    if member.compress_type != zipfile.ZIP_STORED:
        raise damaged(path, f"is damaged: {name} is compressed, which fnnctl never does")
    try:
        with archive.open(member) as file:
            header = read_header(file)
            if header.dtype.kind not in NUMBER_KINDS:
                raise damaged(path, f"is damaged: {name} is {header.dtype.name}, which fnnctl never writes")
            held = member.file_size - header.start
            if held != header.nbytes:
                needs = f"its shape needs {header.nbytes}"
                raise damaged(path, f"is damaged: {name} holds {held} bytes; {needs}")
            return read_array(file, header).copy()  # writable, unlike an array over bytes
    except NpyError as error:
        raise damaged(path, f"is damaged: {name}: {error}") from error

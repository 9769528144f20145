"""The arrays of an NPZ archive, or of a folder of NPY files, by name: opened, and not yet read."""

from __future__ import annotations

import hashlib
import lzma
import mmap
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from fnnctl.data.arrays.npy import NpyHeader, as_array, fault, read_header, read_whole, row_blocks
from fnnctl.data.files import file_sha256
from fnnctl.errors import DataError, MachineError, Problem, did_you_mean, quoted_list
from fnnctl.text import printable, shown

FEATURES, LABELS = "X", "y"
NAMES = ("feature_names", "columns")
"""The names under which the columns' names may stand."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array in a file, whose header has been read and checked."""

    place: str
    """Its file, or its file and its name there: for messages."""
    path: Path
    member: str | None
    """Its name in the archive `path`; None where the file is the array's own."""
    header: NpyHeader

    def whole(self) -> npt.NDArray[Any]:
        """Read it."""
        with _opened(self.path, self.member, self.place) as (file, _):
            file.read(self.header.start)
            return read_whole(file, self.header, self.place)

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """Read it as blocks of rows, (n, p)."""
        with _opened(self.path, self.member, self.place) as (file, _):
            file.read(self.header.start)
            yield from row_blocks(file, self.header, self.place)

    @property
    def can_be_mapped(self) -> bool:
        """Whether its bytes on disk are rows of float32 as this machine has them in memory."""
        dtype, columns_first = self.header.dtype, self.header.columns_first
        return self.member is None and dtype == np.float32 and dtype.isnative and not columns_first

    def mapped(self) -> tuple[npt.NDArray[Any], mmap.mmap]:
        """Its file in memory, read by the system as it is looked at, and the array in it."""
        with _opened(self.path, None, self.place) as (file, _):
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return as_array(mapping, self.header, self.header.start), mapping


def holds_arrays(path: Path) -> bool:
    """Whether a source is one of arrays, not a table."""
    return path.is_dir() or path.suffix.lower() in {".npz", ".npy"}


def find_arrays(path: Path, *, labelled: bool = True) -> dict[str, StoredArray]:
    """Open X, y and the columns' names, where those are given, in an archive or a folder.

    Where the rows need not be `labelled`, y may be missing and is not opened, and X may be a file of its own.
    Raises DataError where an array is not there, or is none that can be read safely.
    """
    source = printable(str(path))
    needed = (FEATURES, LABELS) if labelled else (FEATURES,)
    if path.suffix.lower() == ".npy" and not path.is_dir():
        if labelled:
            advice = "put X.npy and y.npy into a folder and name that, or save both into one NPZ file"
            raise fault(source, f"this is one array, and data have two: {advice}")
        members: dict[str, tuple[Path, str | None]] = {FEATURES: (path, None)}
    else:
        members = _members(path, source)
    for name in needed:
        if name not in members:
            there = f"its arrays are {quoted_list([shown(each) for each in sorted(members)])}"
            what = "file" if path.is_dir() else "array"
            missing = f"{name}.npy" if path.is_dir() else name
            folder = "; a folder is one of arrays, X.npy and y.npy" if path.is_dir() else ""
            hint = did_you_mean(name, members) or (f"; {there}" if members else folder)
            raise fault(source, f"there is no {what} {missing}{hint}")
    arrays = {}
    for name in (*needed, *NAMES):
        if name in members:
            file, member = members[name]
            place = printable(str(file)) if member is None else f"{source}: {name}"
            with _opened(file, member, place) as (opened, size):
                arrays[name] = StoredArray(place, file, member, read_header(opened, size, place))
    return arrays


def arrays_sha256(path: Path) -> str:
    """The SHA-256 of an archive; of a folder, that of what `sha256sum` prints in it for the files read."""
    if not path.is_dir():
        return file_sha256(path)
    names = sorted(f"{name}.npy" for name in (FEATURES, LABELS, *NAMES))
    lines = [f"{file_sha256(path / name)}  {name}\n" for name in names if (path / name).is_file()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _members(path: Path, source: str) -> dict[str, tuple[Path, str | None]]:
    """Where each array lies: its file and, in an archive, the member."""
    if path.is_dir():
        try:
            return {file.stem: (file, None) for file in path.iterdir() if file.suffix == ".npy"}
        except OSError as error:
            raise MachineError(f"{source} cannot be read: {error.strerror or error}") from error
    with _told(source), zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): (path, name) for name in archive.namelist()}


@contextmanager
def _opened(path: Path, member: str | None, place: str) -> Iterator[tuple[BinaryIO, int]]:
    """Open an array's bytes; also return how many there are."""
    with _told(place):
        if member is None:
            with path.open("rb") as file:
                yield file, path.stat().st_size
        else:
            with zipfile.ZipFile(path) as archive, archive.open(member) as packed:
                yield packed, archive.getinfo(member).file_size  # type: ignore[misc]


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Turn what the operating system and zipfile raise into errors that name the file."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise DataError(
            Problem(f"the NPZ file is damaged ({error}): save or copy it again", file=place)
        ) from error
    except (RuntimeError, NotImplementedError) as error:
        raise fault(place, f"cannot be unpacked ({error}): save it with numpy.savez") from error
    except OSError as error:
        raise MachineError(f"{place} cannot be read: {error.strerror or error}") from error

"""The user's arrays, in an NPZ archive or a folder of NPY files: opened by name, checked, and read in blocks.

No memory is allocated before the size of a file has been checked against its header.
"""

from __future__ import annotations

import errno
import hashlib
import lzma
import math
import mmap
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from fnnctl.arrays.npy import NpyError, NpyHeader, as_array, read_array, read_elements, read_header
from fnnctl.data.files import file_errors, file_sha256, refuse_too_large
from fnnctl.data.matrix import MappedNumbers
from fnnctl.errors import DataError, Problem
from fnnctl.text import cut, did_you_mean, printable, quoted, word_list

BLOCK_BYTES = 2**20
"""A block with its float64 copy fits in the processor's second-level cache."""
FEATURES, LABELS = "X", "y"
NAMES = ("feature_names", "columns")
"""The arrays that may contain the names of the columns."""


class ArraySource(Protocol):
    """An array of numbers that is read in blocks of rows: in a file, or in memory."""

    @property
    def origin(self) -> str:
        """Its name in messages."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """All rows, (n, p) at a time."""

    @property
    def can_be_mapped(self) -> bool:
        """Whether it can stay in its file."""

    def mapped(self) -> MappedNumbers:
        """The array as a view of its file."""


@dataclass(frozen=True, slots=True)
class ArrayInMemory:
    """An array (N, p) in memory: an `ArraySource`."""

    origin: str
    values: npt.NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, p)."""
        return self.values.shape

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """Blocks of rows (n, p), as of the file with this array."""
        rows, columns = self.values.shape
        flags = self.values.flags
        columns_first = flags.f_contiguous and not flags.c_contiguous
        spans = block_spans(rows, columns * self.values.itemsize, columns_first=columns_first)
        yield from (self.values[start:end] for start, end in spans)

    @property
    def can_be_mapped(self) -> bool:
        """There is no file."""
        return False

    def mapped(self) -> MappedNumbers:
        """Raises ValueError: there is no file."""
        raise ValueError("an array in memory has no file")


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array in a file, whose header has been read and checked."""

    origin: str
    """Its file, or its file and its name in the archive, for messages."""
    path: Path
    member: str | None
    """Its name in the archive `path`; None if the array has its own file."""
    header: NpyHeader

    @classmethod
    def open(cls, origin: str, path: Path, member: str | None) -> Self:
        """Read the header.

        Raises DataError if it is not an array of numbers, booleans or text, or has the wrong number of bytes.
        """
        with _opened(path, member, origin) as (file, size):
            header = read_header(file)
        dtype = header.dtype
        if dtype.hasobject:
            advice = "save it as numbers, or text as an array of type str"
            raise array_error(
                origin, f"contains Python objects, which are not loaded because they can run code: {advice}"
            )
        if dtype.names is not None or dtype.subdtype is not None or dtype.kind not in "biufUS":
            raise array_error(origin, f"is of type {cut(str(dtype))}: numbers, booleans or text are needed")
        if header.start + header.nbytes != size:
            promised = f"its header promises {header.nbytes:,} bytes for the shape {header.shape}"
            raise array_error(origin, f"is damaged: {promised}, but the file has {size - header.start:,}")
        return cls(origin, path, member, header)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in the header."""
        return self.header.shape

    def whole(self) -> npt.NDArray[Any]:
        """Read the whole array."""
        refuse_too_large(self.header.nbytes, self.origin)
        with _opened(self.path, self.member, self.origin) as (file, _):
            file.read(self.header.start)
            return read_array(file, self.header)

    def blocks(self) -> Iterator[npt.NDArray[Any]]:
        """Read (N, p) or (N,) values as blocks of rows, (n, p) or (n, 1).

        An array in Fortran order is read column by column from its own file. In an archive, which would have
        to be unpacked again for each block, it is read as a whole first.
        """
        rows, columns = self.shape[0], math.prod(self.shape[1:])
        columns_first, dtype = self.header.columns_first, self.header.dtype
        spans = block_spans(rows, columns * dtype.itemsize, columns_first=columns_first)
        if columns_first and self.member is not None:
            whole = self.whole()
            yield from (whole[start:end] for start, end in spans)
            return
        with _opened(self.path, self.member, self.origin) as (file, _):
            file.read(self.header.start)
            for start, end in spans:
                if not columns_first:
                    yield read_elements(file, dtype, (end - start, columns))
                    continue
                block = np.empty((columns, end - start), dtype)
                for j in range(columns):
                    file.seek(self.header.start + (j * rows + start) * dtype.itemsize)
                    block[j] = read_elements(file, dtype, (end - start,))
                yield block.T

    @property
    def can_be_mapped(self) -> bool:
        """Whether its bytes on disk are rows of float32 in this machine's byte order."""
        dtype, columns_first = self.header.dtype, self.header.columns_first
        return self.member is None and dtype == np.float32 and dtype.isnative and not columns_first

    def mapped(self) -> MappedNumbers:
        """The array as a view of its file."""
        with _opened(self.path, None, self.origin) as (file, _):
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return MappedNumbers(as_array(mapping, self.header), mapping, self.header.start)


def block_spans(rows: int, row_bytes: int, *, columns_first: bool) -> list[tuple[int, int]]:
    """First and end row of each block of an array; in Fortran order there are fewer, larger blocks.

    Such a block needs one seek per column.
    """
    step = max(1, BLOCK_BYTES * (16 if columns_first else 1) // max(1, row_bytes))
    return [(start, min(start + step, rows)) for start in range(0, rows, step)]


def array_error(origin: str, message: str) -> DataError:
    """The error for an array; `origin` is its file, or its file and its name in the archive."""
    return DataError(Problem(message, file=origin))


@contextmanager
def _opened(path: Path, member: str | None, origin: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open the array's file or member; yield it and its size in bytes."""
    with npz_errors(origin):
        if member is None:
            with path.open("rb") as file:
                yield file, path.stat().st_size
        else:
            with zipfile.ZipFile(path) as archive, archive.open(member) as packed:
                yield packed, archive.getinfo(member).file_size


@contextmanager
def npz_errors(origin: str) -> Iterator[None]:
    """Turn errors of the operating system, zipfile and the NPY reader into errors that name the file."""
    with file_errors(origin):
        try:
            yield
        except NpyError as error:
            raise array_error(origin, f"is damaged: {error}: save or copy it again") from error
        except (RuntimeError, NotImplementedError) as error:
            raise array_error(
                origin, f"cannot be unpacked ({cut(str(error))}): save it with numpy.savez"
            ) from error
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
            raise _damaged_npz(origin, error) from error
        except OSError as error:
            # bz2 raises one without a number; EINVAL is an offset before the beginning of the file
            if error.errno not in (None, errno.EINVAL):
                raise
            raise _damaged_npz(origin, error) from error


def _damaged_npz(origin: str, error: Exception) -> DataError:
    return array_error(origin, f"the NPZ file is damaged ({cut(str(error))}): save or copy it again")


def holds_arrays(path: Path) -> bool:
    """Whether a source contains arrays, not a table."""
    return path.is_dir() or path.suffix.lower() in {".npz", ".npy"}


def find_arrays(path: Path, *, labelled: bool = True) -> dict[str, StoredArray]:
    """Open X, y and, if present, the names of the columns in an archive or a folder.

    If the rows need not be `labelled`, y may be missing and is not opened, and `path` may be X itself.
    Raises DataError if an array is missing, or cannot be read safely.
    """
    source = printable(str(path))
    needed = (FEATURES, LABELS) if labelled else (FEATURES,)
    if path.suffix.lower() == ".npy" and not path.is_dir():
        if labelled:
            advice = "put X.npy and y.npy into a folder and name it here, or save both in one NPZ file"
            raise array_error(source, f"this is a single array, but X and y are needed: {advice}")
        members: dict[str, tuple[Path, str | None]] = {FEATURES: (path, None)}
    else:
        members = _members(path, source)
    for name in needed:
        if name not in members:
            present = f"its arrays are {word_list([quoted(array) for array in sorted(members)])}"
            kind = "file" if path.is_dir() else "array"
            missing = f"{name}.npy" if path.is_dir() else name
            folder = "; a data folder contains X.npy and y.npy" if path.is_dir() else ""
            hint = did_you_mean(name, members) or (f"; {present}" if members else folder)
            raise array_error(source, f"there is no {kind} {missing}{hint}")
    arrays = {}
    for name in (*needed, *NAMES):
        if name in members:
            file, member = members[name]
            origin = printable(str(file)) if member is None else f"{source}: {name}"
            arrays[name] = StoredArray.open(origin, file, member)
    return arrays


def source_sha256(path: Path) -> str:
    """The SHA-256 of a file, or for a folder, that of the `sha256sum` output for the files that are read."""
    if not path.is_dir():
        return file_sha256(path)
    names = sorted(f"{name}.npy" for name in (FEATURES, LABELS, *NAMES))
    lines = [f"{file_sha256(path / name)}  {name}\n" for name in names if (path / name).is_file()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _holds_array(file: Path) -> bool:
    """Whether it is an NPY file; a pipe does not count, because opening it could block."""
    return file.suffix == ".npy" and file.is_file()


def _members(path: Path, source: str) -> dict[str, tuple[Path, str | None]]:
    """Each array's file and, in an archive, its member."""
    if path.is_dir():
        with file_errors(source):
            return {file.stem: (file, None) for file in path.iterdir() if _holds_array(file)}
    with npz_errors(source), zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): (path, name) for name in archive.namelist()}

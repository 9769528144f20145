"""Opens the arrays of an NPZ archive or a folder of NPY files by name, without reading them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from fnnctl.data.arrays.stored_array import StoredArray, fault, npz_errors
from fnnctl.data.files import file_errors, file_sha256
from fnnctl.errors import did_you_mean, quoted_list
from fnnctl.text import printable, shown

FEATURES, LABELS = "X", "y"
NAMES = ("feature_names", "columns")
"""The arrays that may contain the names of the columns."""


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
            raise fault(source, f"this is a single array, but X and y are needed: {advice}")
        members: dict[str, tuple[Path, str | None]] = {FEATURES: (path, None)}
    else:
        members = _members(path, source)
    for name in needed:
        if name not in members:
            there = f"its arrays are {quoted_list([shown(each) for each in sorted(members)])}"
            what = "file" if path.is_dir() else "array"
            missing = f"{name}.npy" if path.is_dir() else name
            folder = "; a data folder contains X.npy and y.npy" if path.is_dir() else ""
            hint = did_you_mean(name, members) or (f"; {there}" if members else folder)
            raise fault(source, f"there is no {what} {missing}{hint}")
    arrays = {}
    for name in (*needed, *NAMES):
        if name in members:
            file, member = members[name]
            place = printable(str(file)) if member is None else f"{source}: {name}"
            arrays[name] = StoredArray.open(place, file, member)
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

"""Finds and opens the data files that a config names, with a clear message for every failure.

A file may be compressed with gzip (recognized by its first bytes or by `.gz`), may start with a byte-order
mark, and is never read into memory as a whole.
"""

from __future__ import annotations

import codecs
import errno
import gzip
import hashlib
import io
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from fnnctl.errors import DataError, MachineError, Problem, did_you_mean
from fnnctl.text import printable, shown

LONGEST_PATH = 250
"""A message shows at most this many characters of a path: its end, which says most."""
_COMMON_ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1250", "cp1251", "cp1252", "gb18030", "shift_jis")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP = b"\x1f\x8b"
_OTHER_FORMATS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
)


def find_file(
    source: str,
    folder: Path,
    *,
    setting: str,
    builtin: Collection[str] = (),
    folders: bool = False,
    pipes: bool = False,
) -> Path:
    """Return the path of `source`: `~` is the home folder, a relative path starts at `folder`.

    With `folders` it may be a folder of array files. With `pipes` it may be a pipe or a device, which can be
    read only once. Raises DataError, at the path `setting`, if there is no such file, and suggests a file in
    the same folder or a `builtin` data set with a similar name. Raises MachineError if the system fails.
    """
    path = folder / source
    try:
        path = folder / Path(source).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError, RuntimeError, ValueError) as error:
        raise _missing(path, source, setting, builtin) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise _missing(path, source, setting, builtin) from error
        raise _unreadable(shown_name(path), error) from error
    if not (path.is_file() or (path.is_dir() and folders) or (pipes and not path.is_dir())):
        what = "is a folder, not a file" if path.is_dir() else "is not a regular file"
        raise DataError(Problem(f"{printable(str(path))} {what}", path=setting))
    return path


def _missing(path: Path, source: str, setting: str, builtin: Collection[str]) -> DataError:
    try:
        nearby = [printable(entry.name) for entry in path.parent.iterdir() if entry.is_file()]
    except (OSError, ValueError):
        nearby = []
    place = (
        "" if Path(source).is_absolute() or path.parent == Path() else f" in {printable(str(path.parent))}"
    )
    neither = ", and no built-in data set of this name" if builtin else ""
    suggestion = did_you_mean(path.name, [*builtin, *nearby])
    given = printable(source if len(source) <= LONGEST_PATH else f"…{source[-LONGEST_PATH:]}")
    return DataError(Problem(f"there is no file '{given}'{place}{neither}{suggestion}", path=setting))


def _unreadable(file: str, error: OSError) -> MachineError:
    return MachineError(f"{file} cannot be read: {error.strerror or error}")


@contextmanager
def file_errors(file: str) -> Iterator[None]:
    """Turn errors of the operating system and of gzip into errors that name the file."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            Problem(f"the gzip file is damaged ({error}): compress or copy it again", file=file)
        ) from error
    except OSError as error:
        raise _unreadable(file, error) from error


def shown_name(path: Path | None) -> str:
    """The name of a file in messages; None is standard input."""
    return "standard input" if path is None else printable(str(path))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal digits."""
    with file_errors(shown_name(path)), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(found: str, expected: str | None, *, file: str, setting: str) -> None:
    """Raise DataError, at the path `setting`, if a file does not have the expected SHA-256."""
    if expected is not None and found != expected:
        advice = "if this is intended, update or remove this setting"
        message = f"{file} has changed: its SHA-256 is now {found} ({advice})"
        raise DataError(Problem(message, path=setting))


@contextmanager
def open_text(path: Path | None, encoding: str, setting: str = "data.encoding") -> Iterator[TextIO]:
    """Open a plain or gzip file, or standard input (None), as text with its line ends unchanged.

    Raises DataError for an unknown encoding, a damaged gzip file (also while reading), undeclared UTF-16 or
    UTF-32, and formats that are not text; MachineError if the system cannot read. `setting` is what the user
    changes if the encoding is wrong.
    """
    file = shown_name(path)
    with file_errors(file), _opened(path) as raw:
        packed = (path is not None and path.suffix.lower() == ".gz") or raw.peek(2).startswith(_GZIP)
        plain = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
        with _decoded(plain, encoding, setting) as text:
            _refuse_other_formats(plain.peek(8), encoding, setting, file)
            yield text


def _opened(path: Path | None) -> io.BufferedReader:
    return open(0, "rb", closefd=False) if path is None else path.open("rb")


def _decoded(file: BinaryIO, encoding: str, setting: str) -> io.TextIOWrapper:
    try:
        return io.TextIOWrapper(file, encoding=encoding, newline="")
    except (LookupError, ValueError) as error:
        suggestion = did_you_mean(encoding, _COMMON_ENCODINGS)
        raise DataError(Problem(f"{shown(encoding)} is not an encoding{suggestion}", path=setting)) from error


def _refuse_other_formats(start: bytes, encoding: str, setting: str, file: str) -> None:
    for mark, what in _OTHER_FORMATS:
        if start.startswith(mark):
            raise DataError(Problem(f"this is {what}, not a CSV file: save it as CSV", file=file))
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        return
    for mark, meant in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            message = f"the file is {meant.upper()}, not {encoding}: set {setting} to {meant}"
            raise DataError(Problem(message, file=file))

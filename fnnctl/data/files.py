"""Finds the data files that a config names, with a clear message for every failure."""

from __future__ import annotations

import errno
import gzip
import hashlib
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from fnnctl.errors import DataError, MachineError, Problem
from fnnctl.memory import available_bytes
from fnnctl.text import nearest_file, printable

LONGEST_PATH = 250
"""A message shows at most this many characters of a path: its end, which says most."""
OnRead: TypeAlias = Callable[[str, float], None]
"""Called while a file is read, with its name and the share of it that has been read, from 0 to 1."""
UNREPORTED: Final[OnRead] = lambda file, share: None  # noqa: E731


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
        raise _unreadable(displayed_name(path), error) from error
    if not (path.is_file() or (path.is_dir() and folders) or (pipes and not path.is_dir())):
        kind = "is a folder, not a file" if path.is_dir() else "is not a regular file"
        raise DataError(Problem(f"{printable(str(path))} {kind}", path=setting))
    return path


def _missing(path: Path, source: str, setting: str, builtin: Collection[str]) -> DataError:
    try:
        nearby = [printable(entry.name) for entry in path.parent.iterdir() if entry.is_file()]
    except (OSError, ValueError):
        nearby = []
    location = (
        "" if Path(source).is_absolute() or path.parent == Path() else f" in {printable(str(path.parent))}"
    )
    neither = ", and no built-in data set of this name" if builtin else ""
    suggestion = nearest_file(path.name, [*builtin, *nearby])
    name = printable(source if len(source) <= LONGEST_PATH else f"…{source[-LONGEST_PATH:]}")
    return DataError(Problem(f"there is no file '{name}'{location}{neither}{suggestion}", path=setting))


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


def displayed_name(path: Path | None) -> str:
    """The name of a file in messages; None is standard input."""
    return "standard input" if path is None else printable(str(path))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal digits."""
    with file_errors(displayed_name(path)), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(sha256: str, expected: str | None, *, file: str, setting: str) -> None:
    """Raise DataError, at the path `setting`, if a file does not have the expected SHA-256."""
    if expected is not None and sha256 != expected:
        advice = "if this is intended, update or remove this setting"
        message = f"{file} has changed: its SHA-256 is now {sha256}"
        raise DataError(Problem(message, path=setting, advice=advice))


def refuse_too_large(nbytes: int, file: str) -> None:
    """Raise DataError if more bytes are needed than are available."""
    available = available_bytes()
    if available is not None and nbytes > available:
        needed = f"would need {nbytes / 1e9:,.1f} GB of memory"
        message = f"{needed}, but only {available / 1e9:,.1f} GB are available"
        raise DataError(Problem(message, file=file))

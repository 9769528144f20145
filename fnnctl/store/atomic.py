"""Files written whole or not at all, and read without following a link.

A file is written under a hidden temporary name in its own folder, synced, and renamed: whoever looks,
also after a crash, sees the old content, the new content, or no file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from fnnctl.errors import DataError, MachineError, Problem, UsageError
from fnnctl.store.names import temporary_file_name

NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)

_ADVICE = {
    errno.ENOSPC: "free some space there, or write elsewhere (--runs-dir, --output)",
    errno.EDQUOT: "free some of your quota there, or write elsewhere (--runs-dir, --output)",
    errno.EACCES: "allow writing there, or write elsewhere (--runs-dir, --output)",
    errno.EPERM: "allow writing there, or write elsewhere (--runs-dir, --output)",
    errno.EROFS: "write elsewhere (--runs-dir, --output)",
}


def write_bytes(path: Path, content: bytes) -> None:
    """Write the whole file; raises `MachineError` where the machine does not allow it."""
    try:
        _write(path, [content], _replace)
    except OSError as error:
        raise cannot_write(path, error) from error


def write_text(path: Path, text: str) -> None:
    r"""Write the whole file in UTF-8; what has no UTF-8 form (a lone surrogate) is written as `\udcff`."""
    write_lines(path, [text])


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write the whole file as `write_text` does, from pieces that need not be in memory all at once.

    An exception that `lines` raises passes through, and the file is then as it was.
    """
    try:
        _write(path, map(_encoded, lines), _replace)
    except OSError as error:
        raise cannot_write(path, error) from error


def write_output(path: Path, text: str) -> None:
    """Write a file as `write_output_lines` does."""
    write_output_lines(path, [text])


def write_output_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file that the user named, outside of any run; a device or a pipe is written into as it is.

    An exception that `lines` raises passes through, and a file is then as it was.
    """
    try:
        if path.is_dir():
            raise UsageError(f"'{path}' is a folder; name a file to write")
        if not path.parent.is_dir():
            raise UsageError(f"'{path}' cannot be written: there is no folder '{path.parent}'")
        if path.is_file() or not path.exists():
            write_lines(path.resolve(), lines)
        else:
            with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as device:
                device.writelines(lines)
    except OSError as error:
        raise cannot_write(path, error) from error


def write_new(path: Path, text: str) -> None:
    """Write a file that the user named and that is not there yet; raises `UsageError` where it is."""
    if not path.parent.is_dir():
        raise UsageError(f"'{path}' cannot be written: there is no folder '{path.parent}'")
    try:
        _write(path, [_encoded(text)], _appear)
    except FileExistsError:
        raise UsageError(f"'{path}' is there already, and is not overwritten; name another file") from None
    except OSError as error:
        raise cannot_write(path, error) from error


def read_bytes(path: Path) -> bytes | None:
    """The file's content, or None where there is no such file.

    Raises `DataError` where it is a link, which could lead anywhere, and `MachineError` where it cannot be
    read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise damaged(path, "is a link; put the file itself there") from error
        raise cannot_read(path, error) from error


def sync_folder(path: Path) -> None:
    """Make renames inside a folder last through a power cut, where the system can do that."""
    # A file system that cannot sync a folder still keeps each file whole.
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write(path: Path, pieces: Iterable[bytes], place: Callable[[Path, Path], None]) -> None:
    """Write under a temporary name, sync, and let `place` give the file its own name."""
    temporary = path.with_name(temporary_file_name(path.name))
    try:
        with temporary.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    sync_folder(path.parent)


def _replace(temporary: Path, path: Path) -> None:
    temporary.replace(path)


def _appear(temporary: Path, path: Path) -> None:
    """Give the file its name, or raise FileExistsError where that is taken: a rename would overwrite."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # no hard links here: an empty file takes the name first
        path.open("xb").close()
        try:
            temporary.replace(path)
        except OSError:
            path.unlink()
            raise


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def damaged(path: Path, message: str) -> DataError:
    """The error for a file that does not hold what fnnctl writes there."""
    return DataError(Problem(message, file=str(path)))


def cannot_read(path: Path, error: OSError) -> MachineError:
    """The sentence for a read that the machine refused."""
    return MachineError(f"{path} cannot be read: {error.strerror}")


def cannot_write(path: Path, error: OSError) -> MachineError:
    """The sentence for a write that the machine refused: where, why, and what to do."""
    advice = _ADVICE.get(error.errno or 0)
    return MachineError(f"{path} cannot be written: {error.strerror}" + (f"; {advice}" if advice else ""))

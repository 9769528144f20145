"""Atomic file writes, files that grow line by line, and reads that follow no symbolic links.

A file is written under a hidden temporary name in its own folder, synced, and renamed. At any time, even
after a crash, it has its old content or its new content, or does not exist.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from io import BufferedReader, BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias, TypeVar

from fnnctl.errors import DataError, FnnctlError, MachineError, Problem, UsageError
from fnnctl.store.names import CONFIG, MANIFEST, RESOLVED, is_name_of_run, temporary_file_name
from fnnctl.store.volumes import delete_file, delete_folder, make_folder, memory_volume, sync_folder

T = TypeVar("T")
_Sync: TypeAlias = Literal["all", "file", "nothing"]
"""What survives a power cut when a file is written: `file` is its content, but not yet its name."""

_FLAGS: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_NOT_A_FILE = "is a pipe or a device; put a file there"
_ELSEWHERE = "write to another folder (--runs-dir, --output, or the path of FILE)"
_ADVICE = {
    errno.ENOSPC: f"free some space there, or {_ELSEWHERE}",
    errno.EDQUOT: f"free some of your quota there, or {_ELSEWHERE}",
    errno.EACCES: f"change the permissions there, or {_ELSEWHERE}",
    errno.EPERM: f"change the permissions there, or {_ELSEWHERE}",
    errno.EROFS: _ELSEWHERE,
}


class NotAFileError(OSError):
    """The path is a pipe or a device, not a file. Opening a pipe could block for ever."""


def open_file(path: Path, flags: int) -> int:
    """Open a file and return its descriptor. Raises OSError for a symbolic link or a folder, and its subclass
    `NotAFileError` for a pipe or a device.
    """
    try:
        descriptor = os.open(path, flags | _FLAGS, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe without a reader
            raise NotAFileError from error
        raise
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise NotAFileError


def write_bytes(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write the whole file; raises `MachineError` if it cannot be written.

    Without `sync` it survives a kill, but a power cut may leave it empty or torn.
    """
    try:
        _replace(path, [content], sync="all" if sync else "nothing")
    except OSError as error:
        raise cannot_write(path, error) from error


def write_text(path: Path, text: str) -> None:
    r"""Write the whole file in UTF-8; a lone surrogate, which UTF-8 cannot encode, is written as `\udcff`."""
    write_lines(path, [text])


def write_text_and_delete(path: Path, text: str, obsolete: Iterable[Path]) -> None:
    """Write the file as `write_text` does; delete obsolete files and folders just before replacing it.

    Even after a kill, the new content never coexists with an obsolete file. Everything slow, or that fails on
    a full disk, is done before the deletion.
    """

    def delete_obsolete() -> None:
        for outdated in obsolete:
            delete_file(outdated)
            delete_folder(outdated)

    try:
        _replace(path, [_encoded(text)], before=delete_obsolete)
    except OSError as error:
        raise cannot_write(path, error) from error


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write the file as `write_text` does, from pieces that are generated while writing.

    If `lines` raises an exception, the file is left unchanged.
    """
    try:
        _replace(path, map(_encoded, lines))
    except OSError as error:
        raise cannot_write(path, error) from error


def write_files(folder: Path, files: Iterable[tuple[str, Iterable[str] | Iterable[bytes]]]) -> None:
    """Write several files of a folder, given as pairs of a name and the pieces of its content.

    Each is written as `write_lines` does, but their names are synced together, which takes less time: after a
    power cut any of them may be missing. A name may begin with a folder, which is made.
    """
    folders: set[Path] = set()
    for name, pieces in files:
        path = folder / name
        try:
            if path.parent not in {folder, *folders}:
                make_folder(path.parent)
            _replace(path, _as_bytes(pieces), sync="file")
        except OSError as error:
            raise cannot_write(path, error) from error
        folders.add(path.parent)
    for written in folders:
        try:
            sync_folder(written)
        except OSError as error:
            raise cannot_write(written, error) from error


def write_output(path: Path, pieces: Iterable[str] | Iterable[bytes]) -> None:
    """Write a file that the user named. Devices and pipes are written to directly.

    If `pieces` raises an exception, a regular file is left unchanged. Raises `UsageError` as
    `refuse_output` does.
    """
    refuse_output(path)
    encoded = _as_bytes(pieces)
    try:
        if path.is_file() or not path.exists():
            _replace(path.resolve(), encoded)
        else:
            with path.open("wb") as device:
                device.writelines(encoded)
    except OSError as error:
        raise cannot_write(path, error) from error


def refuse_output(path: Path) -> None:
    """Raise `UsageError` if `write_output` would refuse the path: a folder, a file of a run, or `-`."""
    if path == Path("-"):  # elsewhere a standard stream
        raise UsageError("'-' is not a file here; name one, such as /dev/stdout")
    try:
        if path.is_dir():
            raise UsageError(f"'{path}' is a folder; name a file")
        _refuse_file_of_a_run(path)
        if not path.parent.is_dir():
            raise UsageError(f"'{path}' cannot be written: there is no folder '{path.parent}'")
    except OSError as error:
        raise cannot_write(path, error) from error


def _refuse_file_of_a_run(path: Path) -> None:
    """Raise `UsageError` if a run has or may get this file; links are followed.

    Other names, such as that of a report, may be used in a run's folder.
    """
    target = path.resolve()
    run = next((folder for folder in target.parents if _is_run(folder)), None)
    if run and is_name_of_run(target.relative_to(run).parts[0]):
        raise UsageError(f"'{path}' is a file of the run {run}, which is not overwritten; name another file")


def _is_run(folder: Path) -> bool:
    """Whether the folder has fnnctl's manifest; other programs use the name, too.

    A manifest that cannot be read belongs to a run if the folder has its configs.
    """
    manifest = None
    with suppress(FnnctlError, ValueError, RecursionError):
        manifest = json.loads(read_bytes(folder / MANIFEST) or b"")
    if isinstance(manifest, dict):
        return {"layout", "kind"} <= manifest.keys()
    return (folder / MANIFEST).exists() and any((folder / name).exists() for name in (CONFIG, RESOLVED))


def refuse_existing(path: Path) -> None:
    """Raise `UsageError` if a new file that the user named cannot be written."""
    if not path.parent.is_dir():
        raise UsageError(f"'{path}' cannot be written: there is no folder '{path.parent}'")
    _refuse_file_of_a_run(path)
    if os.path.lexists(path):
        raise _exists(path)


def write_new(path: Path, text: str) -> None:
    """Write a new file that the user named; raises `UsageError` if it exists."""
    refuse_existing(path)
    try:
        _write(path, [_encoded(text)], _appear)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise cannot_write(path, error) from error


def write_new_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder that the user named, with files by their paths in it; it appears by a single rename.

    The folder around it is made if necessary. Raises `UsageError` if the folder exists, or could be a run's.
    """
    _refuse_file_of_a_run(path)
    if os.path.lexists(path):
        raise UsageError(f"'{path}' already exists and is not overwritten; name another folder")
    hidden = path.with_name(temporary_file_name(path.name))
    try:
        make_folder(path.parent)
        make_folder(hidden, sync=False)
        write_files(hidden, [(name, [content]) for name, content in files.items()])
        hidden.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _exists(path: Path) -> UsageError:
    return UsageError(f"'{path}' already exists and is not overwritten; name another file")


def read_bytes(path: Path) -> bytes | None:
    """The file's content; None if there is no such file.

    Raises `DataError` for a symbolic link, which could point anywhere, and for anything that is not a file,
    and `MachineError` if reading fails.
    """
    return _read(path, lambda file: file.read())


def read_sha256(path: Path) -> str | None:
    """The SHA-256 of the file's content, which is not held in memory; see `read_bytes`."""
    return _read(path, lambda file: hashlib.file_digest(file, "sha256").hexdigest())


def _read(path: Path, read: Callable[[BufferedReader | BytesIO], T]) -> T | None:
    try:
        if (volume := memory_volume(path)) is not None:
            content = volume.read(path)
            return None if content is None else read(BytesIO(content))
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            return read(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise damaged(path, "is a symbolic link; replace it with the file itself") from error
        raise cannot_read(path, error) from error


def _replace(
    path: Path, pieces: Iterable[bytes], *, before: Callable[[], None] = lambda: None, sync: _Sync = "all"
) -> None:
    """Write the whole file, and call `before` just before it replaces the former one."""
    if (volume := memory_volume(path)) is not None:
        content = b"".join(pieces)
        before()
        volume.write(path, content)
        return

    def replace(temporary: Path, path: Path) -> None:
        before()
        temporary.replace(path)

    _write(path, pieces, replace, sync=sync)


def _write(
    path: Path, pieces: Iterable[bytes], put_in_place: Callable[[Path, Path], None], *, sync: _Sync = "all"
) -> None:
    """Write under a temporary name and sync; `put_in_place` then gives the file its own name."""
    temporary = path.with_name(temporary_file_name(path.name))
    try:
        with temporary.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            if sync != "nothing":
                os.fsync(file.fileno())
        put_in_place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    if sync == "all":
        sync_folder(path.parent)


def _appear(temporary: Path, path: Path) -> None:
    """Give the file its name; raises FileExistsError if it is taken. (A rename would overwrite.)"""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # no hard links here: an empty file reserves the name
        path.open("xb").close()
        try:
            temporary.replace(path)
        except OSError:
            path.unlink()
            raise


def _as_bytes(pieces: Iterable[str] | Iterable[bytes]) -> Iterator[bytes]:
    return (piece if isinstance(piece, bytes) else _encoded(piece) for piece in pieces)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def damaged(path: Path, message: str) -> DataError:
    """The error for a file with content that fnnctl cannot have written."""
    return DataError(Problem(message, file=str(path)))


def cannot_read(path: Path, error: OSError) -> FnnctlError:
    """The error for a read that failed."""
    if isinstance(error, NotAFileError):
        return damaged(path, _NOT_A_FILE)
    return MachineError(f"{path} cannot be read: {error.strerror}")


def cannot_write(path: Path, error: OSError) -> FnnctlError:
    """The error for a write that failed, with advice for the common reasons."""
    if isinstance(error, NotAFileError):
        return damaged(path, _NOT_A_FILE)
    advice = _ADVICE.get(error.errno or 0)
    return MachineError(f"{path} cannot be written: {error.strerror}" + (f"; {advice}" if advice else ""))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in the system's folder for temporary files; it is deleted at the end of the block."""
    with TemporaryDirectory(prefix="fnnctl-", ignore_cleanup_errors=True) as name:
        yield Path(name)


class GrowingFile:
    """An open file that is written at its end. All methods raise OSError."""

    def __init__(self, path: Path) -> None:
        """Open the file; it is created if it does not exist."""
        self._descriptor = open_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def size(self) -> int:
        """The file's length in bytes."""
        return os.fstat(self._descriptor).st_size

    def cut(self, size: int) -> None:
        """Remove everything after the first `size` bytes."""
        os.truncate(self._descriptor, size)

    def append(self, content: bytes) -> None:
        """Write everything, even if the system writes only a part at a time."""
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        """Make sure that what was written survives a power cut."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class _GrowingMemory(GrowingFile):
    """A file in memory."""

    def __init__(self, content: bytearray) -> None:
        self._content = content

    def size(self) -> int:
        return len(self._content)

    def cut(self, size: int) -> None:
        del self._content[size:]

    def append(self, content: bytes) -> None:
        self._content += content

    def sync(self) -> None: ...

    def close(self) -> None: ...


def open_to_append(path: Path) -> GrowingFile:
    """Open a file that is written at its end, and created if it does not exist; raises OSError."""
    volume = memory_volume(path)
    return GrowingFile(path) if volume is None else _GrowingMemory(volume.open(path))


def append_bytes(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Open the file, append to it, and close it; raises OSError."""
    with closing(open_to_append(path)) as file:
        file.append(content)
        if sync:
            file.sync()

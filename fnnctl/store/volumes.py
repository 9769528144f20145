"""Where the files of runs are: on the disk or, for a Python program that names no folder, in memory.

A run in memory is written and read by the same functions as a run on the disk. Its path begins with `memory:`
and the number of its volume; this module does with such a path what the file system does with another one.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from fnnctl.errors import MachineError

_FIRST_PART: Final = "memory:"
_NO_FOLDER_SYNC: Final = frozenset(
    (
        errno.EINVAL,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.EBADF,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
    )
)
"""The errors by which systems and file systems say that they do not sync folders, or not this one."""
_numbers = itertools.count(1)
_volumes: WeakValueDictionary[str, MemoryVolume] = WeakValueDictionary()


class MemoryVolume:
    """Files in memory. They are gone with the last reference to this object.

    A copy, also one by pickle or in another process, has another root.
    """

    def __init__(self) -> None:
        number = str(next(_numbers))
        self.root: Final = Path(_FIRST_PART, number)
        self._files: dict[Path, bytearray] = {}
        self._folders: set[Path] = {self.root}
        _volumes[number] = self

    def __reduce__(self) -> tuple[Any, ...]:
        files = {path.relative_to(self.root): bytes(content) for path, content in self._files.items()}
        inside = [path for path in self._folders if path.is_relative_to(self.root)]
        return _restored, (files, [path.relative_to(self.root) for path in inside])

    def read(self, path: Path) -> bytes | None:
        """A file's content; None if there is no such file."""
        content = self._files.get(path)
        return None if content is None else bytes(content)

    def open(self, path: Path) -> bytearray:
        """A file's content, to be changed in place; a new file is empty."""
        if path.parent not in self._folders:
            raise FileNotFoundError(f"there is no folder {path.parent}")
        return self._files.setdefault(path, bytearray())

    def write(self, path: Path, content: bytes) -> None:
        """Write the whole file."""
        self.open(path)[:] = content

    def make_folder(self, path: Path, *, exist_ok: bool = True) -> None:
        """Make a folder and those that it is in; raises FileExistsError as the disk does."""
        if path in self._files or (path in self._folders and not exist_ok):
            raise _existing(path)
        self._folders |= {path, *path.parents}

    def exists(self, path: Path) -> bool:
        """Whether there is such a file or folder."""
        return path in self._files or path in self._folders

    def entries(self, folder: Path) -> list[Path]:
        """The files and folders directly in a folder, in the order of their names."""
        return sorted(path for path in (*self._files, *self._folders) if path.parent == folder)

    def is_file(self, path: Path) -> bool:
        """Whether there is a file of this name."""
        return path in self._files

    def delete(self, path: Path) -> None:
        """Delete a file, or a folder with its content; nothing happens if there is none."""
        for inner in list(self._below(path)):
            self._files.pop(inner, None)
            self._folders.discard(inner)

    def rename(self, path: Path, new_path: Path) -> None:
        """Give a file or a folder another name; raises FileExistsError if a folder's new name is taken."""
        if path in self._folders and self.exists(new_path):
            raise _existing(new_path)
        for inner in list(self._below(path)):
            moved = new_path / inner.relative_to(path)
            if inner in self._folders:
                self._folders.remove(inner)
                self._folders.add(moved)
            else:
                self._files[moved] = self._files.pop(inner)

    def _below(self, path: Path) -> Iterator[Path]:
        return (inner for inner in (*self._files, *self._folders) if inner.is_relative_to(path))


def _existing(path: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _restored(files: Mapping[Path, bytes], folders: Iterable[Path]) -> MemoryVolume:
    """A new volume with these files and folders, whose paths are relative to its root."""
    volume = MemoryVolume()
    for folder in folders:
        volume.make_folder(volume.root / folder)
    for path, content in files.items():
        volume.write(volume.root / path, content)
    return volume


def memory_volume(path: Path) -> MemoryVolume | None:
    """The volume that a path is on; None for a path on the disk.

    Raises `MachineError` if the volume is gone.
    """
    if not is_in_memory(path) or len(path.parts) < 2:
        return None
    volume = _volumes.get(path.parts[1])
    if volume is None:
        raise MachineError(f"{path} was in memory, and is gone with the run that held it")
    return volume


def is_in_memory(path: Path) -> bool:
    """Whether a path is that of a run in memory, which no command can name."""
    return path.parts[:1] == (_FIRST_PART,)


def exists(path: Path) -> bool:
    """Whether there is such a file or folder."""
    volume = memory_volume(path)
    return path.exists() if volume is None else volume.exists(path)


def make_folder(path: Path, *, exist_ok: bool = True, sync: bool = True) -> None:
    """Make a folder and those that it is in; raises OSError.

    All names of new ones survive a power cut, unless `sync` is False.
    """
    volume = memory_volume(path)
    if volume is not None:
        volume.make_folder(path, exist_ok=exist_ok)
        return
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=exist_ok)
    for folder in new if sync else ():
        sync_folder(folder.parent)


def files_in(folder: Path, pattern: str = "*") -> list[Path]:
    """The files of a folder whose names match, in the order of their names; none if there is no folder."""
    volume = memory_volume(folder)
    if volume is None:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    return [
        path for path in volume.entries(folder) if volume.is_file(path) and fnmatchcase(path.name, pattern)
    ]


def folders_in(folder: Path, pattern: str = "*") -> list[Path]:
    """The folders in a folder whose names match, in the order of their names."""
    volume = memory_volume(folder)
    if volume is None:
        return sorted(path for path in folder.glob(pattern) if path.is_dir())
    return [
        path
        for path in volume.entries(folder)
        if not volume.is_file(path) and fnmatchcase(path.name, pattern)
    ]


def delete_file(path: Path) -> None:
    """Delete a file; one that cannot be deleted, or does not exist, stays as it is."""
    volume = memory_volume(path)
    if volume is not None:
        volume.delete(path)
        return
    with suppress(OSError):
        path.unlink()


def delete_folder(path: Path) -> None:
    """Delete a folder with its content, as far as it can be deleted."""
    volume = memory_volume(path)
    if volume is None:
        shutil.rmtree(path, ignore_errors=True)
    else:
        volume.delete(path)


def rename(path: Path, new_path: Path) -> Path:
    """Give a file or folder another name; return it. Raises OSError."""
    volume = memory_volume(path)
    if volume is None:
        return path.rename(new_path)
    volume.rename(path, new_path)
    return new_path


def sync_folder(path: Path) -> None:
    """Make names inside a folder survive a power cut, if the system can do so. Raises OSError."""
    if memory_volume(path) is not None:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:  # if it cannot, each file is still complete
            raise


def copy_to_disk(path: Path, new_path: Path, *, leave_out: str) -> None:
    """Copy a folder with its content to a new folder on the disk, without the files of one name.

    The copy survives a power cut. Raises OSError.
    """
    volume = memory_volume(path)
    new_path.mkdir()
    for entry in files_in(path):
        if entry.name == leave_out:
            continue
        content = entry.open("rb") if volume is None else io.BytesIO(volume.read(entry) or b"")
        with content as source, (new_path / entry.name).open("wb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
    for folder in folders_in(path):
        copy_to_disk(folder, new_path / folder.name, leave_out=leave_out)
    sync_folder(new_path)

"""The disk below a folder: whether it can be written, how full it is, and whether it is on a network."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from fnnctl.store.lock import has_locks

NETWORK_TYPES: Final = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph-fuse", "fuse.gcsfuse", "fuse.glusterfs",
     "fuse.juicefs", "fuse.mount-s3", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs",
     "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs"}
)  # fmt: skip
"""File systems of other machines, or of the host of a virtual one."""
_MOUNTS: Final = Path("/proc/self/mountinfo")
_PLACE: Final = 4
"""Which word of a line is the place of the mount."""
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
"""A blank in it, such as `\\040`."""
_CONTENT: Final = b"fnnctl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk of a folder, or of the folder in which it would be made."""

    folder: Path
    """The one that exists."""
    failure: str | None
    """Why no file can be written there; None if one can."""
    has_locks: bool | None
    """None if that is unknown, as nothing can be written."""
    free_bytes: int | None
    """For a user without special rights; None if unknown, or if the file system has no size."""
    file_system: str | None
    """The type of its file system, such as `ext4`; None if unknown."""
    is_network: bool
    """Whether the file system is known to be one of another machine, while the system itself is on a disk."""


def disk_of(folder: Path) -> Disk:
    """Look at a folder's disk; a file is written there and deleted again. Nothing is raised."""
    existing = _existing(folder)
    failure, locks = _try_to_write(existing)
    mount, file_system = _mount_and_type(existing)
    return Disk(
        folder=existing,
        failure=failure,
        has_locks=locks,
        free_bytes=_free_bytes(existing),
        file_system=file_system,
        is_network=file_system in NETWORK_TYPES and mount != "/",
    )


def _existing(folder: Path) -> Path:
    """The folder, or the innermost one around it that exists; a broken link counts as one."""
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps symbolic links
    return next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)


def _try_to_write(folder: Path) -> tuple[str | None, bool | None]:
    try:
        with NamedTemporaryFile(dir=folder, prefix=".fnnctl-") as file:
            file.write(_CONTENT)
            file.flush()
            os.fsync(file.fileno())
            return None, has_locks(file.fileno())
    except OSError as error:
        return error.strerror or str(error), None


def _free_bytes(folder: Path) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        numbers = os.statvfs(folder)
    except OSError:
        return None
    return (
        numbers.f_bavail * numbers.f_frsize if numbers.f_blocks else None
    )  # such as /proc, which has no size


def _mount_and_type(folder: Path) -> tuple[str | None, str | None]:
    """Where a folder's file system is mounted, and its type, from Linux's table; None if unknown.

    It is the innermost mount around the folder, and the last one there. Numbers of devices do not tell: those
    of a subvolume of Btrfs are not in the table.
    """
    try:
        path = folder.resolve()
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None, None
    mounts: dict[str, str] = {}
    for line in lines:
        first, _, last = line.partition(" - ")
        words = first.split()
        if len(words) > _PLACE and last:
            mounts[_ESCAPED.sub(lambda match: chr(int(match[1], 8)), words[_PLACE])] = last.split()[0]
    mount = next((str(outer) for outer in (path, *path.parents) if str(outer) in mounts), None)
    return mount, mounts.get(mount or "")

"""Removes run folders: first renamed to a hidden name, so that a half-removed run is never listed.

Nothing outside the runs folder is touched: a symbolic link, in place of a run or inside one, is not followed.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from fnnctl.errors import UsageError
from fnnctl.store import names
from fnnctl.store.atomic import cannot_read, cannot_write
from fnnctl.store.lock import HeldError, is_held, release, take_over_lock
from fnnctl.store.volumes import sync_folder

STALE_SECONDS: Final = 3600.0
"""A hidden folder that has not changed for so long is not that of a command that is just starting."""


def is_in_progress(path: Path) -> bool:
    """Whether a process works on the run, even on one that was complete before.

    False where the system has no locks: then only the manifest's status says so, see `RunEntry.alive`.
    """
    return is_held(path / names.LOCK, if_unknown=False)


def folder_bytes(path: Path) -> int:
    """The size of the files in a folder and the folders inside it, in bytes; 0 for what cannot be read."""
    total = 0
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    total += folder_bytes(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def remove_run(path: Path) -> None:
    """Remove the folder of a run that has ended.

    Does nothing if it is gone. Raises `UsageError` if a process works on it or it is a symbolic link, and
    `MachineError` if it cannot be removed; what is left of it is then hidden, and `leftovers` finds it.
    """
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link, which is not followed")
    try:
        lock = take_over_lock(path / names.LOCK)
    except HeldError as error:
        raise UsageError(f"the run {path} is still running {error.where}") from error
    except FileNotFoundError:  # another command has removed it
        return
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        hidden = path.with_name(names.removed_folder_name())
        path.rename(hidden)
        sync_folder(path.parent)
        shutil.rmtree(hidden)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        release(lock)


def leftovers(runs_dir: Path) -> list[Path]:
    """Hidden folders of commands that were killed before their run appeared, or while they removed one."""
    patterns = (names.HIDDEN_FOLDER_PATTERN, names.REMOVED_FOLDER_PATTERN)
    try:
        hidden = sorted(path for pattern in patterns for path in runs_dir.glob(pattern))
        return [path for path in hidden if _is_stale(path)]
    except OSError as error:
        raise cannot_read(runs_dir, error) from error


def remove_leftover(path: Path) -> None:
    """Remove one of `leftovers`; raises `MachineError` if it cannot be removed."""
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def _is_stale(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir() or is_in_progress(path):
        return False
    return time.time() - path.stat().st_mtime > STALE_SECONDS

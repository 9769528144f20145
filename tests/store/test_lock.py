from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fnnctl.store.atomic import NotAFileError
from fnnctl.store.lock import NO_LOCK, HeldError, has_locks, hold_lock, is_held, take_over_lock
from tests.store.faults import failing, lowest_free_descriptor

fcntl = pytest.importorskip("fcntl")

HOLDER = """
import signal, sys
from pathlib import Path
from fnnctl.store.lock import hold_lock
hold_lock(Path(sys.argv[1]))
print("held", flush=True)
signal.pause()
"""


def test_a_lock_is_held_until_it_is_closed(tmp_path: Path) -> None:
    """It moves with its folder."""
    (tmp_path / "hidden").mkdir()
    assert is_held(tmp_path / "hidden" / ".lock") is False
    descriptor = hold_lock(tmp_path / "hidden" / ".lock")
    (tmp_path / "hidden").rename(tmp_path / "seen")
    assert is_held(tmp_path / "seen" / ".lock")
    os.close(descriptor)
    assert not is_held(tmp_path / "seen" / ".lock")


def test_a_pipe_is_no_lock(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".lock")
    assert not is_held(tmp_path / ".lock")
    with pytest.raises(NotAFileError):
        take_over_lock(tmp_path / ".lock")


def test_where_locks_do_not_work_a_run_is_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", failing(errno.ENOLCK))
    os.close(hold_lock(tmp_path / ".lock"))
    assert is_held(tmp_path / ".lock")


def test_a_lock_that_was_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HeldError) as refused:
            take_over_lock(path)
        assert refused.value.holder == str(holder.pid)
        holder.kill()
    assert not is_held(path)
    descriptor = take_over_lock(path)
    assert path.read_text() == f"{os.getpid()}\n"
    assert is_held(path)
    os.close(descriptor)


def test_a_lock_that_is_refused_leaves_no_file_open(tmp_path: Path) -> None:
    held = hold_lock(tmp_path / ".lock")
    free = lowest_free_descriptor()
    with pytest.raises(HeldError):
        take_over_lock(tmp_path / ".lock", tries=1)
    assert lowest_free_descriptor() == free
    os.close(held)


def test_windows_has_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose lock is there counts as running, except where that is unknown."""
    monkeypatch.setattr(sys, "platform", "win32")
    assert not has_locks(0)
    assert not is_held(tmp_path / ".lock")
    (tmp_path / ".lock").touch()
    assert is_held(tmp_path / ".lock")
    assert not is_held(tmp_path / ".lock", if_unknown=False)


def test_what_stands_for_a_lock_in_memory_is_no_files_descriptor() -> None:
    assert NO_LOCK < 0


def test_checking_a_lock_does_not_refuse_others(tmp_path: Path) -> None:
    """`is_held` holds the lock for an instant; taking it over waits for that."""
    path = tmp_path / ".lock"
    os.close(hold_lock(path))
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    timer = threading.Timer(0.05, os.close, [looking])
    timer.start()
    os.close(take_over_lock(path))
    timer.join()


def test_a_lock_whose_holder_cannot_be_written_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").touch()
    with monkeypatch.context() as full:
        full.setattr(os, "write", failing(errno.ENOSPC))
        with pytest.raises(OSError, match="No space left"):
            take_over_lock(tmp_path / "lock")
    assert not is_held(tmp_path / "lock")


def test_a_lock_is_not_taken_over_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="symbolic links"):
        take_over_lock(tmp_path / ".lock")
    assert (tmp_path / "outside").read_text() == "mine"

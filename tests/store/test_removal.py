from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.errors import MachineError, UsageError
from fnnctl.store.lock import hold_lock, release
from fnnctl.store.removal import (
    STALE_SECONDS,
    folder_bytes,
    is_in_progress,
    leftovers,
    remove_leftover,
    remove_run,
)
from fnnctl.store.run import OpenRun
from tests.store.faults import failing


def test_a_run_that_has_ended_is_removed(start_run: Callable[[str], OpenRun]) -> None:
    run, other = start_run("iris"), start_run("wine")
    (run.path / "best").mkdir()
    (run.path / "best" / "a.txt").write_text("a")
    run.let_go()
    for _ in range(2):  # the second time it is gone
        remove_run(run.path)
        assert [*other.path.parent.iterdir()] == [other.path]


def test_a_removed_run_stays_removed_after_a_power_cut(
    start_run: Callable[[str], OpenRun], synced: list[int]
) -> None:
    run = start_run("iris")
    run.let_go()
    synced.clear()
    remove_run(run.path)
    assert run.path.parent.stat().st_ino in synced


def test_a_folder_that_cannot_be_searched_for_leftovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "glob", failing(errno.EACCES))
    with pytest.raises(MachineError, match="cannot be read: Permission denied"):
        leftovers(tmp_path)


def test_a_run_in_progress_stays(start_run: Callable[[str], OpenRun]) -> None:
    run = start_run("iris")
    assert is_in_progress(run.path)
    files = sorted(run.path.iterdir())
    with pytest.raises(UsageError, match=f"iris-.* is still running in process {os.getpid()}"):
        remove_run(run.path)
    assert sorted(run.path.iterdir()) == files
    run.let_go()
    assert not is_in_progress(run.path)


def test_links_are_not_followed(tmp_path: Path, start_run: Callable[[str], OpenRun]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    run = start_run("iris")
    run.let_go()
    (run.path / "link").symlink_to(outside)
    (run.path / "file").symlink_to(outside / "kept.txt")
    link = run.path.with_name("link")
    link.symlink_to(outside)
    with pytest.raises(UsageError, match="is a symbolic link, which is not followed"):
        remove_run(link)
    remove_run(run.path)
    assert (outside / "kept.txt").read_text() == "kept"
    assert link.is_symlink()


def test_what_cannot_be_removed_is_reported_and_hidden(
    start_run: Callable[[str], OpenRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run("iris")
    run.let_go()

    def fail(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fnnctl.store.removal.shutil.rmtree", fail)
    with pytest.raises(MachineError, match="cannot be written: Permission denied"):
        remove_run(run.path)
    (hidden,) = run.path.parent.iterdir()
    assert hidden.name.startswith(".removed-")
    monkeypatch.undo()
    age(hidden)
    assert leftovers(run.path.parent) == [hidden]
    remove_leftover(hidden)
    assert leftovers(run.path.parent) == []


def age(path: Path) -> None:
    before = time.time() - 2 * STALE_SECONDS
    os.utime(path, (before, before))


def test_leftovers_are_old_and_nobodys(tmp_path: Path) -> None:
    for name in (".new-old", ".new-young", ".new-alive", ".other", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / ".new-link").symlink_to(tmp_path / "run")
    (tmp_path / ".new-file").write_text("")
    lock = hold_lock(tmp_path / ".new-alive" / ".lock")
    for path in tmp_path.iterdir():
        if path.name != ".new-young":
            age(path)
    assert [path.name for path in leftovers(tmp_path)] == [".new-old"]
    release(lock)
    assert leftovers(tmp_path / "nowhere") == []


def test_the_size_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "b").write_bytes(b"123")
    before = folder_bytes(tmp_path)
    assert before == 8
    (tmp_path / "link").symlink_to(tmp_path / "inside")
    assert folder_bytes(tmp_path) == before + len(str(tmp_path / "inside"))
    assert folder_bytes(tmp_path / "nowhere") == 0

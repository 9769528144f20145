from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fnnctl.store import disk
from fnnctl.store.disk import disk_of
from tests.store.faults import failing

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the table of mounts is Linux's")


def write_mounts(file: Path, folder: Path, mount: str, type_: str) -> None:
    """A table of mounts in which a folder's device has this type."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    devices = "20 1 0:5 / /dev rw - devtmpfs devtmpfs rw"
    file.write_text(f"{devices}\n21 1 {number} / {mount} rw shared:1 - {type_} server:/x rw\n")


def test_a_folder_that_can_be_written(tmp_path: Path) -> None:
    facts = disk_of(tmp_path / "runs" / "mine")
    assert (facts.folder, facts.failure) == (tmp_path, None)
    assert facts.has_locks is (sys.platform != "win32")
    assert facts.free_bytes is None or facts.free_bytes > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
def test_a_file_or_a_broken_link_in_place_of_the_folder(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "runs")
    facts = disk_of(tmp_path / "runs")
    assert (facts.folder, facts.has_locks) == (tmp_path / "runs", None)
    assert facts.failure in {os.strerror(errno.ENOTDIR), os.strerror(errno.ENOENT)}


def test_a_disk_that_fails_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    assert disk_of(tmp_path).failure == os.strerror(errno.ENOSPC)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.store.lock.fcntl.flock", failing(errno.ENOLCK), raising=False)
    facts = disk_of(tmp_path)
    assert (facts.failure, facts.has_locks) == (None, False)


@linux
@pytest.mark.parametrize(
    ("type_", "mount", "is_network"),
    [("nfs4", "/home", True), ("ext4", "/home", False), ("9p", "/mnt/c", True), ("9p", "/", False)],
)
def test_file_systems_of_other_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_: str, mount: str, is_network: bool
) -> None:
    """A machine whose system itself is on a network has no disk that would be better."""
    mounts = tmp_path / "mountinfo"
    write_mounts(mounts, tmp_path, mount, type_)
    monkeypatch.setattr(disk, "_MOUNTS", mounts)
    facts = disk_of(tmp_path)
    assert (facts.file_system, facts.is_network) == (type_, is_network)


def test_without_a_table_of_mounts_the_type_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_MOUNTS", tmp_path / "no such file")
    facts = disk_of(tmp_path)
    assert (facts.file_system, facts.is_network, facts.failure) == (None, False, None)

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from fnnctl.store import disk
from fnnctl.store.disk import disk_of
from tests.store.faults import failing

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the table of mounts is Linux's")


def write_mounts(file: Path, *mounts: tuple[Path, str]) -> None:
    """A table of mounts: places and types."""
    lines = [f"20 1 0:5 / {place} rw shared:1 - {type_} server:/x rw\n" for place, type_ in mounts]
    file.write_text("".join(lines).replace("my data", r"my\040data"))


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
    pytest.importorskip("fcntl")
    monkeypatch.setattr("fcntl.flock", failing(errno.ENOLCK))
    facts = disk_of(tmp_path)
    assert (facts.failure, facts.has_locks) == (None, False)


@linux
@pytest.mark.parametrize(
    ("type_", "mount", "is_network"),
    [
        ("nfs4", "my data", True),
        ("ext4", "my data", False),
        ("9p", "my data/runs", True),
        ("9p", "/", False),
        ("nfs4", "my", False),
    ],
)
def test_file_systems_of_other_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_: str, mount: str, is_network: bool
) -> None:
    """A machine whose system itself is on a network has no disk that would be better."""
    runs = tmp_path / "my data" / "runs"
    runs.mkdir(parents=True)
    mounts = tmp_path / "mountinfo"
    write_mounts(mounts, (Path("/"), "overlay"), (tmp_path / mount, type_), (Path("/dev"), "nfs"))
    monkeypatch.setattr(disk, "_MOUNTS", mounts)
    facts = disk_of(runs)
    assert (facts.file_system, facts.is_network) == ("overlay" if mount == "my" else type_, is_network)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no statvfs")
def test_free_bytes_are_those_of_a_user_without_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = SimpleNamespace(f_blocks=10, f_bfree=5, f_bavail=3, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: numbers)
    assert disk_of(tmp_path).free_bytes == 3 * 4096


def test_the_content_has_left_the_program_when_the_disk_is_asked_to_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    disk_of(tmp_path)
    assert sizes[0] > 0


@linux
def test_a_file_system_without_a_size_is_not_full() -> None:
    assert disk_of(Path("/proc/fnnctl")).free_bytes is None


def test_without_a_table_of_mounts_the_type_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_MOUNTS", tmp_path / "no such file")
    facts = disk_of(tmp_path)
    assert (facts.file_system, facts.is_network, facts.failure) == (None, False, None)

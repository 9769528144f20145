from __future__ import annotations

import errno
import gc
import os
import pickle
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fnnctl.errors import MachineError, UsageError
from fnnctl.store.atomic import (
    append_bytes,
    read_bytes,
    read_sha256,
    write_bytes,
    write_files,
    write_text,
    write_text_and_delete,
)
from fnnctl.store.folder import RunFolder
from fnnctl.store.journal import JournalFile, read_journal
from fnnctl.store.run import OpenRun, create_run, open_run, save_run
from fnnctl.store.volumes import (
    MemoryVolume,
    delete_folder,
    exists,
    files_in,
    folders_in,
    is_in_memory,
    make_folder,
    memory_volume,
    rename,
    sync_folder,
)
from tests.store.faults import failing


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder of each kind."""
    volume = MemoryVolume()
    yield tmp_path if request.param == "disk" else volume.root
    volume.delete(volume.root)


def test_files_are_written_read_renamed_and_deleted(folder: Path) -> None:
    make_folder(folder / "a" / "b")
    write_bytes(folder / "a" / "one.npz", b"1")
    write_bytes(folder / "a" / "b" / "two.txt", b"2")
    append_bytes(folder / "a" / "b" / "two.txt", b"3")
    assert read_bytes(folder / "a" / "b" / "two.txt") == b"23"
    assert read_sha256(folder / "a" / "one.npz") == read_sha256(folder / "a" / "one.npz") is not None
    assert files_in(folder / "a") == [folder / "a" / "one.npz"]
    assert files_in(folder / "a", "*.txt") == []
    assert folders_in(folder / "a") == [folder / "a" / "b"]
    assert rename(folder / "a", folder / "c") == folder / "c"
    assert not exists(folder / "a")
    assert read_bytes(folder / "a" / "one.npz") is None
    assert read_bytes(folder / "c" / "b" / "two.txt") == b"23"
    delete_folder(folder / "c")
    assert not exists(folder / "c" / "b")
    with pytest.raises(Exception, match="cannot be written"):
        write_bytes(folder / "c" / "a", b"1")
    assert files_in(folder / "c") == []


def test_a_name_is_taken_once(folder: Path) -> None:
    for name in ("a", "b"):
        make_folder(folder / name)
        write_bytes(folder / name / "file", name.encode())
    make_folder(folder / "a")
    with pytest.raises(FileExistsError):
        make_folder(folder / "a", exist_ok=False)
    with pytest.raises(FileExistsError):
        make_folder(folder / "a" / "file")
    with pytest.raises(OSError, match=r"exists|not empty"):
        rename(folder / "a", folder / "b")
    assert read_bytes(folder / "a" / "file") == b"a"
    assert read_bytes(folder / "b" / "file") == b"b"
    rename(folder / "a" / "file", folder / "b" / "file")
    assert read_bytes(folder / "b" / "file") == b"a"


def test_a_run_in_progress_is_not_saved(tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", name="a run", kind="train", manifest={})
    with pytest.raises(UsageError, match="is still running: save it when it has ended"):
        save_run(RunFolder(run.path), tmp_path / "kept")
    run.finish("completed", {"total": 1.0, "training": None})
    saved = save_run(RunFolder(run.path), tmp_path / "kept")
    assert sorted(path.name for path in saved.path.iterdir()) == ["manifest.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "runs"]


def test_obsolete_files_are_gone_with_the_new_content(folder: Path) -> None:
    make_folder(folder / "folds")
    write_bytes(folder / "folds" / "1.npz", b"1")
    write_bytes(folder / "checkpoint", b"1")
    write_text_and_delete(folder / "manifest", "new", (folder / "folds", folder / "checkpoint"))
    assert files_in(folder) == [folder / "manifest"]
    assert not exists(folder / "folds")


def test_a_journal_grows_and_loses_its_torn_end(folder: Path) -> None:
    path = folder / "journal.jsonl"
    with closing(JournalFile(path)) as journal:
        journal.append([{"record": "a"}, {"record": "b"}])
    append_bytes(path, b'{"record":"torn')
    with closing(JournalFile(path)) as journal:
        assert journal.records == [{"record": "a"}, {"record": "b"}]
        assert journal.torn == len(b'{"record":"torn')
        journal.append([{"record": "c"}])
    assert read_journal(path) == [{"record": "a"}, {"record": "b"}, {"record": "c"}]


def test_a_run_appears_ends_and_is_replaced(folder: Path) -> None:
    run = create_run(folder, name="a run", kind="train", manifest={}, config=b"seed: 1\n", folder="best")
    assert RunFolder(run.path).read_manifest().status == "running"
    assert open_run_is_refused(run) is not is_in_memory(folder)
    run.finish("completed", {"total": 1.0, "training": None})
    assert RunFolder(run.path).read_manifest().status == "completed"
    create_run(folder, name="another", kind="train", manifest={}, folder="best").let_go()
    assert RunFolder(folder / "best").read_manifest().name == "another"
    assert folders_in(folder, ".*") == []


def open_run_is_refused(run: OpenRun) -> bool:
    """Whether another process could not take the run over; a run in memory has no other process."""
    try:
        other = open_run(RunFolder(run.path))
    except UsageError:
        return True
    return other is None


def test_a_saved_run_has_all_files_and_replaces_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(folder, name="a run", kind="train", manifest={}, config=b"seed: 1\n")
    inner = create_run(run.path, name="inner", kind="train", manifest={}, folder="best")
    inner.finish("completed", {"total": 1.0, "training": None})
    run.finish("completed", {"total": 1.0, "training": None})
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    saved = save_run(RunFolder(run.path), tmp_path / "somewhere" / "kept")
    assert len(synced) == 3 + 2 + 1 + 1  # files, folders, the new folder around them, and the one around it
    assert saved.read_config() == b"seed: 1\n"
    winner = saved.winner()
    assert winner is not None
    assert winner.read_manifest().name == "inner"
    assert [path.name for path in (tmp_path / "somewhere").iterdir()] == ["kept"]
    with pytest.raises(UsageError, match="already exists"):
        save_run(RunFolder(run.path), tmp_path / "somewhere" / "kept")


def test_a_volume_is_copied_with_folders_inside_folders() -> None:
    volume = MemoryVolume()
    for name in ("a/b/c", "a/b", "d"):
        volume.make_folder(volume.root / name)
    volume.write(volume.root / "a" / "b" / "file", b"1")
    copy = pickle.loads(pickle.dumps(volume))
    assert copy.read(copy.root / "a" / "b" / "file") == b"1"
    assert [path.name for path in copy.entries(copy.root)] == ["a", "d"]


def test_files_are_gone_with_their_volume() -> None:
    volume = MemoryVolume()
    path = volume.root / "a"
    write_bytes(path, b"1")
    other = MemoryVolume()
    assert memory_volume(path) is volume
    assert read_bytes(other.root / "a") is None
    del volume
    gc.collect()
    with pytest.raises(Exception, match="was in memory, and is gone"):
        read_bytes(path)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EACCES])
def test_where_folders_cannot_be_synced_names_are_kept_by_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    sync_folder(tmp_path)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_names_that_a_disk_has_not_kept_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Wherever something is written: nobody is told that it is safe."""

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / "runs").mkdir()
    (tmp_path / "run").mkdir()
    for write in (
        lambda: write_text(tmp_path / "run" / "a", "text"),
        lambda: write_files(tmp_path / "run", [("b", ["text"])]),
        lambda: JournalFile(tmp_path / "run" / "journal.jsonl"),
        lambda: create_run(tmp_path / "runs", name="x", kind="train", manifest={}),
    ):
        with pytest.raises(MachineError, match=f"cannot be written: {os.strerror(number)}"):
            write()


def test_new_folders_survive_a_power_cut(synced: list[int], tmp_path: Path) -> None:
    """A folder's name is in the folder around it; of those that exist, no name is new."""
    (tmp_path / "a").mkdir()
    make_folder(tmp_path / "a" / "b" / "c")
    assert {*synced} == {folder.stat().st_ino for folder in (tmp_path / "a", tmp_path / "a" / "b")}
    synced.clear()
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "d", sync=False)
    assert synced == []

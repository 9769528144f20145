"""A run's folder is taken over only from a process that has ended."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from fnnctl.errors import MachineError, UsageError
from fnnctl.store.folder import RunFolder
from fnnctl.store.lock import take_over_lock
from fnnctl.store.run import OpenRun, open_run


def test_open_run_takes_over_what_was_left(run: OpenRun) -> None:
    for name in (".model.npz.0123abcd.tmp", ".manifest.json.4567ef01.tmp"):
        (run.path / name).write_bytes(b"half")
    run.finish("interrupted", {"total": 1.5, "training": 1.0})
    opened = open_run(RunFolder(run.path))
    assert opened is not None
    assert opened.is_alive()
    assert opened.read_manifest().status == "interrupted"
    assert sorted(path.name for path in run.path.iterdir()) == [
        ".lock",
        "config.yaml",
        "manifest.json",
        "resolved.yaml",
    ]
    opened.let_go()
    assert not RunFolder(run.path).is_alive()


def test_open_run_leaves_a_living_run_alone(run: OpenRun) -> None:
    (run.path / ".model.npz.0123abcd.tmp").write_bytes(b"half")
    with pytest.raises(
        UsageError, match=f"is still running in process {os.getpid()}: wait for it, or stop it"
    ):
        open_run(RunFolder(run.path))
    assert (run.path / ".model.npz.0123abcd.tmp").exists()


def test_open_run_leaves_a_complete_run_alone(run: OpenRun) -> None:
    run.finish("completed", {"total": 1.5, "training": 1.0})
    before = {path.name: path.stat().st_mtime_ns for path in run.path.iterdir()}
    assert open_run(RunFolder(run.path)) is None
    assert {path.name: path.stat().st_mtime_ns for path in run.path.iterdir()} == before


def test_open_run_finds_a_run_that_ends_meanwhile(run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process ends between the first reading of the manifest and the lock."""

    def end_first(path: Path) -> int:
        run.finish("completed", {"total": 1.5, "training": 1.0})
        return take_over_lock(path)

    monkeypatch.setattr("fnnctl.store.run.take_over_lock", end_first)
    assert open_run(RunFolder(run.path)) is None
    assert not run.is_alive()


def test_open_run_reports_a_folder_that_cannot_be_written(
    run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.finish("interrupted", {"total": 1.5, "training": 1.0})

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("fnnctl.store.run.take_over_lock", refuse)
    with pytest.raises(MachineError, match="cannot be written: Permission denied"):
        open_run(RunFolder(run.path))

"""Whatever changes files is recorded, also past `store`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.power_cuts.disk import Trace, files_below
from tests.power_cuts.recording import Recorder, record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the recorder is that of POSIX")


def change_everything(folder: Path) -> None:
    """Changes of every kind, by `pathlib`, `shutil`, `open` and `os`."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "text").write_text("ä\n" * 9000, encoding="utf-8")
    (folder / "a" / "b" / "bytes").write_bytes(b"1")
    with (folder / "a" / "text").open("a", encoding="utf-8") as file:
        file.write("more")
    with open(folder / "plus", "wb+") as file:  # noqa: PTH123
        file.write(b"12345")
        file.seek(1)
        file.write(b"x")
        file.truncate(4)
    (folder / "link").hardlink_to(folder / "plus")
    (folder / "next").write_bytes(b"next")
    (folder / "next").replace(folder / "a" / ".." / "link")
    (folder / "empty").touch()
    os.truncate(folder / "kept", 2)
    descriptor = os.open(folder / "empty", os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b"appended")
    os.fsync(descriptor)
    os.close(descriptor)
    shutil.copytree(folder / "a", folder / "copy")
    (folder / "a").rename(folder / "renamed")
    (folder / "renamed" / "b" / "bytes").unlink()
    (folder / "renamed" / "b").rmdir()
    shutil.rmtree(folder / "removed")


def test_the_record_makes_the_same_disk(tmp_path: Path) -> None:
    (tmp_path / "removed" / "inner").mkdir(parents=True)
    for name in ("kept", "removed/file", "removed/inner/file"):
        (tmp_path / name).write_text("before")
    recorder = Recorder(tmp_path)
    with recorder.recording():
        change_everything(tmp_path)
    files = files_below(tmp_path)
    assert Trace(recorder.before, tuple(recorder.operations), 0).end() == files
    assert files["empty"] == b"appended"
    assert "removed" not in files


def test_what_changes_unseen_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the files of another process."""

    def run(arguments: object) -> int:
        os.system("touch unseen")
        return 0

    monkeypatch.setattr("tests.power_cuts.recording.run", run)
    with pytest.raises(AssertionError, match="changed past the recorder"):
        record(tmp_path, ["runs"])

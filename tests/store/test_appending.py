from __future__ import annotations

import os
from pathlib import Path

import pytest

from fnnctl.store.appending import append_bytes, write_all


def test_appends_to_a_file_that_need_not_be_there(tmp_path: Path) -> None:
    append_bytes(tmp_path / "a", b"one\n")
    append_bytes(tmp_path / "a", b"two\n", sync=True)
    assert (tmp_path / "a").read_bytes() == b"one\ntwo\n"


def test_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        append_bytes(tmp_path / "a", b"one\n")
    assert not (tmp_path / "elsewhere").exists()


def test_writes_everything_though_the_system_takes_little_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    descriptor = os.open(tmp_path / "a", os.O_WRONLY | os.O_CREAT)
    write_all(descriptor, b"a longer text")
    os.close(descriptor)
    assert (tmp_path / "a").read_bytes() == b"a longer text"

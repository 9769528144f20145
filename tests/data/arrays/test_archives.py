"""The arrays of a source, and its digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from tests.data.arrays.saving import X, Y, fault, load, save


def test_an_array_alone_and_a_folder_without_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "empty").mkdir()
    assert "this is a single array, but X and y are needed" in fault(tmp_path, "X.npy")
    assert "empty: there is no file X.npy; a data folder contains X.npy and y.npy" in fault(tmp_path, "empty")


def test_a_pipe_in_a_folder_is_no_array(tmp_path: Path) -> None:
    save(tmp_path, "folder", {"y": Y})
    os.mkfifo(tmp_path / "folder" / "X.npy")
    assert "folder: there is no file X.npy" in fault(tmp_path)


class TestDigests:
    def test_a_folders_is_that_of_what_sha256sum_prints(self, tmp_path: Path) -> None:
        dataset = load(tmp_path, arrays={"X": X, "y": Y, "other": Y})
        lines = "".join(
            f"{hashlib.sha256((tmp_path / 'folder' / name).read_bytes()).hexdigest()}  {name}\n"
            for name in ("X.npy", "y.npy")
        )
        assert dataset.sha256 == hashlib.sha256(lines.encode()).hexdigest()
        assert load(tmp_path, sha256=dataset.sha256).sha256 == dataset.sha256
        save(tmp_path, "folder", {"y": Y[::-1] + 1})
        assert "folder has changed: its SHA-256 is now" in fault(tmp_path, sha256=dataset.sha256)

    def test_an_archives_is_that_of_its_bytes(self, tmp_path: Path) -> None:
        dataset = load(tmp_path, "data.npz", {"X": X, "y": Y})
        assert dataset.sha256 == hashlib.sha256((tmp_path / "data.npz").read_bytes()).hexdigest()
